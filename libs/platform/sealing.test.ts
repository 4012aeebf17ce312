import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Sealing } from './sealing.js';
import { deriveKey, ephemeralSealingKeys, loadSealingKeys } from './sealing-keys.js';
import { SipHash } from './sip-hash.js';

const keys = ephemeralSealingKeys();
const sealing = new Sealing(keys);
const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-keys-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('sealing', () => {
  it('opens what it sealed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (b) => sealing.open(sealing.seal(b)).equals(b)));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (s) => sealing.openText(sealing.seal(s)) === Buffer.from(s).toString()));
  });
  it('opens JSON on both sides of the deflate threshold', () => {
    for (const n of [0, 10, 2726, 2727, 2728, 5000]) {
      const value = { text: '住'.repeat(n) };
      expect(sealing.openJson(sealing.sealJson(value))).toEqual(value);
    }
    expect(sealing.sealJson({ text: 'a'.repeat(20_000) }).length).toBeLessThan(200);
  });
  it('never gives the same bytes twice', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => sealing.seal('x').toString('hex')));
    expect(seen.size).toBe(2000);
  });
  it('refuses a changed, cut or foreign text, the head included', () => {
    const sealed = sealing.seal('secret');
    for (let i = 0; i < sealed.length; i++) {
      const bad = Buffer.from(sealed);
      bad[i]! ^= 0x80;
      expect(() => sealing.open(bad)).toThrow('cannot be opened');
    }
    expect(() => sealing.open(sealed.subarray(0, 20))).toThrow('cannot be opened');
    expect(() => new Sealing(ephemeralSealingKeys()).open(sealed)).toThrow('cannot be opened');
  });
  it('opens texts of an older key after rotation', () => {
    const old = sealing.seal('secret');
    const rotated = new Sealing({ ...keys, current: 2, sealing: new Map([...keys.sealing, [2, new Uint8Array(32).fill(7)]]) });
    expect(rotated.openText(old)).toBe('secret');
    expect(rotated.seal('x')[0]).toBe(2);
    expect(rotated.ref('k', 'v')).toEqual(sealing.ref('k', 'v'));
  });
});

describe('blind index', () => {
  it('is HMAC-SHA-256 cut to 16 bytes', () => {
    const mac = deriveKey(keys.index, 'blind-index', 64);
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
      const expected = createHmac('sha256', mac).update(`kind\0${text}`).digest().subarray(0, 16);
      return sealing.ref('kind', text).equals(expected);
    }));
  });
  it('keeps kinds apart', () => {
    expect(sealing.ref('a', 'bc')).not.toEqual(sealing.ref('ab', 'c'));
  });
});

describe('keyed 64-bit hash', () => {
  it('is SipHash-2-4', () => {
    // Vectors of the reference implementation: key 00…0f, input 00…(n-1), output little endian.
    const sip = new SipHash(Uint8Array.from({ length: 16 }, (_, i) => i));
    const vectors: Record<number, string> = {
      0: '310e0edd47db6f72', 1: 'fd67dc93c539f874', 7: '37d1018bf50002ab', 8: '6224939a79f5f593', 15: 'e545be4961ca29a1', 63: '724506eb4c328a95',
    };
    for (const [n, expected] of Object.entries(vectors)) {
      sip.update(String.fromCharCode(...Array.from({ length: Number(n) }, (_, i) => i)));
      const out = Buffer.alloc(8);
      out.writeUInt32LE(sip.lo, 0);
      out.writeUInt32LE(sip.hi, 4);
      expect(out.toString('hex')).toBe(expected);
    }
  });
  it('gives one value in all its forms, for rare characters and long texts too', () => {
    for (const text of ['', '张伟', '𠀀', '住'.repeat(500), 'é\u{20000}x']) {
      const halves = new Uint32Array(2);
      sealing.hash64Into(text, halves, 0);
      expect(new BigInt64Array(halves.buffer)[0]).toBe(sealing.hash64(text));
      expect(BigInt.asIntN(32, sealing.hash64(text))).toBe(BigInt(sealing.token32(text)));
    }
    expect(sealing.hash64('é')).not.toBe(sealing.hash64('è'));
  });
});

describe('key file', () => {
  it('is created once, for its owner only', () => {
    const file = path.join(dir, 'keys.json');
    expect(() => loadSealingKeys(file, { create: false })).toThrow('cannot be read');
    const first = loadSealingKeys(file, { create: true });
    const second = loadSealingKeys(file, { create: true });
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.keys).toEqual(first.keys);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
  it('says what is wrong with it and is not replaced', () => {
    const file = path.join(dir, 'bad.json');
    writeFileSync(file, '{"version":1,"current":3,"sealing":{"1":"AAAA"},"index":""}');
    expect(() => loadSealingKeys(file, { create: true })).toThrow('32 bytes');
    expect(readFileSync(file, 'utf8')).toContain('AAAA');
  });
});
