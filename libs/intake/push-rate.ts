import type { Clock } from '#libs/kernel/clock';

const MINUTE_MS = 60_000;

/** How many requests a system may send: a bucket of one minute's requests, filled evenly. In the memory of one process. */
export class PushRate {
  private readonly buckets = new Map<string, { left: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  /** Takes one request from the system's bucket; returns 0, or the seconds until there is one again. */
  take(system: string, perMinute: number): number {
    const now = this.clock.now();
    const before = this.buckets.get(system) ?? { left: perMinute, at: now };
    const left = Math.min(perMinute, before.left + ((now - before.at) * perMinute) / MINUTE_MS);
    this.buckets.set(system, { left: left < 1 ? left : left - 1, at: now });
    return left < 1 ? Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1000) : 0;
  }
}
