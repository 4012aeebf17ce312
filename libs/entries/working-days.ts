const DAY_MS = 24 * 3600_000;

/**
 * The day that lies `days` working days after a day (`yyyy-mm-dd`), which itself does not count. Monday to Friday work, unless
 * `exceptions` says otherwise of a day: public holidays, and the weekends worked for them (调休).
 */
export function afterWorkingDays(from: string, days: number, exceptions: ReadonlyMap<string, boolean>): string {
  let at = Date.parse(`${from}T00:00:00Z`);
  for (let left = days; left > 0;) {
    at += DAY_MS;
    const day = new Date(at).toISOString().slice(0, 10);
    if (exceptions.get(day) ?? ![0, 6].includes(new Date(at).getUTCDay())) left -= 1;
  }
  return new Date(at).toISOString().slice(0, 10);
}
