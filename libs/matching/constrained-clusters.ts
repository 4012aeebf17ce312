import { compareUtf8 } from '#libs/kernel/hashing';
import { DisjointSets } from './components.js';
import type { Constraints } from './decisions.js';
import { EDGE } from './edge-list.js';
import type { EdgeList } from './edge-list.js';

/** What the clusterer must know of the things it clusters. */
export interface ClusterRules {
  keys: readonly { key: string }[];
  /** Whether two records can never be together, whatever else agrees. */
  conflict(a: number, b: number): boolean;
  /** Whether an edge says nothing of the names; then no two records across may bear one number under unrelated names. */
  nameless?(a: number, b: number): boolean;
  contested?(a: number, b: number): boolean;
  constraints: Constraints;
  /** Records that join what the others made among themselves, and never join two of them. */
  follows?(i: number): boolean;
  /** A rival this many bits weaker than the edge no longer makes it ambiguous. */
  margin: number;
}

/** Above this many records in a component, only its certain edges are used: an overgrown component is a sign of bad data. */
const LARGEST_COMPONENT = 4000;

export interface Clusters {
  /** Position of the member with the smallest record key, per record. */
  component: Int32Array;
  cluster: Int32Array;
  /** Positions of edges that would have joined two clusters but were ambiguous. */
  ambiguous: Set<number>;
}

/**
 * Deterministic constrained clustering, component by component: steward links first, then identity edges, then the rest,
 * each by falling weight (ties by record keys). An edge joins two clusters only if no pair across them conflicts and no
 * rival cluster, which could not be the same thing, pulls about as hard. The result does not depend on the order of the input.
 */
export function clusterEdges(n: number, edges: EdgeList, extra: readonly (readonly [number, number])[], rules: ClusterRules): Clusters {
  const sets = new DisjointSets(n);
  for (let e = 0; e < edges.size; e++) if (edges.verdict[e] !== EDGE.review) sets.union(edges.a[e]!, edges.b[e]!);
  for (const [a, b] of rules.constraints.links) sets.union(a, b);
  for (const [a, b] of extra) sets.union(a, b);
  const work = new Agglomeration(n, edges, rules);
  const follows = (i: number): boolean => rules.follows?.(i) === true;
  const followed = rules.constraints.links.filter(([a, b]) => follows(a) || follows(b));
  for (const [a, b] of rules.constraints.links) if (!follows(a) && !follows(b)) work.decide(a, b);
  if (!anyFollows(n, rules)) {
    eachComponent(n, edges, sets, (list) => work.run(list));
  } else {
    const withFollower = (e: number): boolean => follows(edges.a[e]!) || follows(edges.b[e]!);
    eachComponent(n, edges, sets, (list) => work.run(list.filter((e) => !withFollower(e))));
    work.leadersAreDone();
    for (const [a, b] of followed) work.decide(a, b);
    eachComponent(n, edges, sets, (list) => work.run(list.filter(withFollower)));
  }
  const component = new Int32Array(n);
  for (let i = 0; i < n; i++) component[i] = sets.find(i);
  return { component: labelled(component, rules.keys), cluster: labelled(work.clusterOf, rules.keys), ambiguous: work.ambiguous };
}

function anyFollows(n: number, { follows }: ClusterRules): boolean {
  if (follows !== undefined) for (let i = 0; i < n; i++) if (follows(i)) return true;
  return false;
}

/** Positions of the edges that may join, component by component; a counting sort by component root. */
function eachComponent(n: number, edges: EdgeList, sets: DisjointSets, callback: (list: Uint32Array) => void): void {
  const start = new Uint32Array(n + 1);
  for (let e = 0; e < edges.size; e++) if (edges.verdict[e] !== EDGE.review) start[sets.find(edges.a[e]!) + 1]! += 1;
  for (let i = 1; i <= n; i++) start[i]! += start[i - 1]!;
  const at = start.slice();
  const order = new Uint32Array(start[n]!);
  for (let e = 0; e < edges.size; e++) if (edges.verdict[e] !== EDGE.review) order[at[sets.find(edges.a[e]!)]!++] = e;
  for (let i = 0; i < n; i++) if (start[i + 1]! > start[i]!) callback(order.subarray(start[i]!, start[i + 1]!));
}

class Agglomeration {
  readonly clusterOf: Int32Array;
  readonly ambiguous = new Set<number>();
  /** Members of each cluster that has more than one, by its representative. */
  private readonly members = new Map<number, number[]>();
  /** Clusters that hold a record which follows none, once those are done: no two of them are joined any more. */
  private led: Set<number> | undefined;

  constructor(
    n: number,
    private readonly edges: EdgeList,
    private readonly rules: ClusterRules,
  ) {
    this.clusterOf = new Int32Array(n);
    for (let i = 0; i < n; i++) this.clusterOf[i] = i;
  }

  leadersAreDone(): void {
    this.led = new Set();
    for (let i = 0; i < this.clusterOf.length; i++) if (this.rules.follows?.(i) !== true) this.led.add(this.clusterOf[i]!);
  }

  private bothLed(a: number, b: number): boolean {
    return this.led !== undefined && this.led.has(a) && this.led.has(b);
  }

  /** Obeys a steward's link, before any edge; a steward's no alone stops it. */
  decide(a: number, b: number): void {
    const x = this.clusterOf[a]!;
    const y = this.clusterOf[b]!;
    if (x !== y && !this.forbidden(x, y) && !this.bothLed(x, y)) this.join(x, y);
  }

  run(list: Uint32Array): void {
    if (list.length > 1) list.sort((x, y) => this.order(x, y));
    const { edges } = this;
    const certainOnly = list.length > LARGEST_COMPONENT;
    for (const e of list) {
      const a = this.clusterOf[edges.a[e]!]!;
      const b = this.clusterOf[edges.b[e]!]!;
      const certain = edges.verdict[e] === EDGE.identity;
      if (a === b || (certainOnly && !certain)) continue;
      if (this.bothLed(a, b) || this.conflict(a, b) || this.bridges(e, a, b)) continue;
      if (!certain && list.length > 1 && (this.rival(a, b, e, list) || this.rival(b, a, e, list))) {
        this.ambiguous.add(e);
        continue;
      }
      this.join(a, b);
    }
  }

  private order(x: number, y: number): number {
    const { verdict, weight } = this.edges;
    if (verdict[x] !== verdict[y]) return verdict[x]! - verdict[y]!;
    if (weight[x] !== weight[y]) return weight[y]! - weight[x]!;
    return compareUtf8(this.key(x, true), this.key(y, true)) || compareUtf8(this.key(x, false), this.key(y, false));
  }

  /** Smaller or larger record key of an edge. */
  private key(e: number, smaller: boolean): string {
    const a = this.rules.keys[this.edges.a[e]!]!.key;
    const b = this.rules.keys[this.edges.b[e]!]!.key;
    return compareUtf8(a, b) < 0 === smaller ? a : b;
  }

  /** Whether an edge that says nothing of the names would join two people who bear one number (重号). */
  private bridges(e: number, a: number, b: number): boolean {
    const { nameless, contested } = this.rules;
    if (nameless === undefined || contested === undefined || !nameless(this.edges.a[e]!, this.edges.b[e]!)) return false;
    for (const x of this.membersOf(a)) for (const y of this.membersOf(b)) if (contested(x, y)) return true;
    return false;
  }

  private forbidden(a: number, b: number): boolean {
    if (!this.rules.constraints.any) return false;
    for (const x of this.membersOf(a)) for (const y of this.membersOf(b)) if (this.rules.constraints.forbids(x, y)) return true;
    return false;
  }

  /** Whether anything forbids the two clusters to be one. */
  private conflict(a: number, b: number): boolean {
    if (this.forbidden(a, b)) return true;
    for (const x of this.membersOf(a)) for (const y of this.membersOf(b)) if (this.rules.conflict(x, y)) return true;
    return false;
  }

  /** Whether `a` is pulled about as hard to a third cluster that cannot be `b`. */
  private rival(a: number, b: number, edge: number, list: Uint32Array): boolean {
    const { edges } = this;
    const least = edges.weight[edge]! - this.rules.margin;
    for (const e of list) {
      if (edges.verdict[e] !== EDGE.link) continue;
      // Edges come by falling weight.
      if (edges.weight[e]! < least) break;
      const x = this.clusterOf[edges.a[e]!]!;
      const y = this.clusterOf[edges.b[e]!]!;
      const third = x === a ? y : y === a ? x : -1;
      if (third < 0 || third === a || third === b) continue;
      if (this.conflict(third, b) && !this.conflict(a, third)) return true;
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
    if (this.led?.has(gone) === true) this.led.add(keep);
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
