import { createHmac, getHashes, randomUUID, timingSafeEqual } from 'node:crypto';
import { sm3 } from 'sm-crypto-v2';

export type Hmac = 'sm3' | 'sha256';

const MAX_AGE_MS = 300_000;
const opensslHasSm3 = getHashes().includes('sm3');

function digest(algorithm: Hmac, secret: string, timestamp: string, nonce: string, body: Buffer): string {
  const text = Buffer.concat([Buffer.from(`${timestamp}.${nonce}.`), body]);
  return algorithm === 'sm3' && !opensslHasSm3 ? sm3(new Uint8Array(text), { key: new Uint8Array(Buffer.from(secret)), mode: 'hmac' }) : createHmac(algorithm,
    secret).update(text).digest('hex');
}

/** X-Timestamp, X-Nonce and X-Signature (hex HMAC of `timestamp.nonce.body`) for a request of the grid. */
export function signedHeaders(algorithm: Hmac, secret: string, body: Buffer, now: number): Record<string, string> {
  const timestamp = String(now);
  const nonce = randomUUID();
  return { 'X-Timestamp': timestamp, 'X-Nonce': nonce, 'X-Signature': digest(algorithm, secret, timestamp, nonce, body) };
}

/** Whether a request to the grid is signed with the agreed secret and no older than five minutes. */
export function isSigned(algorithm: Hmac, secret: string, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer, now: number): boolean {
  const [timestamp, nonce, given] = ['x-timestamp', 'x-nonce', 'x-signature'].map((h) => String(headers[h] ?? '')) as [string, string, string];
  if (!/^\d{10,13}$/.test(timestamp) || nonce === '' || !/^[0-9a-f]{64}$/i.test(given)) return false;
  const sent = timestamp.length === 10 ? Number(timestamp) * 1000 : Number(timestamp);
  return Math.abs(now - sent) <= MAX_AGE_MS && timingSafeEqual(Buffer.from(digest(algorithm, secret, timestamp, nonce, body), 'hex'), Buffer.from(given, 'hex'));
}
