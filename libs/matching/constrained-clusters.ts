import { compareUtf8 } from '#libs/kernel/hashing';
import type { Edge } from './candidate-pairs.js';
import { DisjointSets } from './components.js';
import type { Constraints } from './decisions.js';

/** What the clusterer must know of the things it clusters. */
export interface ClusterRules {
  keys: readonly { key: string }[];
  /** Whether two records can never be together, whatever else agrees. */
  conflict(a: number, b: number): boolean;
  constraints: Constraints;
  /** A rival this many bits weaker than the edge no longer makes it ambiguous. */
  margin: number;
}

/** Above this many records in a component, only its certain edges are used: an overgrown component is a sign of bad data. */
const LARGEST_COMPONENT = 4000;

export interface Clusters {
  /** Position of the member with the smallest record key, per record. */
  component: Int32Array;
  cluster: Int32Array;
  /** Edges that would have joined two clusters but were ambiguous. */
  ambiguous: Edge[];
}

/**
 * Deterministic constrained clustering, component by component: steward links first, then identity edges, then the rest,
 * each by falling weight (ties by record keys). An edge joins two clusters only if no pair across them conflicts and no
 * rival cluster, which could not be the same thing, pulls about as hard. The result does not depend on the order of the input.
 */
export function clusterEdges(n: number, edges: readonly Edge[], extra: readonly [number, number][], rules: ClusterRules): Clusters {
  const sets = new DisjointSets(n);
  const used = edges.filter((e) => e.verdict !== 'review');
  for (const e of used) sets.union(e.a, e.b);
  for (const [a, b] of rules.constraints.links) sets.union(a, b);
  for (const [a, b] of extra) sets.union(a, b);
  const byComponent = new Map<number, Edge[]>();
  for (const e of used) push(byComponent, sets.find(e.a), e);
  for (const [a, b] of rules.constraints.links) push(byComponent, sets.find(a), { a, b, weight: Infinity, verdict: 'identity' });
  const work = new Agglomeration(n, rules);
  for (const list of byComponent.values()) work.run(list);
  const component = new Int32Array(n);
  for (let i = 0; i < n; i++) component[i] = sets.find(i);
  return { component: labelled(component, rules.keys), cluster: labelled(work.clusterOf, rules.keys), ambiguous: work.ambiguous };
}

function push(map: Map<number, Edge[]>, key: number, e: Edge): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [e]);
  else list.push(e);
}

class Agglomeration {
  readonly clusterOf: Int32Array;
  readonly ambiguous: Edge[] = [];
  /** Members of each cluster that has more than one, by its representative. */
  private readonly members = new Map<number, number[]>();

  constructor(
    n: number,
    private readonly rules: ClusterRules,
  ) {
    this.clusterOf = new Int32Array(n);
    for (let i = 0; i < n; i++) this.clusterOf[i] = i;
  }

  run(edges: Edge[]): void {
    if (edges.length > 1) edges.sort((x, y) => this.order(x, y));
    const certainOnly = edges.length > LARGEST_COMPONENT;
    for (const e of edges) {
      const a = this.clusterOf[e.a]!;
      const b = this.clusterOf[e.b]!;
      if (a === b || (certainOnly && e.verdict !== 'identity')) continue;
      if (this.conflict(a, b, e.weight === Infinity)) continue;
      if (e.verdict === 'link' && edges.length > 1 && (this.rival(a, b, e, edges) || this.rival(b, a, e, edges))) {
        this.ambiguous.push(e);
        continue;
      }
      this.join(a, b);
    }
  }

  private order(x: Edge, y: Edge): number {
    if (x.verdict !== y.verdict) return x.verdict === 'identity' ? -1 : 1;
    if (x.weight !== y.weight) return y.weight - x.weight;
    const [x1, x2] = this.sortedKeys(x);
    const [y1, y2] = this.sortedKeys(y);
    return compareUtf8(x1, y1) || compareUtf8(x2, y2);
  }

  private sortedKeys(e: Edge): [string, string] {
    const a = this.rules.keys[e.a]!.key;
    const b = this.rules.keys[e.b]!.key;
    return compareUtf8(a, b) < 0 ? [a, b] : [b, a];
  }

  /** Whether anything forbids the two clusters to be one; a steward's link is stopped by a steward's no alone. */
  private conflict(a: number, b: number, decided: boolean): boolean {
    for (const x of this.membersOf(a)) {
      for (const y of this.membersOf(b)) {
        if (this.rules.constraints.any && this.rules.constraints.forbids(x, y)) return true;
        if (!decided && this.rules.conflict(x, y)) return true;
      }
    }
    return false;
  }

  /** Whether `a` is pulled about as hard to a third cluster that cannot be `b`. */
  private rival(a: number, b: number, edge: Edge, edges: readonly Edge[]): boolean {
    for (const e of edges) {
      if (e.verdict !== 'link' || e.weight < edge.weight - this.rules.margin) continue;
      const x = this.clusterOf[e.a]!;
      const y = this.clusterOf[e.b]!;
      const third = x === a ? y : y === a ? x : -1;
      if (third < 0 || third === a || third === b) continue;
      if (this.conflict(third, b, false) && !this.conflict(a, third, false)) return true;
    }
    return false;
  }

  private membersOf(c: number): readonly number[] {
    return this.members.get(c) ?? [c];
  }

  private join(a: number, b: number): void {
    const [keep, gone] = a < b ? [a, b] : [b, a];
    const kept = this.members.get(keep) ?? [keep];
    for (const m of this.membersOf(gone)) {
      kept.push(m);
      this.clusterOf[m] = keep;
    }
    this.members.set(keep, kept);
    this.members.delete(gone);
  }
}

/** Renames every set by its member with the smallest record key. */
export function labelled(setOf: Int32Array, keys: readonly { key: string }[]): Int32Array {
  const smallest = new Map<number, number>();
  const n = setOf.length;
  for (let i = 0; i < n; i++) {
    const s = setOf[i]!;
    const m = smallest.get(s);
    if (m === undefined || compareUtf8(keys[i]!.key, keys[m]!.key) < 0) smallest.set(s, i);
  }
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = smallest.get(setOf[i]!)!;
  return out;
}
