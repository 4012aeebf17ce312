/**
 * SipHash-2-4 (Aumasson, Bernstein 2012), a keyed 64-bit pseudo-random function for short texts, over UTF-8.
 * Why not HMAC-SHA-256: a bulk load hashes ten blocking keys a record; one call here takes a quarter of the time of node's
 * fastest SHA-256, because no native call is made. Written with 32-bit halves: BigInt arithmetic is 30 times slower.
 */
export class SipHash {
  /** Result of the last call of {@link update}, as unsigned 32-bit halves. */
  hi = 0;
  lo = 0;
  private readonly k: Int32Array;
  private buffer = Buffer.allocUnsafe(256);

  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError('SipHash takes a key of 16 bytes.');
    const view = new DataView(key.buffer, key.byteOffset, 16);
    this.k = Int32Array.from([0, 4, 8, 12].map((at) => view.getInt32(at, true)));
  }

  /** Hashes a text; the result stands in `hi` and `lo` until the next call. */
  update(text: string): void {
    if (text.length * 3 > this.buffer.length) this.buffer = Buffer.allocUnsafe(text.length * 6);
    const b = this.buffer;
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c < 0x80) b[length++] = c;
      else if (c < 0x800) {
        b[length++] = 0xc0 | (c >> 6);
        b[length++] = 0x80 | (c & 0x3f);
      } else if (c >= 0xd800 && c <= 0xdfff) {
        length = b.write(text, 'utf8');
        break;
      } else {
        b[length++] = 0xe0 | (c >> 12);
        b[length++] = 0x80 | ((c >> 6) & 0x3f);
        b[length++] = 0x80 | (c & 0x3f);
      }
    }
    this.hash(b, length);
  }

  private hash(b: Uint8Array, length: number): void {
    const k = this.k;
    const s = state;
    s[0] = k[0]! ^ 0x70736575; s[1] = k[1]! ^ 0x736f6d65;
    s[2] = k[2]! ^ 0x6e646f6d; s[3] = k[3]! ^ 0x646f7261;
    s[4] = k[0]! ^ 0x6e657261; s[5] = k[1]! ^ 0x6c796765;
    s[6] = k[2]! ^ 0x79746573; s[7] = k[3]! ^ 0x74656462;
    const whole = length & ~7;
    for (let at = 0; at < whole; at += 8) {
      const lo = b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
      const hi = b[at + 4]! | (b[at + 5]! << 8) | (b[at + 6]! << 16) | (b[at + 7]! << 24);
      s[6]! ^= lo; s[7]! ^= hi;
      rounds(2);
      s[0]! ^= lo; s[1]! ^= hi;
    }
    let lo = 0;
    let hi = (length & 0xff) << 24;
    for (let i = 0, at = whole; at < length; at++, i++) {
      if (i < 4) lo |= b[at]! << (8 * i);
      else hi |= b[at]! << (8 * (i - 4));
    }
    s[6]! ^= lo; s[7]! ^= hi;
    rounds(2);
    s[0]! ^= lo; s[1]! ^= hi;
    s[4]! ^= 0xff;
    rounds(4);
    this.lo = (s[0]! ^ s[2]! ^ s[4]! ^ s[6]!) >>> 0;
    this.hi = (s[1]! ^ s[3]! ^ s[5]! ^ s[7]!) >>> 0;
  }
}

/** v0…v3 as low, high halves. Shared: hashing is synchronous and not re-entrant. */
const state = new Int32Array(8);

function rounds(count: number): void {
  let a = state[0]!, A = state[1]!, b = state[2]!, B = state[3]!, c = state[4]!, C = state[5]!, d = state[6]!, D = state[7]!;
  for (let i = 0; i < count; i++) {
    let t = (a >>> 0) + (b >>> 0);
    a = t | 0; A = (A + B + (t > 0xffffffff ? 1 : 0)) | 0;
    t = (b << 13) | (B >>> 19); B = (B << 13) | (b >>> 19); b = t ^ a; B ^= A;
    t = a; a = A; A = t;
    t = (c >>> 0) + (d >>> 0);
    c = t | 0; C = (C + D + (t > 0xffffffff ? 1 : 0)) | 0;
    t = (d << 16) | (D >>> 16); D = (D << 16) | (d >>> 16); d = t ^ c; D ^= C;
    t = (a >>> 0) + (d >>> 0);
    a = t | 0; A = (A + D + (t > 0xffffffff ? 1 : 0)) | 0;
    t = (d << 21) | (D >>> 11); D = (D << 21) | (d >>> 11); d = t ^ a; D ^= A;
    t = (c >>> 0) + (b >>> 0);
    c = t | 0; C = (C + B + (t > 0xffffffff ? 1 : 0)) | 0;
    t = (b << 17) | (B >>> 15); B = (B << 17) | (b >>> 15); b = t ^ c; B ^= C;
    t = c; c = C; C = t;
  }
  state[0] = a; state[1] = A; state[2] = b; state[3] = B; state[4] = c; state[5] = C; state[6] = d; state[7] = D;
}
