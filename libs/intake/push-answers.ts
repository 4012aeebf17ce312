import { sha256Hex } from '#libs/kernel/hashing';
import { YiciError } from '#libs/kernel/errors';

const MOST_KEYS = 10_000;
/** Beyond this an `Idempotency-Key` is no key. */
const LONGEST_KEY = 200;

/**
 * What was answered to requests with an `Idempotency-Key`, so that a sender whose answer was lost gets the same one. Bounded, in the
 * memory of one process: beyond it a repeated request is taken once more, to no effect.
 */
export class PushAnswers<T> {
  private readonly answers = new Map<string, { body: string; answer: T }>();

  constructor(private readonly most = MOST_KEYS) {}

  /**
   * The answer that was given to this key; undefined when it is new. Throws YICI_PUSH_KEY_REUSED when the key came with another
   * body, YICI_PUSH_KEY_MALFORMED when it is too long.
   */
  find(door: string, key: string, body: Uint8Array): T | undefined {
    if (key.length > LONGEST_KEY) throw refused('YICI_PUSH_KEY_MALFORMED', `The Idempotency-Key is longer than ${LONGEST_KEY} characters.`, 'Send a UUID.');
    const known = this.answers.get(nameOf(door, key));
    if (known === undefined) return undefined;
    if (known.body !== sha256Hex(body)) throw refused('YICI_PUSH_KEY_REUSED', 'This Idempotency-Key came with another body before.', 'Give each body a key of its own.');
    return known.answer;
  }

  keep(door: string, key: string, body: Uint8Array, answer: T): void {
    for (const oldest of this.answers.keys()) {
      if (this.answers.size < this.most) break;
      this.answers.delete(oldest);
    }
    this.answers.set(nameOf(door, key), { body: sha256Hex(body), answer });
  }
}

function nameOf(door: string, key: string): string {
  return `${door} ${key}`;
}

function refused(code: string, message: string, fix: string): YiciError {
  return new YiciError({ code, stage: 'receiving', message, fix });
}
