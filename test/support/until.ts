import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until it holds; returns what was seen. The limit is no measure, only an end. */
export async function until<T>(look: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 100_000; ;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`waited too long; last: ${JSON.stringify(value)?.slice(0, 500)}`);
    await sleep(100);
  }
}
