import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#libs/platform/logger';
import { Rng } from '#libs/synthetic/random';
import { everydayChange } from '#libs/synthetic/simulators/everyday-changes';
import type { Simulator } from '#libs/synthetic/simulators/simulator';

/** One change that an office made in its own system. */
export interface DemoChange {
  at: Date;
  system: string;
  /** Columns, never values. */
  columns: string[];
}

const SHORTEST_PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 5000;
/** Of many offices' changes, how many a visitor sees. */
const KEPT = 6;
/** Systems that give out files do so every so many changes of theirs: a file for each would be no file system. */
const CHANGES_A_FILE = 3;

/** Keeps small changes happening in the systems, so that a visitor sees life. Each leaves the way its system's changes leave. */
export class DemoLife {
  /** The newest last. */
  readonly changes: DemoChange[] = [];
  private readonly rng = new Rng(`life/${Date.now()}`);
  private readonly changed = new Map<string, number>();

  constructor(private readonly simulators: readonly Simulator[], private readonly logger: Logger) {}

  /** Until the signal. A change that a system refuses is logged and the next one follows. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.rng.between(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const simulator = this.rng.pick(this.simulators);
      await this.changeOne(simulator).catch((error: unknown) => this.logger.warn('demo.changeRefused', { system: simulator.system }, error));
    }
  }

  private async changeOne(simulator: Simulator): Promise<void> {
    const keys = await simulator.keys();
    if (keys.length < 2) return;
    const key = this.rng.pick(keys);
    const [row, other] = await Promise.all([simulator.record(key), simulator.record(this.rng.pick(keys))]);
    const patch = everydayChange(simulator.system, row ?? {}, other ?? {}, this.rng);
    if (Object.keys(patch).length === 0) return;
    await simulator.change(key, patch);
    const times = (this.changed.get(simulator.system) ?? 0) + 1;
    this.changed.set(simulator.system, times);
    if (times % CHANGES_A_FILE === 1) await simulator.publish();
    this.changes.push({ at: new Date(), system: simulator.system, columns: Object.keys(patch) });
    if (this.changes.length > KEPT) this.changes.shift();
  }
}
