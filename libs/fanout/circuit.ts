import type { Clock } from '#libs/kernel/clock';

const OPENS_AFTER = 5;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Keeps a target that does not answer from being asked for every waiting delivery: after five failed calls in a row it is left
 * alone for a while, then one call tries it. One circuit a target, so a dead system delays only itself.
 */
export class Circuit {
  private failures = 0;
  private closedUntil = 0;

  constructor(private readonly clock: Clock) {}

  /** Milliseconds to wait before the next call may be tried; 0: now. */
  waitMs(): number {
    return Math.max(0, this.closedUntil - this.clock.now());
  }

  succeeded(): void {
    this.failures = 0;
    this.closedUntil = 0;
  }

  failed(): void {
    this.failures += 1;
    if (this.failures < OPENS_AFTER) return;
    this.closedUntil = this.clock.now() + Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(this.failures - OPENS_AFTER, 10));
  }
}
