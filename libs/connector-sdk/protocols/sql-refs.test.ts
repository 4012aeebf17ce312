import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidv7 } from '#libs/kernel/ids';
import { namedColumns, refTime, shanghai, wireText } from './sql-refs.js';

const numberOf = (ref: string): number => refTime(ref).milliseconds * 4096 + refTime(ref).counter;

describe('numbers made of refs', () => {
  it('stand in the order of the refs and are exact numbers', () => {
    const at = Date.parse('2026-07-01T00:00:00Z');
    const refs = Array.from({ length: 300 }, (_, i) => uuidv7(at + Math.floor(i / 100)));
    const numbers = refs.map(numberOf);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(300);
    expect(numbers.every(Number.isSafeInteger)).toBe(true);
    expect(refTime(`p-${refs[0]!}`).milliseconds).toBe(at);
  });

  it('of any other text are the same each time, and as exact', () => {
    fc.assert(fc.property(fc.string(), (ref) => {
      expect(numberOf(ref)).toBe(numberOf(ref));
      expect(Number.isSafeInteger(numberOf(ref))).toBe(true);
    }));
  });
});

describe('texts', () => {
  it('of moments are Shanghai\'s', () => {
    const at = new Date('2026-06-30T16:00:00.123Z');
    expect([shanghai(at, 'yyyy-MM-dd HH:mm:ss'), shanghai(at, 'yyyyMMddHHmmssSSS')]).toEqual(['2026-07-01 00:00:00', '20260701000000123']);
  });

  it('of values; of errors only the columns', () => {
    expect([wireText(undefined), wireText(null), wireText(['01', '02']), wireText(3), wireText(false)]).toEqual([null, null, '01,02', '3', 'false']);
    expect(namedColumns('李秀英 LXDH=13900000001, XZZ 有误', ['XZZ', 'LXDH', 'SWBZ'])).toBe('XZZ, LXDH');
  });
});
