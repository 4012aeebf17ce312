import type { Rng } from '../random.js';
import type { FaultKind } from './faults.js';
import { signedHeaders, type Hmac } from './signature.js';
import type { SimulatorLog } from './simulator-log.js';

export interface PushOptions {
  /** Base URL of the hub. */
  hubUrl: string;
  path: string;
  secret: string;
  hmac: Hmac;
  /** Bearer token that goes with the signature. */
  token?: string;
  /** Share of rows that are held back and sent after later ones; share of batches sent twice. */
  disorder: number;
  /** How rows become a body; a JSON array of them when absent. */
  render?(rows: readonly object[]): { type: string; body: Buffer };
  /** The fault that shapes the pushes just now: `replay`, `out-of-order`. */
  fault?(): FaultKind | undefined;
  log: SimulatorLog;
}

/** A request as it left: sent again, it is a replay to the byte. */
interface Sent {
  body: Buffer;
  headers: Record<string, string>;
}

const MAX_ITEMS = 200;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
/** Requests that a replay sends again. */
const REMEMBERED = 20;

/** Pushes changed rows to the hub in arrays of 1–200, in order as a rule, late and twice now and then; retries until the hub takes them. What the hub refuses for good is kept and named. */
export class PushQueue {
  /** Batches the hub refused with a 4xx. */
  readonly refused: { status: number; items: number }[] = [];
  pushed = 0;
  /** Requests that were sent once more, unchanged, with the hub's answers. */
  readonly replayed: number[] = [];
  private readonly waiting: object[] = [];
  private readonly late: object[] = [];
  private readonly sent: Sent[] = [];
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

  /** Sends what was sent lately once more, to the byte and under its old signature. */
  async replay(): Promise<void> {
    for (const sent of [...this.sent]) this.replayed.push(await this.post(sent));
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
      if (this.options.fault?.() === 'out-of-order') this.waiting.reverse();
      const batch = this.waiting.splice(0, MAX_ITEMS);
      const { type, body } = this.options.render?.(batch) ?? { type: 'application/json', body: Buffer.from(JSON.stringify(batch)) };
      await this.deliver(type, body, batch.length);
      if (this.rng.chance(this.options.disorder)) await this.deliver(type, body, batch.length);
      if (this.options.fault?.() === 'replay') await this.replay();
    }
  }

  private async deliver(type: string, body: Buffer, items: number): Promise<void> {
    const { options } = this;
    for (let wait = FIRST_RETRY_MS; !this.stopped; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      const sent: Sent = {
        body, headers: { 'Content-Type': type, ...(options.token !== undefined && { Authorization: `Bearer ${options.token}` }), ...signedHeaders(options.hmac, options.secret, body, Date.now()) },
      };
      const status = await this.post(sent);
      if (status >= 200 && status < 300) {
        this.pushed += items;
        this.sent.push(sent);
        if (this.sent.length > REMEMBERED) this.sent.shift();
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

  private async post({ body, headers }: Sent): Promise<number> {
    const { hubUrl, path } = this.options;
    try {
      const response = await fetch(new URL(path, hubUrl), {
        method: 'POST', body: new Uint8Array(body), signal: AbortSignal.any([this.cancel.signal, AbortSignal.timeout(15_000)]), headers,
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
