import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { OneTimeCodes } from './one-time-codes.js';

const START = Date.parse('2026-04-01T09:00:00+08:00');

describe('one-time codes', () => {
  it('sign in once', () => {
    const codes = new OneTimeCodes(new FixedClock(START));
    const code = codes.issue('worker');
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(codes.take(code)).toBe('worker');
    expect(codes.take(code)).toBeUndefined();
  });

  it('end after ten minutes', () => {
    let now = START;
    const codes = new OneTimeCodes({ now: () => now });
    const [early, late] = [codes.issue('worker'), codes.issue('worker')];
    now += 599_000;
    expect(codes.take(early)).toBe('worker');
    now += 1000;
    expect(codes.take(late)).toBeUndefined();
  });

  it('are never guessed from another', () => {
    const codes = new OneTimeCodes(new FixedClock(START));
    const code = codes.issue('worker');
    expect(codes.take(codes.issue('steward'))).toBe('steward');
    expect(codes.take(`${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
    expect(codes.take(code)).toBe('worker');
  });
});
