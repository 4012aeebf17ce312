import { describe, expect, it } from '@jest/globals';
import { sm3 } from 'sm-crypto-v2';
import { sign, verify } from './hmac.js';

const body = Buffer.from('[{"id":"1"}]');
const now = 1_774_953_000_000;
const options = { secret: 'a shared secret', now, maxAgeSeconds: 300 } as const;

describe.each(['sm3', 'sha256'] as const)('requests signed with %s', (algorithm) => {
  const headers = sign(algorithm, options.secret, body, now);
  const check = (h: object, b: Uint8Array = body, o: object = {}): void => verify({ ...headers, ...h }, b, { algorithm, ...options, ...o });

  it('pass, and pass again when retried', () => {
    check({});
    check({ 'x-signature': headers['x-signature'].toUpperCase() });
  });

  it('are refused when anything signed has changed', () => {
    const wrong = expect.objectContaining({ code: 'YICI_PUSH_SIGNATURE_WRONG' });
    expect(() => check({}, Buffer.from('[{"id":"2"}]'))).toThrow(wrong);
    expect(() => check({ 'x-nonce': 'other' })).toThrow(wrong);
    expect(() => check({ 'x-timestamp': String(now + 1) })).toThrow(wrong);
    expect(() => check({ 'x-signature': '00' })).toThrow(wrong);
    expect(() => check({}, body, { secret: 'another' })).toThrow(wrong);
  });

  it('are refused unsigned or old', () => {
    expect(() => check({ 'x-signature': undefined })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_UNSIGNED' }));
    expect(() => check({}, body, { now: now + 301_000 })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_TOO_OLD' }));
  });
});

it('the library and OpenSSL give the same HMAC-SM3', () => {
  const headers = sign('sm3', options.secret, body, now);
  const message = Buffer.concat([Buffer.from(`${headers['x-timestamp']}.${headers['x-nonce']}.`), body]);
  expect(sm3(message, { key: Buffer.from(options.secret), mode: 'hmac' })).toBe(headers['x-signature']);
});
