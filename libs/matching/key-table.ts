import { KEY } from './blocking.js';
import type { KeyKind, KeyLevel } from './blocking.js';

/** Below this many keys an ordinary sort is faster than clearing the radix counters. */
const SMALL = 20_000;

const KINDS = Object.values(KEY);
const CODE_OF = new Map<KeyKind, number>(KINDS.map((k, i) => [k, i]));

/**
 * Blocking keys of many records as 64-bit hashes in two number arrays, sorted, so that a block is a run. Millions of
 * keys in 17 bytes each; a Map of strings took ten times that. Two texts collide once in 10^6 cities; a collision only
 * proposes a pair that scoring then refuses.
 */
export class KeyTable {
  private hi: Uint32Array;
  private lo: Uint32Array;
  private kind: Uint8Array;
  private record: Uint32Array;
  private n = 0;
  private readonly parts: [string, string, string, string] = ['', '', '', ''];
  private order = new Uint32Array(0);

  /** `expected` keys fit without growing: every growth of these arrays makes the collector walk the whole heap. */
  constructor(expected: number) {
    this.hi = new Uint32Array(expected);
    this.lo = new Uint32Array(expected);
    this.kind = new Uint8Array(expected);
    this.record = new Uint32Array(expected);
  }

  add(record: number, kind: KeyKind, part: string, second: string, third: string, fourth: string): void {
    if (this.n === this.hi.length) this.grow();
    const code = CODE_OF.get(kind)!;
    const p = this.parts;
    p[0] = part;
    p[1] = second;
    p[2] = third;
    p[3] = fourth;
    hashInto(code, p, this.hi, this.lo, this.n);
    this.kind[this.n] = code;
    this.record[this.n] = record;
    this.n += 1;
  }

  private grow(): void {
    const size = this.hi.length * 2 + 64;
    const larger = <T extends Uint32Array | Uint8Array>(old: T, fresh: T): T => (fresh.set(old), fresh);
    this.hi = larger(this.hi, new Uint32Array(size));
    this.lo = larger(this.lo, new Uint32Array(size));
    this.record = larger(this.record, new Uint32Array(size));
    this.kind = larger(this.kind, new Uint8Array(size));
  }

  /**
   * Calls back once a block with its records in `members[0..size)`, in no particular order. A record that carries a key
   * twice is in the block once. `members` is reused between calls.
   */
  eachBlock(callback: (kind: KeyKind, members: Uint32Array, size: number, hi: number, lo: number) => void): void {
    this.sort();
    const { hi, lo, record, order } = this;
    let members = new Uint32Array(64);
    for (let i = 0; i < this.n; ) {
      const at = order[i]!;
      let j = i;
      let size = 0;
      for (; j < this.n; j++) {
        const o = order[j]!;
        if (lo[o] !== lo[at] || hi[o] !== hi[at]) break;
        const r = record[o]!;
        if (size > 0 && members[size - 1] === r) continue;
        if (size === members.length) {
          const more = new Uint32Array(size * 2);
          more.set(members);
          members = more;
        }
        members[size++] = r;
      }
      callback(KINDS[this.kind[at]!]!, members, size, hi[at]!, lo[at]!);
      i = j;
    }
  }

  /** Least-significant-digit radix sort of positions by hash; stable, so a record's equal keys stay neighbours. */
  private sort(): void {
    let from = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) from[i] = i;
    if (this.n < SMALL) {
      this.order = from.sort((x, y) => this.hi[x]! - this.hi[y]! || this.lo[x]! - this.lo[y]! || x - y);
      return;
    }
    let to = new Uint32Array(this.n);
    const counts = new Uint32Array(65537);
    // 32 bits of `hi` and 16 of `lo` order the runs; the rest only has to be compared.
    for (const [words, shift] of [[this.lo, 0], [this.lo, 16], [this.hi, 0], [this.hi, 16]] as const) {
      counts.fill(0);
      for (let i = 0; i < this.n; i++) counts[((words[i]! >>> shift) & 0xffff) + 1]! += 1;
      for (let i = 1; i < 65537; i++) counts[i]! += counts[i - 1]!;
      for (let i = 0; i < this.n; i++) {
        const o = from[i]!;
        const digit = (words[o]! >>> shift) & 0xffff;
        to[counts[digit]!++] = o;
      }
      [from, to] = [to, from];
    }
    this.order = from;
  }
}

/** 64 bits of a key by two multiply-rotate lanes (after cyrb53); fast, not secret: nothing hashed here is stored. */
function hashInto(code: number, parts: readonly [string, string, string, string], hi: Uint32Array, lo: Uint32Array, at: number): void {
  let a = 0xdeadbeef ^ code;
  let b = 0x41c6ce57 ^ Math.imul(code, 0x9e3779b1);
  for (let p = 0; p < 4; p++) {
    const text = parts[p]!;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      a = Math.imul(a ^ c, 2654435761);
      b = Math.imul(b ^ c, 1597334677);
      b = (b << 5) | (b >>> 27);
    }
    a = Math.imul(a ^ 0x7c, 2654435761);
    b = Math.imul(b ^ 0x7c00, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  hi[at] = a;
  lo[at] = b;
}

/** Levels above 0 of counted keys, by hash; open addressing. */
export class LevelTable {
  private hi: Uint32Array;
  private lo: Uint32Array;
  private level: Uint8Array;
  private readonly probeHi = new Uint32Array(1);
  private readonly probeLo = new Uint32Array(1);
  private readonly parts: [string, string, string, string] = ['', '', '', ''];
  private used = 0;

  constructor() {
    this.hi = new Uint32Array(1 << 6);
    this.lo = new Uint32Array(1 << 6);
    this.level = new Uint8Array(1 << 6);
  }

  set(hi: number, lo: number, level: KeyLevel): void {
    if (this.used * 2 >= this.level.length) this.grow();
    const at = this.find(hi, lo);
    if (this.level[at] === 0) this.used += 1;
    this.hi[at] = hi;
    this.lo[at] = lo;
    this.level[at] = level;
  }

  get(kind: KeyKind, part: string, second = '', third = ''): KeyLevel {
    this.parts[0] = part;
    this.parts[1] = second;
    this.parts[2] = third;
    hashInto(CODE_OF.get(kind)!, this.parts, this.probeHi, this.probeLo, 0);
    return this.level[this.find(this.probeHi[0]!, this.probeLo[0]!)]! as KeyLevel;
  }

  private find(hi: number, lo: number): number {
    const mask = this.level.length - 1;
    let at = lo & mask;
    while (this.level[at] !== 0 && (this.lo[at] !== lo || this.hi[at] !== hi)) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { hi, lo, level } = this;
    this.hi = new Uint32Array(hi.length * 2);
    this.lo = new Uint32Array(hi.length * 2);
    this.level = new Uint8Array(hi.length * 2);
    this.used = 0;
    for (let i = 0; i < level.length; i++) if (level[i] !== 0) this.set(hi[i]!, lo[i]!, level[i]! as KeyLevel);
  }
}
