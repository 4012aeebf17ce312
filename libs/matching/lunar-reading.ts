import { Lunar } from 'lunar-typescript';
import type { DateNumber } from './birth-dates.js';

/** First day of a lunar month as days since 1970, and its length; by year·100 + month. Memoised: one conversion takes 100 µs. */
const months = new Map<number, { first: number; days: number } | undefined>();
const DAY = 86_400_000;

/** The Gregorian date (yyyymmdd) of a date that was really a lunar one; 0 when that month lacks the day. Leap months are not told apart. */
export function lunarReading(date: DateNumber): DateNumber {
  const day = date % 100;
  const yearMonth = Math.trunc(date / 100);
  if (day === 0 || day > 30) return 0;
  if (!months.has(yearMonth)) months.set(yearMonth, monthOf(yearMonth));
  const month = months.get(yearMonth);
  if (month === undefined || day > month.days) return 0;
  const d = new Date((month.first + day - 1) * DAY);
  return d.getUTCFullYear() * 10000 + (d.getUTCMonth() + 1) * 100 + d.getUTCDate();
}

function monthOf(yearMonth: number): { first: number; days: number } | undefined {
  const year = Math.trunc(yearMonth / 100);
  const month = yearMonth % 100;
  const first = firstDay(year, month);
  if (first === undefined) return undefined;
  try {
    Lunar.fromYmd(year, month, 30);
    return { first, days: 30 };
  } catch {
    // The library refuses the 30th of a month of 29 days.
    return { first, days: 29 };
  }
}

function firstDay(year: number, month: number): number | undefined {
  try {
    const solar = Lunar.fromYmd(year, month, 1).getSolar();
    return Date.UTC(solar.getYear(), solar.getMonth() - 1, solar.getDay()) / DAY;
  } catch {
    return undefined;
  }
}
