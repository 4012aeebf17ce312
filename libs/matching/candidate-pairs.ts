import { contextKeys, eachContextKey, eachCountedKey, eachKeyOf, isCounted, KEY, keyText, levelOf, proposes, token } from './blocking.js';
import type { BlockingKey, KeyKind, KeyLevel } from './blocking.js';
import { EDGE, EdgeList } from './edge-list.js';
import { KeyTable, LevelTable } from './key-table.js';
import type { PersonContext } from './compare-families.js';
import type { PairScorer, ValueLevels } from './pair-scorer.js';
import type { PersonFeatures } from './person-features.js';

/** Level of a key over the whole record set, for callers that hold only a part of it. */
export type LevelLookup = (key: BlockingKey) => KeyLevel;

/** Pairs of an account without identity and a record that shares its phone. */
export interface Attachment {
  account: number;
  record: number;
}

export interface Candidates {
  edges: EdgeList;
  attachments: Attachment[];
}

/** Levels of the counted values: asked of the caller, or counted over these records when they are the whole set. */
export function valueLevels(features: readonly PersonFeatures[], lookup: LevelLookup | undefined): ValueLevels {
  if (lookup !== undefined) {
    const known = new Map<string, KeyLevel>();
    return { of: (kind, part, second = '', third = '') => {
      const text = keyText(kind, part, second, third);
      let l = known.get(text);
      if (l === undefined) known.set(text, (l = lookup({ kind, text })));
      return l;
    } };
  }
  const keys = new KeyTable(features.length * 5);
  features.forEach((f, i) => {
    if (token(f) !== '') eachCountedKey(f, (kind, a, b, c, d) => keys.add(i, kind, a, b, c, d));
  });
  const levels = new LevelTable();
  keys.eachBlock((kind, members, size, hi, lo) => {
    const level = size < 2 ? 0 : levelOf(kind, size, distinctTokens(features, members, size));
    if (level > 0) levels.set(hi, lo, level);
  });
  return { of: (kind, part, second, third) => levels.get(kind, part, second, third) };
}

/** Distinct people of a block, counted up to 41: no level lies above. */
function distinctTokens(features: readonly PersonFeatures[], members: Uint32Array, size: number): number {
  const seen: string[] = [];
  for (let i = 0; i < size && seen.length < 41; i++) {
    const t = token(features[members[i]!]!);
    if (!seen.includes(t)) seen.push(t);
  }
  return seen.length;
}

/** Scores every pair that a blocking key proposes, once. */
export function proposePairs(features: readonly PersonFeatures[], scorer: PairScorer, levels: ValueLevels, lookup: LevelLookup | undefined): Candidates {
  const out: Candidates = { edges: new EdgeList(), attachments: [] };
  const seen = new PairSet(features.length);
  eachPersonBlock(features, lookup, levels, (kind, members, size) => {
    for (let i = 0; i < size; i++) {
      const a = members[i]!;
      for (let j = i + 1; j < size; j++) {
        const b = members[j]!;
        if (kind === KEY.phone) {
          if (features[a]!.attachable === features[b]!.attachable) continue;
          const [account, record] = features[a]!.attachable ? [a, b] : [b, a];
          // A restricted record pulls nobody: the account would tell of it.
          if (!features[record]!.restricted) out.attachments.push({ account, record });
          continue;
        }
        if (!seen.add(a, b)) continue;
        const verdict = scorer.score(features[a]!, features[b]!);
        if (verdict !== 'none') out.edges.add(a, b, scorer.weight, verdict);
      }
    }
  });
  return out;
}

/**
 * The third stage: first-stage edges scored again with household evidence, and the pairs that only their families
 * bring together.
 */
export function proposeWithContext(
  features: readonly PersonFeatures[], context: readonly (PersonContext | undefined)[], first: EdgeList, scorer: PairScorer, lookup: LevelLookup | undefined,
): EdgeList {
  const edges = new EdgeList();
  const seen = new PairSet(features.length);
  const rescore = (a: number, b: number): void => {
    if (!seen.add(a, b)) return;
    const verdict = scorer.score(features[a]!, features[b]!, context[a], context[b]);
    if (verdict !== 'none') edges.add(a, b, scorer.weight, verdict);
  };
  for (let i = 0; i < first.size; i++) {
    // A number decides alone: most edges are spared a second look.
    if (first.verdict[i] === EDGE.identity) {
      if (seen.add(first.a[i]!, first.b[i]!)) edges.add(first.a[i]!, first.b[i]!, first.weight[i]!, 'identity');
    } else rescore(first.a[i]!, first.b[i]!);
  }
  eachContextBlock(features, context, lookup, (members, size) => {
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) rescore(members[i]!, members[j]!);
  });
  return edges;
}

/** Records of a block that count: restricted ones make no block too large for the others. */
function countedSize(features: readonly PersonFeatures[], members: Uint32Array, size: number): number {
  let counted = size;
  for (let i = 0; i < size; i++) if (features[members[i]!]!.restricted) counted -= 1;
  return counted;
}

type BlockCallback = (kind: KeyKind, members: Uint32Array, size: number) => void;

function eachPersonBlock(features: readonly PersonFeatures[], lookup: LevelLookup | undefined, levels: ValueLevels, callback: BlockCallback): void {
  // A phone proposes only where an account without identity carries it, and a family or less shares it.
  const wanted = new Set<string>();
  for (const f of features) if (f.attachable && !f.test) for (const p of f.phones) if (levels.of(KEY.phone, p) <= 1) wanted.add(p);
  if (lookup === undefined) {
    const table = new KeyTable(features.length * 16);
    features.forEach((f, i) => eachKeyOf(f, (kind, a, b, c, d) => {
      if (kind === KEY.phone ? wanted.has(a) : proposes(kind)) table.add(i, kind, a, b, c, d);
    }));
    table.eachBlock((kind, members, size) => {
      if (size > 1 && (isCounted(kind) || levelOf(kind, countedSize(features, members, size), 0) < 3)) callback(kind, members, size);
    });
    return;
  }
  const blocks = new Map<string, { key: BlockingKey; members: number[] }>();
  features.forEach((f, i) => {
    eachKeyOf(f, (kind, a, b, c, d) => {
      if (kind === KEY.phone ? wanted.has(a) : proposes(kind)) addTo(blocks, { kind, text: keyText(kind, a, b, c, d) }, i);
    });
  });
  for (const { key, members } of blocks.values()) {
    if (members.length > 1 && (isCounted(key.kind) || lookup(key) < 3)) callback(key.kind, Uint32Array.from(members), members.length);
  }
}

function eachContextBlock(
  features: readonly PersonFeatures[], context: readonly (PersonContext | undefined)[], lookup: LevelLookup | undefined, callback: (members: Uint32Array, size: number) => void,
): void {
  if (lookup === undefined) {
    const table = new KeyTable(features.length * 5);
    features.forEach((f, i) => {
      const c = context[i];
      if (c !== undefined) eachContextKey(f, c.kin, (kind, p, q, r, s) => table.add(i, kind, p, q, r, s));
    });
    table.eachBlock((kind, members, size) => {
      if (size > 1 && levelOf(kind, countedSize(features, members, size), 0) < 3) callback(members, size);
    });
    return;
  }
  const blocks = new Map<string, { key: BlockingKey; members: number[] }>();
  features.forEach((f, i) => {
    const c = context[i];
    if (c !== undefined) for (const key of contextKeys(f, c.kin)) addTo(blocks, key, i);
  });
  for (const { key, members } of blocks.values()) if (members.length > 1 && lookup(key) < 3) callback(Uint32Array.from(members), members.length);
}

function addTo(blocks: Map<string, { key: BlockingKey; members: number[] }>, key: BlockingKey, i: number): void {
  const block = blocks.get(key.text);
  if (block === undefined) blocks.set(key.text, { key, members: [i] });
  else if (block.members.at(-1) !== i) block.members.push(i);
}

/** Pairs already met: an open-addressing table of a·n+b, exact up to n = 9·10^7. */
class PairSet {
  private slots: Float64Array;
  private used = 0;

  constructor(private readonly n: number) {
    // Three pairs a record, half full.
    this.slots = new Float64Array(2 ** Math.ceil(Math.log2(n * 6 + 64))).fill(-1);
  }

  /** False when the pair was there. */
  add(a: number, b: number): boolean {
    const key = a < b ? a * this.n + b : b * this.n + a;
    if (this.used * 2 > this.slots.length) this.grow();
    const at = this.find(key);
    if (this.slots[at] === key) return false;
    this.slots[at] = key;
    this.used += 1;
    return true;
  }

  private find(key: number): number {
    const mask = this.slots.length - 1;
    let at = (Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 4294967296) | 0, 0x85ebca6b)) >>> 0;
    at = (at ^ (at >>> 15)) & mask;
    while (this.slots[at]! >= 0 && this.slots[at] !== key) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Float64Array(old.length * 2).fill(-1);
    for (const key of old) if (key >= 0) this.slots[this.find(key)] = key;
  }
}
