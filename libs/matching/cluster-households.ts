import { eachKey, KEY, keyText, levelOf } from './blocking.js';
import type { BlockingKey, EmitKey } from './blocking.js';
import type { LevelLookup } from './candidate-pairs.js';
import { comparePlaces, PLACE_RELATION } from './compare-places.js';
import { compareNames, NAME } from './compare-names.js';
import { clusterEdges } from './constrained-clusters.js';
import { constraintsOf } from './decisions.js';
import type { Decision } from './decisions.js';
import { EdgeList } from './edge-list.js';
import type { HouseholdFeatures } from './household-features.js';
import { KeyTable } from './key-table.js';

export interface HouseholdInput {
  features: readonly HouseholdFeatures[];
  /** Labels of the person clusters of each household's members, each once. By position. */
  members: readonly (readonly string[])[];
  level?: LevelLookup;
  decisions: readonly Decision[];
}

export interface HouseholdClusters {
  component: Int32Array;
  cluster: Int32Array;
}

/** Points of evidence; a pair links at LINK. Members weigh most: a household is who is in it. */
const SHARED_MEMBER = 4;
const MOST_MEMBERS = 12;
const LONE_MEMBER = -1.5;
const SAME_HOME = 3;
const OTHER_HOME = -2;
const SAME_HEAD = 2.5;
const SAME_NUMBER = 8;
const LINK = 1;

/**
 * Stage two and four: households of one kind that are the same household. Kinds are never mixed, a system's own
 * numbers keep its households apart unless nearly all members agree, and a collective is only ever itself.
 */
export function clusterHouseholds(input: HouseholdInput): HouseholdClusters {
  const { features, members } = input;
  const edges = new EdgeList();
  const seen = new Set<number>();
  eachHouseholdBlock(input, (block, size) => {
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        const a = block[i]!;
        const b = block[j]!;
        const pair = Math.min(a, b) * features.length + Math.max(a, b);
        if (seen.has(pair)) continue;
        seen.add(pair);
        const weight = scoreHouseholds(features[a]!, features[b]!, members[a]!, members[b]!);
        if (weight >= LINK) edges.add(a, b, weight, 'link');
      }
    }
  });
  return clusterEdges(features.length, edges, [], {
    keys: features,
    conflict: (a, b) => cannotBeOne(features[a]!, features[b]!, members[a]!, members[b]!),
    constraints: constraintsOf(input.decisions, features),
    // Households change: the best partner wins, there is no tie to be afraid of.
    margin: -1,
  });
}

/** Points for and against two household records being one household; −∞ when they cannot be. */
export function scoreHouseholds(a: HouseholdFeatures, b: HouseholdFeatures, of: readonly string[], other: readonly string[]): number {
  if (cannotBeOne(a, b, of, other)) return -Infinity;
  let shared = 0;
  for (const m of of) if (other.includes(m)) shared += 1;
  const smaller = Math.min(of.length, other.length);
  let points = Math.min(MOST_MEMBERS, shared * SHARED_MEMBER) + (smaller - shared) * LONE_MEMBER + (Math.max(of.length, other.length) - smaller) * -0.5;
  if (a.number !== '' && a.number === b.number) points += SAME_NUMBER;
  if (a.place !== undefined && b.place !== undefined) {
    const home = comparePlaces(a.place, b.place);
    if (home >= PLACE_RELATION.tail) points += SAME_HOME;
    else if (home === PLACE_RELATION.other && a.place.fine && b.place.fine) points += OTHER_HOME;
  }
  if (a.headId !== '' && a.headId === b.headId) points += SAME_HEAD;
  else if (a.headName !== undefined && compareNames(a.headName, b.headName) === NAME.same) points += SAME_HEAD / 2;
  return points;
}

function cannotBeOne(a: HouseholdFeatures, b: HouseholdFeatures, of: readonly string[], other: readonly string[]): boolean {
  if (a.kind !== b.kind) return true;
  if (a.collective || b.collective) return !(a.collective && b.collective && a.number !== '' && a.number === b.number);
  if (a.system !== b.system) return false;
  // Two numbers of one system: one household entered twice shares nearly everybody, or lies whole inside the other at one address.
  let shared = 0;
  for (const m of of) if (other.includes(m)) shared += 1;
  if (shared === 0) return true;
  if (shared * 2 > Math.max(of.length, other.length)) return false;
  const sameHome = a.place !== undefined && b.place !== undefined && comparePlaces(a.place, b.place) >= PLACE_RELATION.tail;
  return shared < Math.min(of.length, other.length) || !sameHome;
}

function eachHouseholdBlock(input: HouseholdInput, callback: (members: ArrayLike<number>, size: number) => void): void {
  const { features, members, level } = input;
  const each = (emit: (i: number, ...key: Parameters<EmitKey>) => void): void => features.forEach((f, i) => {
    eachKey(f, (...key) => emit(i, ...key));
    if (!f.collective) for (const m of members[i]!) emit(i, KEY.member, f.kind, m, '', '');
  });
  if (level === undefined) {
    const table = new KeyTable(features.length * 6);
    each((i, ...key) => table.add(i, ...key));
    table.eachBlock((kind, block, size) => {
      if (size > 1 && levelOf(kind, size, 0) < 3) callback(block, size);
    });
    return;
  }
  const blocks = new Map<string, { key: BlockingKey; at: number[] }>();
  each((i, kind, ...parts) => {
    const text = keyText(kind, ...parts);
    const block = blocks.get(text);
    if (block === undefined) blocks.set(text, { key: { kind, text }, at: [i] });
    else if (block.at.at(-1) !== i) block.at.push(i);
  });
  for (const { key, at } of blocks.values()) if (at.length > 1 && level(key) < 3) callback(at, at.length);
}
