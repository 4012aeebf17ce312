import { randomBytes } from 'node:crypto';
import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';

/** Long enough to walk from the terminal to the browser, short enough to be worthless when found later. */
const CODE_SECONDS = 600;

/**
 * Codes that sign one account in once, within ten minutes. Only this process can make one: there is no request that does,
 * and none is ever stored. Kept by digest, so that a heap dump shows none.
 */
export class OneTimeCodes {
  private readonly codes = new Map<string, { username: string; until: number }>();

  constructor(private readonly clock: Clock) {}

  /** 32 random bytes, base64url. */
  issue(username: string): string {
    const now = this.clock.now();
    for (const [digest, { until }] of this.codes) if (until <= now) this.codes.delete(digest);
    const code = randomBytes(32).toString('base64url');
    this.codes.set(sha256Hex(code), { username, until: now + CODE_SECONDS * 1000 });
    return code;
  }

  /** The user name the code was made for, and the code is gone; undefined when it is unknown, used or too old. */
  take(code: string): string | undefined {
    const digest = sha256Hex(code);
    const found = this.codes.get(digest);
    this.codes.delete(digest);
    return found !== undefined && found.until > this.clock.now() ? found.username : undefined;
  }
}
