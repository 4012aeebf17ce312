/** Dates are whole days since 1970-01-01, so that ages and intervals are subtractions. */
export type Day = number;

/** Day number of a proleptic Gregorian date; months and days may overflow as in Date.UTC. */
export function dayOf(year: number, month: number, date: number): Day {
  return Math.floor(Date.UTC(year, month - 1, date) / 86_400_000);
}

export interface CivilDate {
  year: number;
  month: number;
  date: number;
}

/** Inverse of {@link dayOf} (Howard Hinnant, chrono-compatible date algorithms). */
export function civil(day: Day): CivilDate {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, date: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

export function yearOf(day: Day): number {
  return civil(day).year;
}

export function pad(n: number, width: number): string {
  return String(n).padStart(width, '0');
}

/** yyyyMMdd */
export function compact(day: Day): string {
  const { year, month, date } = civil(day);
  return `${year}${pad(month, 2)}${pad(date, 2)}`;
}

/** yyyy-MM-dd */
export function dashed(day: Day): string {
  const { year, month, date } = civil(day);
  return `${year}-${pad(month, 2)}-${pad(date, 2)}`;
}

/** Full years between two days. */
export function ageAt(birth: Day, day: Day): number {
  const b = civil(birth);
  const d = civil(day);
  return d.year - b.year - (d.month < b.month || (d.month === b.month && d.date < b.date) ? 1 : 0);
}

/** Parses yyyy-MM-dd; undefined when it is no such date. */
export function parseDashed(text: string): Day | undefined {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!m) return undefined;
  const day = dayOf(Number(m[1]), Number(m[2]), Number(m[3]));
  return dashed(day) === text ? day : undefined;
}
