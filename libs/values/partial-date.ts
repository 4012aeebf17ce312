import type { PartialDate } from '#libs/model/values';
import { isoDate, isPlausibleYear, isRealDate } from './calendar.js';
import { foldText } from './text-folding.js';

/**
 * How a source writes a date. `yyyy.MM` also takes a day; `excelSerial` is the 1900 date system; `epochMillisShanghai` is
 * local midnight in milliseconds; `any` decides by shape. A column that breaks its own format is read as `any`, because every
 * shape below has one meaning only.
 */
export type DateFormat = 'yyyyMMdd' | 'yyyy-MM-dd' | 'yyyy.MM' | 'yyyyMM' | 'excelSerial' | 'epochMillisShanghai' | 'any';

/** Why a date is absent or less than a day. */
export type DateIssue =
  /** 00000000, 19000101: typed because the field is mandatory. */
  | 'YICI_VALUE_DATE_PLACEHOLDER'
  /** 31 February, month 13, year 1066. */
  | 'YICI_VALUE_DATE_IMPOSSIBLE'
  /** No date shape at all. */
  | 'YICI_VALUE_DATE_UNREADABLE'
  /** Day or month is 00 or missing where the format has one. */
  | 'YICI_VALUE_DATE_PARTIAL';

export interface DateReading {
  date?: PartialDate;
  issue?: DateIssue;
}

const DIGITS = /^-?\d+(?:\.\d+)?$/;
const SEPARATED = /^(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?|年)?(?:[T\s].*)?$/u;
const LUNAR_MARK = /[(（]?(?:农历|阴历|旧历|夏历|农|阴|lunar)[)）]?[:：]?/iu;
const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;
/** Day 0 of the 1900 date system as it counts from March 1900 on, after its invented 29 February 1900. */
const EXCEL_EPOCH_MS = Date.UTC(1899, 11, 30);
const EXCEL_MAX = 73_050;

const EMPTY: DateReading = Object.freeze({});
const PLACEHOLDER: DateReading = Object.freeze({ issue: 'YICI_VALUE_DATE_PLACEHOLDER' });
const IMPOSSIBLE: DateReading = Object.freeze({ issue: 'YICI_VALUE_DATE_IMPOSSIBLE' });
const UNREADABLE: DateReading = Object.freeze({ issue: 'YICI_VALUE_DATE_UNREADABLE' });

/** Reads a date. Empty text gives `{}`; a doubtful one gives what can be trusted (a year, a month, nothing) and an issue. */
export function readDate(raw: string, format: DateFormat): DateReading {
  if (raw === '') return EMPTY;
  if (raw.length === 8 && format !== 'excelSerial' && format !== 'epochMillisShanghai' && allDigits(raw)) return readCompact(raw);
  let text = foldText(raw);
  if (text === '' || text === 'null') return EMPTY;
  if (format === 'epochMillisShanghai' && DIGITS.test(text)) return readEpoch(Number(text));
  const lunar = LUNAR_MARK.test(text);
  if (lunar) text = text.replace(LUNAR_MARK, '').trim();
  const reading = readShape(text.replace(/^'/, ''), format);
  if (!lunar || reading.date === undefined) return reading;
  return { ...reading, date: { ...reading.date, calendar: 'lunar' } };
}

function readShape(text: string, format: DateFormat): DateReading {
  if (DIGITS.test(text)) return readNumber(text, format);
  const parts = SEPARATED.exec(text);
  if (parts === null) return UNREADABLE;
  const month = parts[2] === undefined ? undefined : Number(parts[2]);
  const day = parts[3] === undefined ? undefined : Number(parts[3]);
  return assemble(Number(parts[1]), month, day, format);
}

/** Digits only: what they mean follows from how many there are. */
function readNumber(text: string, format: DateFormat): DateReading {
  if (/^0+$/.test(text)) return PLACEHOLDER;
  if (format === 'excelSerial' && Number(text) <= EXCEL_MAX && Number(text) >= 1 && !/^(?:19|20)\d\d$/.test(text)) return readSerial(Number(text));
  if (text.includes('.')) {
    const [year = '', month = ''] = text.split('.');
    if (year.length === 4 && month.length <= 2) return assemble(Number(year), Number(month), undefined, format);
    return Number(text) <= EXCEL_MAX && Number(text) > 366 ? readSerial(Number(text)) : UNREADABLE;
  }
  switch (text.startsWith('-') ? 13 : text.length) {
    case 4: return assemble(Number(text), undefined, undefined, format);
    case 5: return Number(text) <= EXCEL_MAX ? readSerial(Number(text)) : UNREADABLE;
    case 6: return assemble(Number(text.slice(0, 4)), Number(text.slice(4)), undefined, format);
    case 8: return readCompact(text);
    case 14: return readCompact(text.slice(0, 8));
    case 11: case 12: case 13: return readEpoch(Number(text));
    default: return UNREADABLE;
  }
}

function readCompact(text: string): DateReading {
  if (text === '00000000') return PLACEHOLDER;
  return assemble(+text.slice(0, 4), +text.slice(4, 6), +text.slice(6, 8), 'yyyyMMdd');
}

function assemble(year: number, month: number | undefined, day: number | undefined, format: DateFormat): DateReading {
  if (year === 0) return PLACEHOLDER;
  if (year === 1900 && (month ?? 1) <= 1 && (day ?? 1) <= 1) return PLACEHOLDER;
  if (!isPlausibleYear(year)) return IMPOSSIBLE;
  if (month === undefined || month === 0) {
    return partial({ date: String(year), precision: 'year', calendar: 'gregorian' }, month === 0 || format === 'yyyyMMdd' || format === 'yyyy-MM-dd');
  }
  if (month > 12) return IMPOSSIBLE;
  if (day === undefined || day === 0) {
    const date = `${year}-${month < 10 ? '0' : ''}${month}`;
    return partial({ date, precision: 'month', calendar: 'gregorian' }, day === 0 || format === 'yyyyMMdd' || format === 'yyyy-MM-dd');
  }
  if (!isRealDate(year, month, day)) return IMPOSSIBLE;
  return { date: wholeDay(year, month, day) };
}

function wholeDay(year: number, month: number, day: number): PartialDate {
  const date: PartialDate = { date: isoDate(year, month, day), precision: 'day', calendar: 'gregorian' };
  if (month === 1 && day === 1) date.suspectedDefault = true;
  return date;
}

function partial(date: PartialDate, unexpected: boolean): DateReading {
  return unexpected ? { date, issue: 'YICI_VALUE_DATE_PARTIAL' } : { date };
}

function readSerial(serial: number): DateReading {
  const day = new Date(EXCEL_EPOCH_MS + Math.floor(serial) * DAY_MS);
  return assemble(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate(), 'excelSerial');
}

/**
 * Milliseconds of local midnight in Shanghai → that day. Rounding to the nearest midnight of UTC+8 needs no zone table: the
 * historic summer time (1986–1991, one hour; so too 1919 and the 1940s) and local mean time before 1901 (+8:05:43) lie within
 * 12 hours, and so do values slipped by ±8 h by a careless conversion. Stays marked `slippable`.
 */
function readEpoch(millis: number): DateReading {
  if (!Number.isFinite(millis)) return UNREADABLE;
  const day = new Date(Math.round((millis + SHANGHAI_MS) / DAY_MS) * DAY_MS);
  const reading = assemble(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate(), 'epochMillisShanghai');
  return reading.date === undefined ? reading : { ...reading, date: { ...reading.date, slippable: true } };
}

function allDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return true;
}
