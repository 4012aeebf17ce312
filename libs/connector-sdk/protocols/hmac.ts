import { createHmac, getHashes, randomBytes, timingSafeEqual } from 'node:crypto';
import { sm3 } from 'sm-crypto-v2';
import { YiciError } from '#libs/kernel/errors';

export type HmacAlgorithm = 'sm3' | 'sha256';

/** Some builds of Node leave SM3 out of OpenSSL; the library is fifty times slower and gives the same. */
const NATIVE_SM3 = getHashes().includes('sm3');

/** Headers of a signed request: `X-Signature` = hex HMAC of `timestamp.nonce.body`. */
export interface SignedHeaders {
  'x-timestamp': string;
  'x-nonce': string;
  'x-signature': string;
}

function signature(algorithm: HmacAlgorithm, secret: string, timestamp: string, nonce: string, body: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.from(`${timestamp}.${nonce}.`, 'utf8'), body]);
  if (algorithm === 'sm3' && !NATIVE_SM3) return Buffer.from(sm3(message, { key: Buffer.from(secret, 'utf8'), mode: 'hmac' }), 'hex');
  return createHmac(algorithm, secret).update(message).digest();
}

/** Signs a body. `now` in milliseconds. */
export function sign(algorithm: HmacAlgorithm, secret: string, body: Uint8Array, now: number): SignedHeaders {
  const timestamp = String(now);
  const nonce = randomBytes(16).toString('hex');
  return { 'x-timestamp': timestamp, 'x-nonce': nonce, 'x-signature': signature(algorithm, secret, timestamp, nonce, body).toString('hex') };
}

export interface VerifyOptions {
  algorithm: HmacAlgorithm;
  /** Any of these; two while a secret is being changed. */
  secrets: readonly string[];
  /** Milliseconds. */
  now: number;
  maxAgeSeconds: number;
}

/**
 * Checks a signed request; header names in lower case, timestamp in seconds or milliseconds. Returns its nonce. A header that is
 * sent twice comes joined by a comma and fits no signature. Throws YICI_PUSH_UNSIGNED, YICI_PUSH_SIGNATURE_WRONG, YICI_PUSH_TOO_OLD.
 */
export function verify(headers: Readonly<Record<string, string | undefined>>, body: Uint8Array, o: VerifyOptions): string {
  const timestamp = headers['x-timestamp'] ?? '';
  const nonce = headers['x-nonce'] ?? '';
  const given = headers['x-signature'] ?? '';
  if (timestamp === '' || nonce === '' || given === '') {
    throw refused('YICI_PUSH_UNSIGNED', 'The request lacks X-Timestamp, X-Nonce or X-Signature.', 'Sign every request with the agreed secret.');
  }
  const got = /^[0-9a-fA-F]{64}$/.test(given) ? Buffer.from(given, 'hex') : Buffer.alloc(0);
  // Every secret is tried, so that the time tells nothing of which one fits.
  const fits = o.secrets.map((secret) => {
    const expected = signature(o.algorithm, secret, timestamp, nonce, body);
    return got.length === expected.length && timingSafeEqual(got, expected);
  });
  if (!fits.includes(true)) throw refused('YICI_PUSH_SIGNATURE_WRONG', 'The signature does not fit the request.', 'Check the secret and that the body is signed byte for byte.');
  const sent = /^\d{13}$/.test(timestamp) ? Number(timestamp) : /^\d{10}$/.test(timestamp) ? Number(timestamp) * 1000 : NaN;
  if (!(Math.abs(o.now - sent) <= o.maxAgeSeconds * 1000)) {
    throw refused('YICI_PUSH_TOO_OLD', `The request is signed more than ${o.maxAgeSeconds} seconds before or after now.`, 'Check the clock of the sending system.');
  }
  return nonce;
}

/** Nonces of the requests of late: tells a request that is sent again. Bounded; in the memory of one process. */
export class Nonces {
  private readonly seen = new Map<string, number>();

  /** `maxAgeSeconds`: how long a signature is taken, before and after its time. */
  constructor(private readonly maxAgeSeconds: number, private readonly most = 50_000) {}

  /** Whether this nonce was given before, within the time that its signature is good for; remembers it. `now` in milliseconds. */
  again(nonce: string, now: number): boolean {
    // A signature of the other side's future is good for twice the age.
    const gone = now - 2 * this.maxAgeSeconds * 1000;
    for (const [old, at] of this.seen) {
      if (at >= gone && this.seen.size < this.most) break;
      this.seen.delete(old);
    }
    const before = this.seen.has(nonce);
    if (!before) this.seen.set(nonce, now);
    return before;
  }
}

function refused(code: string, message: string, fix: string): YiciError {
  return new YiciError({ code, stage: 'receiving', message, fix });
}
