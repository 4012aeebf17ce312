import { setTimeout as sleep } from 'node:timers/promises';

/** No measure, only an end. */
const LIMIT_MS = 200_000;

/** Looks again and again until it holds; returns what was seen. The error at the end says `what` was waited for. */
export async function until(look: () => Promise<boolean> | boolean): Promise<boolean>;
export async function until<T>(look: () => Promise<T> | T, holds: (value: T) => boolean, what?: string): Promise<T>;
export async function until<T>(look: () => Promise<T> | T, holds: (value: T) => boolean = Boolean, what = 'it'): Promise<T> {
  for (const end = Date.now() + LIMIT_MS; ; await sleep(10)) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`waited too long: ${what}; last: ${JSON.stringify(value)?.slice(0, 500)}`);
  }
}
