import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { PushRate } from './push-rate.js';

describe('the rate of a system', () => {
  it('is a minute\'s requests at once, then as many as time brings; each system has its own', () => {
    const clock = new FixedClock(1_774_953_000_000);
    const rate = new PushRate(clock);
    expect(Array.from({ length: 4 }, () => rate.take('library', 3))).toEqual([0, 0, 0, 20]);
    expect(rate.take('school', 3)).toBe(0);
    clock.advance(20_000);
    expect([rate.take('library', 3), rate.take('library', 3)]).toEqual([0, 20]);
    clock.advance(3_600_000);
    expect(Array.from({ length: 4 }, () => rate.take('library', 3))).toEqual([0, 0, 0, 20]);
  });
});
