import { proposePairs, valueLevels } from './candidate-pairs.js';
import { estimateM, type PatternCount } from './expectation-maximisation.js';
import type { MatchModel } from './match-model.js';
import { HOUSEHOLD, PairScorer, type PersonContext, type ValueLevels, type Verdict } from './pair-scorer.js';
import type { PersonFeatures } from './person-features.js';

export interface TrainingReport {
  records: number;
  /** Pairs of two records of one person; 0 without truth. */
  truePairs: number;
  /** Pairs that a blocking key proposed, and agreement patterns among them. */
  candidates: number;
  patterns: number;
  /** Pairs taken all over the record set, for u. */
  randomPairs: number;
}

export interface Trained {
  model: MatchModel;
  report: TrainingReport;
}

/** How much the model at hand counts against what is seen: so many pairs of its own. A level never seen keeps a floor by it. */
const PRIOR_PAIRS = 200;
const PRIOR_RANDOM_PAIRS = 20_000;
const MOST_RANDOM_PAIRS = 1_000_000;
/** The household comparison needs clusters, which need a model: it keeps the m and u of the model at hand. */
const LEARNED = [0, 1, 2, 3, 4, 5, 6] as const;

/**
 * Learns m and u of a model from person records. With `entityOf` (truth by position) m is counted over the pairs of one person;
 * without it, it comes from expectation–maximisation over the agreement patterns of the candidate pairs (Winkler 1988). u is
 * counted over pairs taken from all over the set. Levels, frequencies and thresholds stay as they are: a threshold is a
 * probability, and the weights give it its place.
 */
export function trainModel(features: readonly PersonFeatures[], base: MatchModel, entityOf?: readonly string[]): Trained {
  const levels = valueLevels(features, undefined);
  const random = new PatternScorer(base, levels);
  const randomPairs = scoreAcross(features, random, entityOf);
  const u = LEARNED.map((c) => smoothed(base, c, 'u', random.shares(c), PRIOR_RANDOM_PAIRS));
  const candidates = new PatternScorer(base, levels);
  proposePairs(features, candidates, levels, undefined);
  let m: number[][];
  let truePairs = 0;
  if (entityOf === undefined) {
    const start = LEARNED.map((c) => base.comparisons[c]!.levels.map((l) => l.m));
    const em = estimateM(candidates.patterns(), u, start);
    const matches = em.matchShare * candidates.pairs;
    m = em.m.map((found, c) => smoothed(base, c, 'm', { shares: found, pairs: matches }, PRIOR_PAIRS));
  } else {
    const same = new PatternScorer(base, levels);
    truePairs = scoreWithin(features, same, entityOf);
    m = LEARNED.map((c) => smoothed(base, c, 'm', same.shares(c), PRIOR_PAIRS));
  }
  const comparisons = base.comparisons.map((comparison, c) => (m[c] === undefined ? comparison : {
    ...comparison, levels: comparison.levels.map((level, l) => (l === 0 ? level : { ...level, m: m[c]![l]!, u: u[c]![l]! })),
  }));
  return {
    model: { ...base, version: base.version + 1, comparisons },
    report: { records: features.length, truePairs, candidates: candidates.pairs, patterns: candidates.patterns().length, randomPairs },
  };
}

interface Shares {
  /** By level; among the pairs that have something to compare. */
  shares: readonly number[];
  pairs: number;
}

/** A scorer that remembers which agreement patterns it met. */
class PatternScorer extends PairScorer {
  pairs = 0;
  private readonly counts = new Map<string, PatternCount & { count: number }>();

  constructor(model: MatchModel, levels: ValueLevels) {
    super(model, levels);
  }

  override score(a: PersonFeatures, b: PersonFeatures, ca?: PersonContext, cb?: PersonContext): Verdict {
    const verdict = super.score(a, b, ca, cb);
    const levels = LEARNED.map((c) => this.vector[c] ?? HOUSEHOLD.missing);
    const key = levels.join();
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { levels, count: 1 });
    else known.count += 1;
    this.pairs += 1;
    return verdict;
  }

  patterns(): PatternCount[] {
    return [...this.counts.values()];
  }

  shares(comparison: number): Shares {
    const shares: number[] = [];
    let pairs = 0;
    for (const { levels, count } of this.counts.values()) {
      const level = levels[comparison]!;
      if (level === 0) continue;
      shares[level] = (shares[level] ?? 0) + count;
      pairs += count;
    }
    return { shares: Array.from(shares, (n) => (n === undefined ? 0 : n / pairs)), pairs };
  }
}

/** What was seen, held back by the model at hand; levels that say something share what the missing one leaves. */
function smoothed(base: MatchModel, comparison: number, which: 'm' | 'u', seen: Shares, prior: number): number[] {
  const { levels } = base.comparisons[comparison]!;
  const before = levels.reduce((sum, l, i) => (i === 0 ? sum : sum + l[which]), 0);
  return levels.map((l, i) => (i === 0 ? l[which] : Math.min(1, ((seen.shares[i] ?? 0) * seen.pairs + (l[which] / before) * prior) / (seen.pairs + prior) * before)));
}

/** Pairs spread over the whole set by a fixed stride, those of one person left out; the same set gives the same pairs. */
function scoreAcross(features: readonly PersonFeatures[], scorer: PairScorer, entityOf: readonly string[] | undefined): number {
  const n = features.length;
  if (n < 2) return 0;
  const rounds = Math.max(1, Math.min(n - 1, Math.floor(MOST_RANDOM_PAIRS / n)));
  let pairs = 0;
  for (let round = 1; round <= rounds; round++) {
    // The golden ratio spreads the strides evenly over the set, whatever its size.
    const stride = 1 + Math.floor(((round * 0.6180339887498949) % 1) * (n - 1));
    for (let i = 0; i < n; i++) {
      const j = (i + stride) % n;
      if (i === j || features[i]!.test || features[j]!.test || (entityOf !== undefined && entityOf[i] === entityOf[j])) continue;
      scorer.score(features[i]!, features[j]!);
      pairs += 1;
    }
  }
  return pairs;
}

/** Every pair of records of one person. */
function scoreWithin(features: readonly PersonFeatures[], scorer: PairScorer, entityOf: readonly string[]): number {
  const members = new Map<string, PersonFeatures[]>();
  features.forEach((f, i) => {
    // A test row is nobody, and an account without a name says nothing of how names are misspelt.
    if (f.test || f.attachable) return;
    const known = members.get(entityOf[i]!);
    if (known === undefined) members.set(entityOf[i]!, [f]);
    else known.push(f);
  });
  let pairs = 0;
  for (const group of members.values()) {
    for (let i = 0; i < group.length; i++) {
      for (let j = i + 1; j < group.length; j++) {
        scorer.score(group[i]!, group[j]!);
        pairs += 1;
      }
    }
  }
  return pairs;
}
