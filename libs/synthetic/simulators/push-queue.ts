import type { Rng } from '../random.js';
import { signedHeaders, type Hmac } from './signature.js';
import type { SimulatorLog } from './simulator-log.js';

export interface PushOptions {
  /** Base URL of the hub. */
  hubUrl: string;
  path: string;
  secret: string;
  hmac: Hmac;
  /** Share of rows that are held back and sent after later ones; share of batches sent twice. */
  disorder: number;
  log: SimulatorLog;
}

const MAX_ITEMS = 200;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;

/** Pushes changed rows to the hub in arrays of 1–200, in order as a rule, late and twice now and then; retries until the hub takes them. What the hub refuses for good is kept and named. */
export class PushQueue {
  /** Batches the hub refused with a 4xx. */
  readonly refused: { status: number; items: number }[] = [];
  pushed = 0;
  private readonly waiting: object[] = [];
  private readonly late: object[] = [];
  private running: Promise<void> | undefined;
  private stopped = false;
  private readonly cancel = new AbortController();

  constructor(private readonly options: PushOptions, private readonly rng: Rng) {}

  add(rows: readonly object[]): void {
    for (const row of rows) (this.rng.chance(this.options.disorder) ? this.late : this.waiting).push(structuredClone(row));
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.running) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel.abort();
    await this.drained();
  }

  private async run(): Promise<void> {
    // Rows that change together leave together.
    await this.pause(20);
    while (!this.stopped && this.waiting.length + this.late.length > 0) {
      if (this.waiting.length === 0) this.waiting.push(...this.rng.shuffle(this.late.splice(0)));
      const batch = this.waiting.splice(0, MAX_ITEMS);
      const body = Buffer.from(JSON.stringify(batch));
      await this.deliver(body, batch.length);
      if (this.rng.chance(this.options.disorder)) await this.deliver(body, batch.length);
    }
  }

  private async deliver(body: Buffer, items: number): Promise<void> {
    const { options } = this;
    for (let wait = FIRST_RETRY_MS; !this.stopped; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      const status = await this.post(body);
      if (status >= 200 && status < 300) {
        this.pushed += items;
        return;
      }
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        this.refused.push({ status, items });
        options.log('push-refused', { status, items });
        return;
      }
      options.log('push-retried', { status, items });
      await this.pause(wait);
    }
  }

  private async post(body: Buffer): Promise<number> {
    const { hubUrl, path, secret, hmac } = this.options;
    try {
      const response = await fetch(new URL(path, hubUrl), {
        method: 'POST', body: new Uint8Array(body), signal: AbortSignal.any([this.cancel.signal, AbortSignal.timeout(15_000)]),
        headers: { 'Content-Type': 'application/json', ...signedHeaders(hmac, secret, body, Date.now()) },
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  private async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.cancel.signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.cancel.signal.addEventListener('abort', end);
    });
  }
}
