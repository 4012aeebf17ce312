import { valueLevels } from './candidate-pairs.js';
import { clusterPersons } from './cluster-persons.js';
import { estimateM } from './expectation-maximisation.js';
import type { PatternCount } from './expectation-maximisation.js';
import { householdContext } from './household-context.js';
import { clusterHouseholds } from './cluster-households.js';
import { memberIndex } from './resolve-all.js';
import type { Features } from './resolve-all.js';
import type { MatchModel } from './match-model.js';
import { PairScorer } from './pair-scorer.js';
import type { PersonContext } from './compare-families.js';
import type { PersonFeatures } from './person-features.js';

export interface TrainingOptions {
  base: MatchModel;
  /** True entity of each person record, by position; undefined: unlabelled data, m by expectation–maximisation. */
  entities?: readonly string[];
  version: number;
}

/** Pairs walked to see how often strangers agree. */
const STRANGER_PAIRS = 1_500_000;
/** A shared value (phone, dwelling) is rarer among strangers than any walk can see: those levels are counted block by block. */
const LARGEST_ENTITY = 60;
/** Pretended observations of the base model in every estimate, so that a level nobody showed keeps its meaning. */
const BASE_PAIRS = 50;
/** Fewer sightings of a level among strangers than this are chance. */
const FEW = 8;
/** A training city may lack a kind of dirt altogether: m never falls below this part of what it was. */
const MOST_CHANGE = 10;

/**
 * Learns a model from one city: u from pairs of strangers, m from the true pairs (labels) or by expectation–maximisation
 * over the agreement patterns of candidate pairs, name frequencies as shares of surnames and of characters. What comes
 * out holds levels and shares, no value of a person. Thresholds and words are those of the base model.
 */
export function trainPersonModel(features: Features, options: TrainingOptions): MatchModel {
  const { base, entities } = options;
  const persons = features.persons;
  const context = contextOf(features, base);
  const levels = valueLevels(persons, undefined);
  const scorer = new PairScorer(base, levels);
  const usable = persons.flatMap((f, i) => (f.test || f.attachable ? [] : [i]));
  const u = strangers(persons, usable, context, scorer, base, entities);
  const m = entities === undefined ? unlabelled(features, context, scorer, base, u) : labelled(persons, usable, context, scorer, base, entities);
  return {
    ...base,
    version: options.version,
    prior: priorOf(usable, entities, base),
    comparisons: base.comparisons.map((c, i) => ({ ...c, levels: c.levels.map((l, k) => ({ ...l, m: rounded(k === 0 ? u[i]![0]! : m[i]![k]!), u: rounded(u[i]![k]!) })) })),
    ...frequencies(persons, usable),
  };
}

function contextOf({ persons, households }: Features, model: MatchModel): (PersonContext | undefined)[] {
  const first = clusterPersons({ features: persons, decisions: [], model });
  const label = (i: number): string => persons[first.cluster[i]!]!.key;
  const members = memberIndex(persons, households).map((list) => [...new Set(list.map(label))].sort());
  const second = clusterHouseholds({ features: households, members, decisions: [] });
  const at = new Map(households.map((h, i) => [h.key, i]));
  return householdContext({
    persons, households, personLabel: label,
    householdLabel: (key) => {
      const i = at.get(key);
      return i === undefined ? undefined : households[second.cluster[i]!]!.key;
    },
  });
}

/** Level counts become shares; the missing level apart, since it says nothing. */
function shares(counts: readonly number[], base: readonly number[]): number[] {
  const known = counts.reduce((s, c, k) => (k === 0 ? s : s + c), 0) + BASE_PAIRS;
  const all = counts.reduce((s, c) => s + c, 0);
  return counts.map((c, k) => (k === 0 ? Math.max(0.001, c / Math.max(1, all)) : (c + BASE_PAIRS * base[k]!) / known));
}

function strangers(
  persons: readonly PersonFeatures[], usable: readonly number[], context: readonly (PersonContext | undefined)[], scorer: PairScorer, base: MatchModel, entities: readonly string[] | undefined,
): number[][] {
  const counts = base.comparisons.map((c) => c.levels.map(() => 0));
  const n = usable.length;
  const wanted = Math.min(STRANGER_PAIRS, n * n);
  for (let k = 0, x = 1; k < wanted && n > 1; k++) {
    // A linear congruence walks the pairs evenly and the same way every time.
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    const a = usable[x % n]!;
    const b = usable[(x % n + 1 + ((x >>> 5) % (n - 1))) % n]!;
    if (entities !== undefined && entities[a] === entities[b]) continue;
    scorer.score(persons[a]!, persons[b]!, context[a], context[b]);
    scorer.vector.forEach((l, i) => (counts[i]![l]! += 1));
  }
  // A level that strangers hardly ever show keeps the u it had: a handful of pairs tell nothing.
  return counts.map((c, i) => shares(c, c.map(() => 0)).map((s, k) => (c[k]! < FEW ? base.comparisons[i]!.levels[k]!.u : s)));
}

function labelled(
  persons: readonly PersonFeatures[], usable: readonly number[], context: readonly (PersonContext | undefined)[], scorer: PairScorer, base: MatchModel, entities: readonly string[],
): number[][] {
  const counts = base.comparisons.map((c) => c.levels.map(() => 0));
  const groups = new Map<string, number[]>();
  for (const i of usable) {
    const g = groups.get(entities[i]!);
    if (g === undefined) groups.set(entities[i]!, [i]);
    else g.push(i);
  }
  for (const g of groups.values()) {
    for (let i = 0; i < Math.min(g.length, LARGEST_ENTITY); i++) {
      for (let j = i + 1; j < Math.min(g.length, LARGEST_ENTITY); j++) {
        scorer.score(persons[g[i]!]!, persons[g[j]!]!, context[g[i]!], context[g[j]!]);
        scorer.vector.forEach((l, c) => (counts[c]![l]! += 1));
      }
    }
  }
  return counts.map((c, i) => shares(c, base.comparisons[i]!.levels.map((l) => l.m)).map((s, k) => Math.max(s, base.comparisons[i]!.levels[k]!.m / MOST_CHANGE)));
}

function unlabelled(features: Features, context: readonly (PersonContext | undefined)[], scorer: PairScorer, base: MatchModel, u: number[][]): number[][] {
  const patterns = new Map<string, PatternCount>();
  const { candidates } = clusterPersons({ features: features.persons, decisions: [], model: base });
  const { edges } = candidates;
  for (let e = 0; e < edges.size; e++) {
    const a = features.persons[edges.a[e]!];
    const b = features.persons[edges.b[e]!];
    // A mentioned landlord is no record.
    if (a === undefined || b === undefined) continue;
    scorer.score(a, b, context[edges.a[e]!], context[edges.b[e]!]);
    const id = scorer.vector.join();
    const p = patterns.get(id);
    if (p === undefined) patterns.set(id, { levels: [...scorer.vector], count: 1 });
    else p.count += 1;
  }
  const start = base.comparisons.map((c) => c.levels.map((l) => l.m));
  const { m } = estimateM([...patterns.values()], u, start);
  return m.map((levels, i) => levels.map((x, k) => Math.max(x, base.comparisons[i]!.levels[k]!.m / MOST_CHANGE)));
}

/** Probability that two records taken at random are one person. */
function priorOf(usable: readonly number[], entities: readonly string[] | undefined, base: MatchModel): number {
  if (entities === undefined) return base.prior;
  const sizes = new Map<string, number>();
  for (const i of usable) sizes.set(entities[i]!, (sizes.get(entities[i]!) ?? 0) + 1);
  let pairs = 0;
  for (const s of sizes.values()) pairs += (s * (s - 1)) / 2;
  return rounded(pairs / Math.max(1, (usable.length * (usable.length - 1)) / 2));
}

/** Least share of the people that must bear a surname or a character for it to be listed: rarer ones would point at persons. */
const PUBLIC = 0.0005;

function frequencies(persons: readonly PersonFeatures[], usable: readonly number[]): Pick<MatchModel, 'surnames' | 'characters' | 'rareSurname' | 'rareCharacter'> {
  const surnames = new Map<string, number>();
  const characters = new Map<string, number>();
  let people = 0;
  let given = 0;
  for (const i of usable) {
    const n = persons[i]!.name;
    if (n === undefined || n.nickname || n.wildcard || n.chars.length < 2 || n.chars.length > 4) continue;
    const surname = n.chars.slice(0, n.surnameLength).join('');
    surnames.set(surname, (surnames.get(surname) ?? 0) + 1);
    people += 1;
    for (const c of n.chars.slice(n.surnameLength)) {
      characters.set(c, (characters.get(c) ?? 0) + 1);
      given += 1;
    }
  }
  return { surnames: listed(surnames, people), characters: listed(characters, given), rareSurname: PUBLIC, rareCharacter: PUBLIC };
}

function listed(counts: ReadonlyMap<string, number>, total: number): Record<string, number> {
  return Object.fromEntries([...counts].filter(([, n]) => n / total >= PUBLIC).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([c, n]) => [c, rounded(n / total)]));
}

function rounded(x: number): number {
  return Number(x.toPrecision(3));
}

