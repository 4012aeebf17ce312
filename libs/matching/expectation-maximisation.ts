/** One agreement pattern and how many candidate pairs show it. */
export interface PatternCount {
  /** Level of each comparison. Level 0 is "missing" and tells nothing. */
  levels: readonly number[];
  count: number;
}

export interface Estimate {
  /** m[c][l]: probability of level l of comparison c among records of one person. */
  m: number[][];
  /** Share of matches among the candidate pairs. */
  matchShare: number;
}

const FLOOR = 1e-6;

/**
 * m probabilities of the Fellegi–Sunter model by expectation–maximisation over agreement patterns (Winkler 1988), with u
 * held fixed: u is estimated better from pairs taken at random than from pairs that blocking proposed. A missing level has m = u.
 */
export function estimateM(patterns: readonly PatternCount[], u: readonly (readonly number[])[], start: readonly (readonly number[])[], iterations = 30): Estimate {
  let m = start.map((levels) => [...levels]);
  let share = 0.5;
  for (let round = 0; round < iterations; round++) {
    const sums = m.map((levels) => levels.map(() => 0));
    let matches = 0;
    let total = 0;
    for (const p of patterns) {
      let odds = share / (1 - share);
      p.levels.forEach((l, c) => {
        if (l > 0) odds *= m[c]![l]! / u[c]![l]!;
      });
      const weight = (odds / (1 + odds)) * p.count;
      matches += weight;
      total += p.count;
      p.levels.forEach((l, c) => {
        sums[c]![l]! += weight;
      });
    }
    share = Math.min(1 - FLOOR, Math.max(FLOOR, matches / total));
    m = sums.map((levels, c) => normalised(levels, u[c]![0]!));
  }
  return { m, matchShare: share };
}

/** Shares of the levels that say something; the missing level keeps its u. */
function normalised(sums: readonly number[], missing: number): number[] {
  const known = sums.reduce((a, b, l) => (l === 0 ? a : a + b), 0);
  return sums.map((s, l) => (l === 0 ? missing : Math.max(FLOOR, known === 0 ? FLOOR : s / known)));
}
