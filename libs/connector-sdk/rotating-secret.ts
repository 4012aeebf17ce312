import { createHash, timingSafeEqual } from 'node:crypto';

/** Behind the name of a secret, the name of the value that is about to replace it. */
const NEXT = '_NEXT';

/**
 * A secret shared with a system, which may have two values while it is being changed: `<NAME>_NEXT` holds the new one until both
 * sides have it. What comes in is believed with either; what goes out is tried with the newer first and, when the system refuses
 * that, with the older. So neither side has to change at the same moment.
 */
export class RotatingSecret {
  /** Which value the system took last. */
  private at = 0;

  /** Newest first; at least one. */
  constructor(readonly values: readonly string[]) {}

  /** The secret of this name in the environment; undefined when it lacks it (a new value alone is none). */
  static find(secret: (name: string) => string | undefined, name: string): RotatingSecret | undefined {
    const current = secret(name);
    if (current === undefined) return undefined;
    const next = secret(name + NEXT);
    return new RotatingSecret(next === undefined || next === current ? [current] : [next, current]);
  }

  /** Does something with the value that works: when `refused` says that the answer is a refusal of the value, the other is tried once. */
  async use<T>(work: (value: string) => Promise<T>, refused: (answer: T) => boolean): Promise<T> {
    const first = this.at;
    let answer = await work(this.values[first]!);
    for (let n = 1; n < this.values.length && refused(answer); n++) {
      const at = (first + n) % this.values.length;
      answer = await work(this.values[at]!);
      if (!refused(answer)) this.at = at;
    }
    return answer;
  }

  /** Whether a value that was given equals one of these; takes the same time whichever it is. */
  includes(given: string): boolean {
    const digest = sha256(given);
    return this.values.map((v) => timingSafeEqual(sha256(v), digest)).includes(true);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
