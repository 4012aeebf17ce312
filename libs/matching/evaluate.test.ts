import { describe, expect, it } from '@jest/globals';
import { evaluate } from './evaluate.js';
import { estimateM } from './expectation-maximisation.js';

describe('evaluation', () => {
  // entities A = 1,2,3  B = 4,5  C = 6  D = 7,8; clusters x = 1,2,4  y = 3  z = 5  w = 6  v = 7,8
  const e = evaluate([...'AAABBCDD'], [...'xxyxzwvv']);
  it('counts pairs', () => {
    expect(e.pairwise).toMatchObject({ truePositives: 2, falsePositives: 2, falseNegatives: 3, precision: 0.5, recall: 0.4 });
    expect(e.pairwise.f1).toBeCloseTo(4 / 9, 9);
  });
  it('computes B³', () => {
    expect(e.bcubed.precision).toBeCloseTo((5 / 3 + 5) / 8, 9);
    expect(e.bcubed.recall).toBeCloseTo((5 / 3 + 1 + 3) / 8, 9);
  });
  it('counts false merges and splits', () => {
    expect(e.falseMerges).toEqual({ clusters: 1, pairs: 2, overmergedRecords: 1, overmergedShare: 1 / 8 });
    expect(e.splits).toEqual({ entities: 2, pairs: 3, extraFragments: 2 });
    expect(e.exactRate).toBe(0.5);
  });
  it('a perfect answer scores 1', () => {
    const p = evaluate([...'AAB'], [...'xxy']);
    expect([p.pairwise.f1, p.bcubed.f1, p.exactRate]).toEqual([1, 1, 1]);
  });
});

describe('expectation–maximisation', () => {
  it('finds the m probabilities that made the patterns', () => {
    const m = [[0.5, 0.9, 0.1], [0.5, 0.8, 0.2], [0.5, 0.7, 0.3]];
    const u = [[0.5, 0.05, 0.95], [0.5, 0.1, 0.9], [0.5, 0.02, 0.98]];
    const patterns = [];
    for (const a of [1, 2]) for (const b of [1, 2]) for (const c of [1, 2]) {
      const p = (t: number[][]) => t[0]![a]! * t[1]![b]! * t[2]![c]!;
      patterns.push({ levels: [a, b, c], count: 3000 * p(m) + 7000 * p(u) });
    }
    const start = [[0.5, 0.6, 0.4], [0.5, 0.6, 0.4], [0.5, 0.6, 0.4]];
    const found = estimateM(patterns, u, start, 300);
    expect(found.matchShare).toBeCloseTo(0.3, 2);
    expect(found.m.map((l) => Number(l[1]!.toFixed(2)))).toEqual([0.9, 0.8, 0.7]);
  });
  it('a missing value says nothing', () => {
    const found = estimateM([{ levels: [0, 1], count: 10 }, { levels: [0, 2], count: 10 }], [[0.4, 0.5, 0.5], [0.1, 0.1, 0.9]], [[0.4, 0.9, 0.1], [0.1, 0.9, 0.1]]);
    expect(found.m[0]![0]).toBe(0.4);
  });
});
