import { blockingKeys, contextKeys, eachContextKey, eachKey, isCounted, KEY, levelOf, proposes, token } from './blocking.js';
import type { BlockingKey, KeyKind, KeyLevel } from './blocking.js';
import { KeyTable } from './key-table.js';
import type { PairScorer, PersonContext, ValueLevels, Verdict } from './pair-scorer.js';
import type { PersonFeatures } from './person-features.js';

/** Level of a key over the whole record set, for callers that hold only a part of it. */
export type LevelLookup = (key: BlockingKey) => KeyLevel;

/** Scored pairs worth keeping, as parallel arrays: positions of the records, match weight, verdict. */
export interface Edge {
  a: number;
  b: number;
  weight: number;
  verdict: Exclude<Verdict, 'none'>;
}

/** Pairs of an account without identity and a record that shares its phone. */
export interface Attachment {
  account: number;
  record: number;
}

export interface Candidates {
  edges: Edge[];
  attachments: Attachment[];
}

/** Levels of the counted values: asked of the caller, or counted over these records when they are the whole set. */
export function valueLevels(features: readonly PersonFeatures[], lookup: LevelLookup | undefined): ValueLevels {
  if (lookup !== undefined) {
    const ask = (kind: KeyKind) => memoised((value) => lookup({ kind, text: `${kind}:${value}` }));
    return { phone: ask(KEY.phone), place: ask(KEY.place), id: ask(KEY.citizenId) };
  }
  const counts = new Map<KeyKind, Map<string, string | Set<string>>>([[KEY.phone, new Map()], [KEY.place, new Map()], [KEY.citizenId, new Map()]]);
  for (const f of features) {
    const t = token(f);
    if (t === '') continue;
    eachKey(f, (kind, value) => {
      if (isCounted(kind)) count(counts.get(kind)!, value, t);
    });
  }
  const level = (kind: KeyKind) => (value: string): KeyLevel => {
    const seen = counts.get(kind)!.get(value);
    return levelOf(kind, 0, seen === undefined || typeof seen === 'string' ? 1 : seen.size);
  };
  return { phone: level(KEY.phone), place: level(KEY.place), id: level(KEY.citizenId) };
}

function count(tokens: Map<string, string | Set<string>>, value: string, t: string): void {
  const seen = tokens.get(value);
  if (seen === undefined) tokens.set(value, t);
  else if (typeof seen !== 'string') seen.add(t);
  else if (seen !== t) tokens.set(value, new Set([seen, t]));
}

function memoised(ask: (value: string) => KeyLevel): (value: string) => KeyLevel {
  const known = new Map<string, KeyLevel>();
  return (value) => {
    let l = known.get(value);
    if (l === undefined) known.set(value, (l = ask(value)));
    return l;
  };
}

/** Scores every pair that a blocking key proposes, once. */
export function proposePairs(features: readonly PersonFeatures[], scorer: PairScorer, levels: ValueLevels, lookup: LevelLookup | undefined): Candidates {
  const out: Candidates = { edges: [], attachments: [] };
  const seen = new PairSet(features.length);
  eachPersonBlock(features, lookup, levels, (kind, members, size) => {
    for (let i = 0; i < size; i++) {
      const a = members[i]!;
      for (let j = i + 1; j < size; j++) {
        const b = members[j]!;
        if (kind === KEY.phone) {
          if (features[a]!.attachable !== features[b]!.attachable) out.attachments.push(features[a]!.attachable ? { account: a, record: b } : { account: b, record: a });
          continue;
        }
        if (!seen.add(a, b)) continue;
        const verdict = scorer.score(features[a]!, features[b]!);
        if (verdict !== 'none') out.edges.push({ a, b, weight: scorer.weight, verdict });
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
  features: readonly PersonFeatures[], context: readonly (PersonContext | undefined)[], first: readonly Edge[], scorer: PairScorer, lookup: LevelLookup | undefined,
): Edge[] {
  const edges: Edge[] = [];
  const seen = new PairSet(features.length);
  const rescore = (a: number, b: number): void => {
    if (!seen.add(a, b)) return;
    const verdict = scorer.score(features[a]!, features[b]!, context[a], context[b]);
    if (verdict !== 'none') edges.push({ a, b, weight: scorer.weight, verdict });
  };
  for (const e of first) rescore(e.a, e.b);
  eachContextBlock(features, context, lookup, (members, size) => {
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) rescore(members[i]!, members[j]!);
  });
  return edges;
}

type BlockCallback = (kind: KeyKind, members: Uint32Array, size: number) => void;

function eachPersonBlock(features: readonly PersonFeatures[], lookup: LevelLookup | undefined, levels: ValueLevels, callback: BlockCallback): void {
  // A phone proposes only where an account without identity carries it, and a family or less shares it.
  const wanted = new Set<string>();
  for (const f of features) if (f.attachable && !f.test) for (const p of f.phones) if (levels.phone(p) <= 1) wanted.add(p);
  if (lookup === undefined) {
    const table = new KeyTable();
    features.forEach((f, i) => eachKey(f, (kind, value) => {
      if (kind === KEY.phone ? wanted.has(value) : proposes(kind)) table.add(i, kind, value);
    }));
    table.eachBlock((kind, members, size) => {
      if (size > 1 && (isCounted(kind) || levelOf(kind, size, 0) < 3)) callback(kind, members, size);
    });
    return;
  }
  const blocks = new Map<string, { key: BlockingKey; members: number[] }>();
  features.forEach((f, i) => {
    for (const key of blockingKeys(f)) {
      if (key.kind === KEY.phone ? wanted.has(key.text.slice(KEY.phone.length + 1)) : proposes(key.kind)) addTo(blocks, key, i);
    }
  });
  for (const { key, members } of blocks.values()) {
    if (members.length > 1 && (isCounted(key.kind) || lookup(key) < 3)) callback(key.kind, Uint32Array.from(members), members.length);
  }
}

function eachContextBlock(
  features: readonly PersonFeatures[], context: readonly (PersonContext | undefined)[], lookup: LevelLookup | undefined, callback: (members: Uint32Array, size: number) => void,
): void {
  if (lookup === undefined) {
    const table = new KeyTable();
    features.forEach((f, i) => {
      const c = context[i];
      if (c !== undefined) eachContextKey(f, c.kin, (kind, value) => table.add(i, kind, value));
    });
    table.eachBlock((kind, members, size) => {
      if (size > 1 && levelOf(kind, size, 0) < 3) callback(members, size);
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
  private slots = new Float64Array(1 << 16).fill(-1);
  private used = 0;

  constructor(private readonly n: number) {}

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
