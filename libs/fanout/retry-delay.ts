const FIRST_MS = 500;
const LONGEST_MS = 10 * 60_000;

/**
 * Milliseconds until the next attempt: doubles from half a second up to ten minutes, each time with full jitter in its upper
 * half, so that targets that failed together are not asked together again. `attempts` made so far, from 1; `random` in [0, 1).
 */
export function retryDelay(attempts: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
