import { setImmediate } from 'node:timers/promises';

interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * One turn of work at a time: what comes while a turn runs waits for its end and is then done together with what came
 * meanwhile. No timer waits for company: the first turn begins when the events at hand are worked off, so that a dozen who hear of
 * one thing at one moment are one turn, and what comes alone is done at once. When a turn of several fails, each is done alone:
 * one that is poisoned fails for itself, so `work` must have no effect when it rejects.
 */
export class InTurn<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private running = false;

  /** `choose`: which of those that wait, in the order they came, make up the next turn; at least one. */
  constructor(private readonly choose: (waiting: readonly T[]) => readonly T[], private readonly work: (items: readonly T[]) => Promise<R>) {}

  /** Resolves with the result of the turn that the item was part of. */
  do(item: T): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    this.running = true;
    await setImmediate();
    while (this.waiting.length > 0) {
      const chosen = new Set(this.choose(this.waiting.map((w) => w.item)));
      const turn = this.waiting.filter((w) => chosen.has(w.item));
      this.waiting = this.waiting.filter((w) => !chosen.has(w.item));
      await this.turn(turn);
    }
    this.running = false;
  }

  private async turn(turn: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const result = await this.work(turn.map((w) => w.item));
      for (const w of turn) w.resolve(result);
    } catch (error) {
      if (turn.length === 1) turn[0]!.reject(error);
      else for (const w of turn) await this.turn([w]);
    }
  }
}
