import type { FanoutStore } from './fanout-store.js';

/** How a dead letter of the sending stage names its delivery. */
const ORIGIN = 'delivery:';

/** Sends again what a target refused, after its cause was mended. */
export class Replays {
  constructor(private readonly store: FanoutStore) {}

  /** The target whose delivery is due again; undefined when the letter is not of the sending stage. Harmless to repeat. */
  async replay(deadLetterId: string): Promise<string | undefined> {
    return this.store.unitOfWork.run(async (tx) => {
      const letter = await this.store.deadLetters.find(tx, deadLetterId);
      if (letter === undefined || letter.stage !== 'sending' || !letter.origin.source.startsWith(ORIGIN)) return undefined;
      await this.store.deliveries.release(tx, { id: letter.origin.source.slice(ORIGIN.length) });
      await this.store.deadLetters.markReplayed(tx, deadLetterId);
      return letter.system;
    });
  }
}
