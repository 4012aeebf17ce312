import { compareUtf8 } from '#libs/kernel/hashing';
import { attachAccounts } from './attach-accounts.js';
import type { Attached } from './attach-accounts.js';
import { proposePairs, proposeWithContext, valueLevels } from './candidate-pairs.js';
import type { Candidates, LevelLookup } from './candidate-pairs.js';
import { clusterEdges, labelled } from './constrained-clusters.js';
import type { Clusters } from './constrained-clusters.js';
import { constraintsOf } from './decisions.js';
import type { Decision } from './decisions.js';
import { EDGE } from './edge-list.js';
import type { EdgeList } from './edge-list.js';
import { probabilityOf } from './match-model.js';
import type { MatchModel } from './match-model.js';
import { hardNegative } from './hard-negatives.js';
import { PairScorer } from './pair-scorer.js';
import type { PersonContext } from './compare-families.js';
import type { PersonFeatures } from './person-features.js';

/** A pair that a steward should look at; it never changes the partition by itself. */
export interface PotentialMatch {
  a: number;
  b: number;
  probability: number;
  reason: 'contestedId' | 'twoIds' | 'ambiguous' | 'noWitness';
}

export interface PersonClusters {
  /** Position of the smallest member (record key by UTF-8 bytes) of each record's component and cluster. */
  component: Int32Array;
  cluster: Int32Array;
  potential: PotentialMatch[];
  /** Every account without identity that points somewhere; above the model's threshold it is in that cluster too. */
  attached: Attached[];
  /** For the third stage over the same records: saves proposing and scoring them anew. */
  candidates: Candidates;
}

export interface PersonInput {
  features: readonly PersonFeatures[];
  /** Levels of keys over the whole record set; without it these records are the whole set. */
  level?: LevelLookup;
  decisions: readonly Decision[];
  /** Household evidence: makes it the third stage. By position. */
  context?: readonly (PersonContext | undefined)[];
  model: MatchModel;
  /** `candidates` of the first stage over exactly these records. */
  candidates?: Candidates;
}

/** A rival this many bits weaker no longer makes an edge ambiguous. */
const MARGIN = 4;

/**
 * Stage one (without context) and three (with) for persons. Depends only on the records, the levels of their keys, their
 * context, the decisions and the model: not on the order of the input.
 */
export function clusterPersons(input: PersonInput): PersonClusters {
  const { features: records, model } = input;
  const n = records.length;
  // Mentioned landlords take part behind the records and are left out of every result.
  const mentioning = records.flatMap((f, i) => (f.landlord === undefined ? [] : [i]));
  const features = mentioning.length === 0 ? records : [...records, ...mentioning.map((i) => records[i]!.landlord!)];
  const levels = valueLevels(records, input.level);
  const scorer = new PairScorer(model, levels);
  const candidates = input.candidates ?? proposePairs(features, scorer, levels, input.level);
  const edges = input.context === undefined ? candidates.edges : proposeWithContext(features, input.context, candidates.edges, scorer, input.level);
  const constraints = constraintsOf(input.decisions, records);
  const extra = candidates.attachments.map((t): [number, number] => [t.account, t.record]);
  for (let e = 0; e < edges.size; e++) {
    // Who names a landlord is in his component: without it he could not be found again.
    for (const i of [edges.a[e]!, edges.b[e]!]) if (i >= n) extra.push([i, mentioning[i - n]!]);
  }
  const clusters = clusterEdges(features.length, edges, extra, {
    keys: features,
    conflict: (a, b) => hardNegative(features[a]!, features[b]!) !== undefined,
    nameless: (a, b) => isNameless(features[a]!) || isNameless(features[b]!),
    contested: (a, b) => isContested(features[a]!, features[b]!, scorer),
    constraints,
    follows: (i) => features[i]!.restricted,
    margin: MARGIN,
  });
  const attached = attachAccounts(features, clusters.cluster, candidates.attachments);
  const withAccounts = clusters.cluster.slice(0, n);
  const decided = new Set(constraints.links.flat());
  for (const t of attached) {
    // An account that a steward linked has its place already.
    if (t.probability >= model.thresholds.attach && !decided.has(t.index) && !constraints.forbids(t.index, t.to)) withAccounts[t.index] = clusters.cluster[t.to]!;
  }
  return {
    component: clusters.component.slice(0, n),
    cluster: labelled(withAccounts, records),
    potential: potentialMatches(records, edges, clusters),
    attached,
    candidates,
  };
}

function isNameless(f: PersonFeatures): boolean {
  return f.name === undefined || f.name.nickname;
}

/** One number under unrelated names, and no evidence beside the number that they are one person. */
function isContested(a: PersonFeatures, b: PersonFeatures, scorer: PairScorer): boolean {
  return a.id !== '' && a.id === b.id && scorer.score(a, b) === 'review';
}

/** The best undecided pair between each two clusters, in the order of the records' keys. */
function potentialMatches(records: readonly PersonFeatures[], edges: EdgeList, clusters: Clusters): PotentialMatch[] {
  const { cluster, ambiguous } = clusters;
  const n = records.length;
  const best = new Map<number, number>();
  for (let e = 0; e < edges.size; e++) {
    const a = edges.a[e]!;
    const b = edges.b[e]!;
    if (a >= n || b >= n || cluster[a] === cluster[b]) continue;
    const pair = Math.min(cluster[a]!, cluster[b]!) * cluster.length + Math.max(cluster[a]!, cluster[b]!);
    const before = best.get(pair);
    // Between two clusters everybody sees, a pair everybody sees: whether a restricted record pulls harder must not take it away.
    if (before !== undefined && isRestricted(e, edges, records) !== isRestricted(before, edges, records)) {
      if (isRestricted(before, edges, records)) best.set(pair, e);
      continue;
    }
    if (before === undefined || edges.weight[e]! > edges.weight[before]! || (edges.weight[e] === edges.weight[before] && orderOf(e, before, edges, records) < 0)) best.set(pair, e);
  }
  return [...best.values()]
    .map((e) => ({ e, ...inOrder(e, edges, records) }))
    .sort((x, y) => compareUtf8(records[x.a]!.key, records[y.a]!.key) || compareUtf8(records[x.b]!.key, records[y.b]!.key))
    .map(({ e, a, b }) => ({ a, b, probability: probabilityOf(edges.weight[e]!), reason: reasonOf(records[a]!, records[b]!, ambiguous.has(e) || edges.verdict[e] === EDGE.link) }));
}

function isRestricted(e: number, edges: EdgeList, records: readonly PersonFeatures[]): boolean {
  return records[edges.a[e]!]!.restricted || records[edges.b[e]!]!.restricted;
}

function inOrder(e: number, edges: EdgeList, records: readonly PersonFeatures[]): { a: number; b: number } {
  const a = edges.a[e]!;
  const b = edges.b[e]!;
  return compareUtf8(records[a]!.key, records[b]!.key) > 0 ? { a: b, b: a } : { a, b };
}

function orderOf(x: number, y: number, edges: EdgeList, records: readonly PersonFeatures[]): number {
  const p = inOrder(x, edges, records);
  const q = inOrder(y, edges, records);
  return compareUtf8(records[p.a]!.key, records[q.a]!.key) || compareUtf8(records[p.b]!.key, records[q.b]!.key);
}

function reasonOf(a: PersonFeatures, b: PersonFeatures, ambiguous: boolean): PotentialMatch['reason'] {
  if (a.id !== '' && a.id === b.id) return 'contestedId';
  if (hardNegative(a, b) === 'ids') return 'twoIds';
  return ambiguous ? 'ambiguous' : 'noWitness';
}
