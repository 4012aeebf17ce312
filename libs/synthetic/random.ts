/**
 * The generator's own random numbers: sfc32 (Chris Doty-Humphrey, PractRand), seeded from text by xmur3, so that one seed gives the same city on any machine. Not for cryptography.
 * Streams are forked by name: drawing more numbers for one system never shifts what another system sees.
 */
export class Rng {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(private readonly seed: string) {
    let h = 1779033703 ^ seed.length;
    const word = (): number => {
      h = Math.imul(h ^ (h >>> 16), 2246822507);
      h = Math.imul(h ^ (h >>> 13), 3266489909);
      h ^= h >>> 16;
      return h | 0;
    };
    for (let i = 0; i < seed.length; i++) {
      h = Math.imul(h ^ seed.charCodeAt(i), 3432918353);
      h = (h << 13) | (h >>> 19);
    }
    this.a = word();
    this.b = word();
    this.c = word();
    this.d = word();
    for (let i = 0; i < 12; i++) this.next();
  }

  /** An independent stream named after its use. Does not advance this one. */
  fork(name: string): Rng {
    return new Rng(`${this.seed}/${name}`);
  }

  /** Uniform in [0, 1) with 32 bits. */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return (t >>> 0) / 4294967296;
  }

  /** Uniform integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Uniform integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }

  digits(n: number): string {
    let s = '';
    for (let i = 0; i < n; i++) s += this.int(10);
    return s;
  }

  /** A lower-case version 4 UUID. */
  uuid(): string {
    const hex = (n: number): string => Array.from({ length: n }, () => this.int(16).toString(16)).join('');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[this.int(4)]}${hex(3)}-${hex(12)}`;
  }
}

/** Draws items in proportion to their weights; O(log n) a draw. */
export class Weighted<T> {
  private readonly items: T[] = [];
  private readonly upTo: number[] = [];
  private total = 0;

  constructor(pairs: Iterable<readonly [T, number]>) {
    for (const [item, weight] of pairs) {
      this.total += weight;
      this.items.push(item);
      this.upTo.push(this.total);
    }
  }

  draw(rng: Rng): T {
    const x = rng.next() * this.total;
    let low = 0;
    let high = this.upTo.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.upTo[mid]! > x) high = mid;
      else low = mid + 1;
    }
    return this.items[low]!;
  }
}

/** Mints numbers of a fixed width that look random and never repeat: x → (a·x + b) mod 10^width, with a coprime to 10. */
export class KeyMint {
  private count = 0;
  private readonly a: bigint;
  private readonly b: bigint;
  private readonly modulus: bigint;

  constructor(rng: Rng, private readonly width: number) {
    this.modulus = 10n ** BigInt(width);
    let a = this.modulus / 4n + BigInt(rng.digits(width)) / 2n;
    while (a % 2n === 0n || a % 5n === 0n) a += 1n;
    this.a = a;
    this.b = BigInt(rng.digits(width));
  }

  next(): string {
    const x = (this.a * BigInt(this.count++) + this.b) % this.modulus;
    return x.toString().padStart(this.width, '0');
  }
}
