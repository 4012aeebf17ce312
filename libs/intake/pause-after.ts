const LONGEST_PAUSE_MS = 60_000;

/**
 * Milliseconds until a system is asked again: as agreed, and after failures in a row with growing pauses, a minute at most. So a system
 * that is asked once a day is not given up for a day.
 */
export function pauseAfter(failures: number, everyMs: number): number {
  return failures === 0 ? everyMs : Math.min(LONGEST_PAUSE_MS, everyMs * 2 ** Math.min(failures - 1, 10));
}
