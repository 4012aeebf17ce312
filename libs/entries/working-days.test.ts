import { describe, expect, it } from '@jest/globals';
import { afterWorkingDays } from './working-days.js';

describe('working days', () => {
  it.each([
    ['2026-07-01', 10, '2026-07-15'], ['2026-07-03', 1, '2026-07-06'], ['2026-07-04', 1, '2026-07-06'], ['2026-12-31', 2, '2027-01-04'],
  ])('after %s, %i of them, it is %s', (from, days, day) => expect(afterWorkingDays(from, days, new Map())).toBe(day));

  it('know holidays, and weekends that are worked for them', () => {
    const exceptions = new Map([['2026-10-01', false], ['2026-10-02', false], ['2026-10-10', true]]);
    expect(afterWorkingDays('2026-09-30', 1, exceptions)).toBe('2026-10-05');
    expect(afterWorkingDays('2026-10-09', 1, exceptions)).toBe('2026-10-10');
  });
});
