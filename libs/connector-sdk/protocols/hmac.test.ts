import { describe, expect, it } from '@jest/globals';
import { sm3 } from 'sm-crypto-v2';
import { Nonces, sign, verify } from './hmac.js';

const body = Buffer.from('[{"id":"1"}]');
const now = 1_774_953_000_000;
const SECRET = 'a shared secret';
const options = { secrets: [SECRET], now, maxAgeSeconds: 300 };

describe.each(['sm3', 'sha256'] as const)('requests signed with %s', (algorithm) => {
  const headers = sign(algorithm, SECRET, body, now);
  const check = (h: object, b: Uint8Array = body, o: object = {}): string => verify({ ...headers, ...h }, b, { algorithm, ...options, ...o });

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
    expect(() => check({}, body, { secrets: ['another', 'and another'] })).toThrow(wrong);
    expect(() => check({}, body, { secrets: [] })).toThrow(wrong);
    for (const header of ['x-timestamp', 'x-nonce', 'x-signature'] as const) expect(() => check({ [header]: `${headers[header]}, ${headers[header]}` })).toThrow(wrong);
  });

  it('pass with either value of a secret that is being changed', () => {
    expect(check({}, body, { secrets: ['the next one', SECRET] })).toBe(headers['x-nonce']);
    expect(check({}, body, { secrets: [SECRET, 'the old one'] })).toBe(headers['x-nonce']);
  });

  it('are refused unsigned or old', () => {
    expect(() => check({ 'x-signature': undefined })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_UNSIGNED' }));
    expect(() => check({}, body, { now: now + 301_000 })).toThrow(expect.objectContaining({ code: 'YICI_PUSH_TOO_OLD' }));
  });
});

describe('nonces', () => {
  it('tell a request that is sent again while its signature is good, and forget it after', () => {
    const nonces = new Nonces(300);
    expect([nonces.again('a', now), nonces.again('a', now + 1), nonces.again('b', now + 1), nonces.again('a', now + 599_000)]).toEqual([false, true, false, true]);
    expect(nonces.again('a', now + 601_000)).toBe(false);
  });

  it('are bounded: the oldest give way', () => {
    const nonces = new Nonces(300, 3);
    for (const nonce of ['a', 'b', 'c', 'd']) nonces.again(nonce, now);
    expect([nonces.again('a', now), nonces.again('d', now)]).toEqual([false, true]);
  });
});

it('the library and OpenSSL give the same HMAC-SM3', () => {
  const headers = sign('sm3', SECRET, body, now);
  const message = Buffer.concat([Buffer.from(`${headers['x-timestamp']}.${headers['x-nonce']}.`), body]);
  expect(sm3(message, { key: Buffer.from(SECRET), mode: 'hmac' })).toBe(headers['x-signature']);
});
