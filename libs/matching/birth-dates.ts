import type { PartialDate } from '#libs/model/values';
import { lunarReading } from './lunar-reading.js';

/** A date as the number yyyymmdd; month and day are 00 where unknown. 0: no date. */
export type DateNumber = number;

/** Levels of the comparison `birthDate`, in the order of the model. */
export const BIRTH = { missing: 0, same: 1, slip: 2, lunar: 3, swapped: 4, typo: 5, month: 6, year: 7, near: 8, different: 9 } as const;

export function dateNumber(d: PartialDate | undefined): DateNumber {
  if (d === undefined) return 0;
  const year = Number(d.date.slice(0, 4));
  if (!(year >= 1880 && year <= 2200)) return 0;
  if (d.precision === 'year' || d.suspectedDefault === true) return year * 10000;
  const month = Number(d.date.slice(5, 7));
  if (d.precision === 'month') return year * 10000 + month * 100;
  return year * 10000 + month * 100 + Number(d.date.slice(8, 10));
}

const CUMULATIVE = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Days since a fixed day, for telling neighbours apart; proleptic Gregorian. */
function dayNumber(n: DateNumber): number {
  const y = Math.trunc(n / 10000);
  const m = Math.trunc(n / 100) % 100;
  const leap = m > 2 && (y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0)) ? 1 : 0;
  const before = y - 1;
  return before * 365 + Math.trunc(before / 4) - Math.trunc(before / 100) + Math.trunc(before / 400) + (CUMULATIVE[m] ?? 0) + leap + (n % 100);
}

/**
 * Level of agreement of two dates. `slippable`: one of them came from a timestamp and may be a day off.
 * `typo` is one wrong digit or two neighbours swapped; `near` shares year and month, or month and day with the year close by.
 */
export function compareDates(a: DateNumber, b: DateNumber, slippable: boolean): number {
  if (a === 0 || b === 0) return BIRTH.missing;
  if (a === b) return a % 10000 === 0 ? BIRTH.year : a % 100 === 0 ? BIRTH.month : BIRTH.same;
  const ya = Math.trunc(a / 10000);
  const yb = Math.trunc(b / 10000);
  const ma = Math.trunc(a / 100) % 100;
  const mb = Math.trunc(b / 100) % 100;
  if (ma === 0 || mb === 0) return ya === yb ? BIRTH.year : Math.abs(ya - yb) <= 1 ? BIRTH.near : BIRTH.different;
  const da = a % 100;
  const db = b % 100;
  if (da === 0 || db === 0) return ya === yb && ma === mb ? BIRTH.month : ya === yb ? BIRTH.near : BIRTH.different;
  if (slippable && Math.abs(dayNumber(a) - dayNumber(b)) === 1) return BIRTH.slip;
  if (ya === yb && ma === db && mb === da) return BIRTH.swapped;
  if (oneDigitOff(a, b)) return BIRTH.typo;
  // A lunar date lies 17 to 52 days before the Gregorian one.
  const apart = Math.abs(dayNumber(a) - dayNumber(b));
  if (apart >= 17 && apart <= 52 && (lunarReading(a) === b || lunarReading(b) === a)) return BIRTH.lunar;
  if ((ya === yb && (ma === mb || da === db)) || (ma === mb && da === db && Math.abs(ya - yb) <= 3)) return BIRTH.near;
  return BIRTH.different;
}

function oneDigitOff(a: number, b: number): boolean {
  let differing = 0;
  let first = 0;
  let last = 0;
  let x = a;
  let y = b;
  for (let place = 1; x > 0 || y > 0; place++) {
    if (x % 10 !== y % 10) {
      differing += 1;
      if (differing === 1) first = place;
      last = place;
    }
    x = Math.trunc(x / 10);
    y = Math.trunc(y / 10);
  }
  if (differing === 1) return true;
  if (differing !== 2 || last - first !== 1) return false;
  const p = 10 ** (first - 1);
  const digit = (n: number, q: number): number => Math.trunc(n / q) % 10;
  return digit(a, p) === digit(b, p * 10) && digit(a, p * 10) === digit(b, p);
}
