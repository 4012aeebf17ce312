import { Lunar, LunarMonth } from 'lunar-typescript';
import type { PartialDate } from '#libs/model/values';

const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
/** Nobody alive or on file was born before, and no register writes a later year: outside, a year is a typing error. */
const FIRST_YEAR = 1850;
const LAST_YEAR = 2100;

export function isPlausibleYear(year: number): boolean {
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

/** True for a day of the Gregorian calendar in a plausible year (1850–2100). */
export function isRealDate(year: number, month: number, day: number): boolean {
  if (!isPlausibleYear(year) || !(month >= 1 && month <= 12) || !(day >= 1)) return false;
  if (month === 2 && day === 29) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= (DAYS[month] ?? 0);
}

/** `yyyy-mm-dd` from numbers. */
export function isoDate(year: number, month: number, day: number): string {
  return `${year}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`;
}

/**
 * The Gregorian day of a lunar date (农历, no leap month), or undefined when that lunar month has no such day.
 * Source: the tables of lunar-typescript (寿星万年历).
 */
export function lunarToGregorian(date: PartialDate | string): PartialDate | undefined {
  const text = typeof date === 'string' ? date : date.date;
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const days = LunarMonth.fromYm(year, month)?.getDayCount() ?? 0;
  if (day < 1 || day > days) return undefined;
  const solar = Lunar.fromYmd(year, month, day).getSolar();
  return { date: isoDate(solar.getYear(), solar.getMonth(), solar.getDay()), precision: 'day', calendar: 'gregorian' };
}
