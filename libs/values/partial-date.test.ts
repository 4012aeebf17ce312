import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { lunarToGregorian } from './calendar.js';
import { readDate, type DateFormat } from './partial-date.js';

const day = (date: string) => ({ date: { date, precision: 'day', calendar: 'gregorian' } });

describe('readDate: whole days', () => {
  it.each<[string, DateFormat]>([
    ['19620315', 'yyyyMMdd'], ['1962-03-15', 'yyyy-MM-dd'], ['1962.03.15', 'yyyy.MM'], ['1962.3.15', 'yyyy.MM'], ['22720', 'excelSerial'], ['22720.75', 'excelSerial'], ['19620315', 'any'],
    ['1962/3/15', 'any'], ['1962年3月15日', 'any'], ['１９６２－０３－１５', 'any'], ['1962-03-15 00:00:00', 'any'], ['1962-03-15T08:00:00+08:00', 'any'], ['19620315000000', 'any'], ['22720', 'any'], [" '1962-03-15", 'any'],
    // a column that breaks its own format
    ['1962-03-15', 'yyyyMMdd'], ['19620315', 'yyyy-MM-dd'],
  ])('%s (%s)', (raw, format) => {
    expect(readDate(raw, format)).toEqual(day('1962-03-15'));
  });

  it('marks the first of January as a likely default', () => {
    expect(readDate('19620101', 'yyyyMMdd').date).toMatchObject({ date: '1962-01-01', suspectedDefault: true });
  });

  it('knows leap years', () => {
    expect(readDate('20000229', 'yyyyMMdd')).toEqual(day('2000-02-29'));
    expect(readDate('19000229', 'yyyyMMdd')).toEqual({ issue: 'YICI_VALUE_DATE_IMPOSSIBLE' });
  });
});

describe('readDate: less than a day', () => {
  it.each<[string, DateFormat, string, string, string | null]>([
    ['1949.10', 'yyyy.MM', '1949-10', 'month', null], ['194910', 'yyyyMM', '1949-10', 'month', null], ['1949-10', 'any', '1949-10', 'month', null], ['1949年10月', 'any', '1949-10', 'month', null], ['1949', 'any', '1949', 'year', null], ['1949年', 'any', '1949', 'year', null],
    ['19491000', 'yyyyMMdd', '1949-10', 'month', 'YICI_VALUE_DATE_PARTIAL'], ['19490000', 'yyyyMMdd', '1949', 'year', 'YICI_VALUE_DATE_PARTIAL'], ['1949-00-00', 'yyyy-MM-dd', '1949', 'year', 'YICI_VALUE_DATE_PARTIAL'],
    ['19490015', 'yyyyMMdd', '1949', 'year', 'YICI_VALUE_DATE_PARTIAL'], ['1949', 'yyyyMMdd', '1949', 'year', 'YICI_VALUE_DATE_PARTIAL'],
  ])('%s (%s) → %s', (raw, format, date, precision, issue) => {
    const expected = { date: { date, precision, calendar: 'gregorian' } };
    expect(readDate(raw, format)).toEqual(issue === null ? expected : { ...expected, issue });
  });
});

describe('readDate: nothing usable', () => {
  it.each<[string, DateFormat, string]>([
    ['00000000', 'yyyyMMdd', 'PLACEHOLDER'], ['19000101', 'yyyyMMdd', 'PLACEHOLDER'], ['1900-01-01', 'yyyy-MM-dd', 'PLACEHOLDER'], ['0', 'any', 'PLACEHOLDER'], ['0000-00-00', 'any', 'PLACEHOLDER'],
    ['19620230', 'yyyyMMdd', 'IMPOSSIBLE'], ['19621315', 'yyyyMMdd', 'IMPOSSIBLE'], ['10660101', 'yyyyMMdd', 'IMPOSSIBLE'], ['29990101', 'yyyyMMdd', 'IMPOSSIBLE'],
    ['不详', 'any', 'UNREADABLE'], ['15/03/1962', 'any', 'UNREADABLE'], ['1962031', 'any', 'UNREADABLE'], ['99999', 'excelSerial', 'UNREADABLE'],
  ])('%s (%s)', (raw, format, issue) => {
    expect(readDate(raw, format)).toEqual({ issue: `YICI_VALUE_DATE_${issue}` });
  });

  it.each(['', ' ', 'null'])('%j is empty', (raw) => expect(readDate(raw, 'any')).toEqual({}));
});

describe('readDate: local midnight in Shanghai', () => {
  const at = (iso: string): string => String(Date.parse(iso));
  it.each([
    ['ordinary', '1962-03-15T00:00:00+08:00'], ['slipped by +8 h', '1962-03-15T08:00:00+08:00'], ['slipped by -8 h', '1962-03-14T16:00:00+08:00'],
  ])('%s', (_kind, iso) => {
    expect(readDate(at(iso), 'epochMillisShanghai')).toEqual({ date: { date: '1962-03-15', precision: 'day', calendar: 'gregorian', slippable: true } });
  });

  it.each([
    // In summer time local midnight is 23:00 of the day before at +08:00.
    ['1988-07-01', '1988-07-01T00:00:00+09:00'], ['1988-07-01', '1988-07-01T08:00:00+09:00'], ['1988-07-01', '1988-06-30T16:00:00+09:00'], ['1941-05-01', '1941-05-01T00:00:00+09:00'], ['1986-05-04', '1986-05-04T00:00:00+08:00'],
  ])('%s from %s', (date, iso) => {
    expect(readDate(at(iso), 'epochMillisShanghai').date?.date).toBe(date);
  });

  it('every midnight of the zone data, 1930–2025, with and without a slip', () => {
    const zone = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' });
    for (let utc = Date.UTC(1930, 0, 2); utc < Date.UTC(2025, 0, 1); utc += 86_400_000 * 3) {
      const date = new Date(utc).toISOString().slice(0, 10);
      const [hour, minute] = (zone.format(utc - 8 * 3_600_000).split(', ')[1] ?? '').split(':').map(Number);
      // Local clock at what would be midnight in +08:00: 00:00, or 01:00 in summer time.
      const midnight = utc - 8 * 3_600_000 - ((hour ?? 0) * 60 + (minute ?? 0)) * 60_000;
      for (const slip of [0, 8, -8]) expect(readDate(String(midnight + slip * 3_600_000), 'epochMillisShanghai').date?.date).toBe(date);
    }
  });

  it('also before 1970 and on the day itself', () => {
    expect(readDate('-28800000', 'epochMillisShanghai').date?.date).toBe('1970-01-01');
    expect(readDate('0', 'epochMillisShanghai').date?.date).toBe('1970-01-01');
  });
});

describe('lunar dates', () => {
  it.each(['农历1962-02-10', '1962年2月10日（农历）', '(农)19620210', '阴历 1962.2.10'])('%s says so', (raw) => {
    expect(readDate(raw, 'any').date).toEqual({ date: '1962-02-10', precision: 'day', calendar: 'lunar' });
  });

  it('converts to the Gregorian day', () => {
    expect(lunarToGregorian('1962-02-10')).toEqual({ date: '1962-03-15', precision: 'day', calendar: 'gregorian' });
    expect(lunarToGregorian({ date: '2024-01-01', precision: 'day', calendar: 'lunar' })?.date).toBe('2024-02-10');
  });

  it.each(['1962-02-31', '1962', 'x', '1962-13-01', '1962-00-10'])('%s is no lunar day', (date) => expect(lunarToGregorian(date)).toBeUndefined());
});

describe('properties', () => {
  const real = fc.date({ min: new Date('1901-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10));
  it('a canonical date reads as itself, in every spelling', () => {
    fc.assert(fc.property(real, (date) => {
      for (const spelling of [date, date.replaceAll('-', ''), date.replaceAll('-', '.'), date.replaceAll('-', '/')]) expect(readDate(spelling, 'any').date?.date).toBe(date);
      expect(readDate(date.slice(0, 7), 'any').date?.date).toBe(date.slice(0, 7));
    }));
  });
  it('a serial number is that many days after the end of 1899', () => {
    fc.assert(fc.property(fc.integer({ min: 10_000, max: 60_000 }), (serial) => {
      const date = new Date(Date.UTC(1899, 11, 30) + serial * 86_400_000).toISOString().slice(0, 10);
      expect(readDate(String(serial), 'excelSerial').date?.date).toBe(date);
    }));
  });
  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-./年月日农历 T:x') }), fc.constantFrom<DateFormat>('any', 'yyyyMMdd', 'excelSerial', 'epochMillisShanghai'), (raw, f) => void readDate(raw, f)));
  });
});
