import { describe, expect, it } from '@jest/globals';
import { bucketsOf, withSample, type Sample } from './pulse.js';

const NOW = 1_775_000_002_000;
const at = (secondsAgo: number, received: number, delivered = 0): Sample => ({ at: NOW - secondsAgo * 1000, received, delivered });

describe('the pulse', () => {
  it('counts what grew into the bucket in which it was seen', () => {
    const buckets = bucketsOf([at(20, 100), at(12, 103, 1), at(11, 104, 1), at(0, 104, 5)], NOW);
    expect(buckets).toHaveLength(60);
    expect(buckets.reduce((n, b) => n + b.received, 0)).toBe(4);
    expect(buckets.at(-1)).toMatchObject({ received: 0, delivered: 4 });
    expect(buckets.filter((b) => b.received > 0).map((b) => b.received)).toEqual([4]);
  });

  it('has no bar for the first sight, for a count that fell, and for what is long ago', () => {
    expect(bucketsOf([at(3, 500, 500)], NOW).every((b) => b.received === 0 && b.delivered === 0)).toBe(true);
    expect(bucketsOf([at(3, 500), at(2, 20)], NOW).every((b) => b.received === 0)).toBe(true);
    expect(bucketsOf([at(900, 1), at(800, 9), at(1, 9)], NOW).every((b) => b.received === 0)).toBe(true);
  });

  it('keeps a window of samples and the one before it', () => {
    let samples: Sample[] = [];
    for (let i = 1000; i >= 0; i -= 1) samples = withSample(samples, at(i, 1000 - i));
    expect(samples.length).toBeLessThan(310);
    expect(bucketsOf(samples, NOW)[0]!.received).toBe(5);
  });
});
