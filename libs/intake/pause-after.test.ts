import { describe, expect, it } from '@jest/globals';
import { pauseAfter } from './pause-after.js';

describe('the pause before a system is asked again', () => {
  it('is as agreed while it answers, and grows to a minute while it does not', () => {
    expect([0, 1, 2, 3, 4, 5, 500].map((failures) => pauseAfter(failures, 5000))).toEqual([5000, 5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('is no day for a system that is asked once a day', () => {
    expect([0, 1, 9].map((failures) => pauseAfter(failures, 86_400_000))).toEqual([86_400_000, 60_000, 60_000]);
  });
});
