import { YiciError } from '#libs/kernel/errors';

/** The row of a key. Throws YICI_SIMULATOR_UNKNOWN_KEY, in the system's words, when there is none. */
export function known<T>(row: T | undefined, message: string): T {
  if (row !== undefined) return row;
  throw new YiciError({ code: 'YICI_SIMULATOR_UNKNOWN_KEY', stage: 'serving', message });
}

/** Why a system does not take what its own office, or the hub, gives it. */
export function refused(message: string): YiciError {
  return new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message });
}
