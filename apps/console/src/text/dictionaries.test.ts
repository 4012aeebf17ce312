import { describe, expect, it } from '@jest/globals';
import { EN } from './en.js';
import { ZH, type TextKey } from './zh.js';

const keys = Object.keys(ZH) as TextKey[];

describe('the two dictionaries', () => {
  it('have the same keys, none empty', () => {
    expect(Object.keys(EN).sort()).toEqual([...keys].sort());
    expect([...Object.values(ZH), ...Object.values(EN)].filter((text) => text.trim() === '')).toEqual([]);
  });

  it('take the same values', () => {
    const taken = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
    expect(keys.filter((key) => taken(ZH[key]).join() !== taken(EN[key]).join())).toEqual([]);
  });

  it('speak their own language', () => {
    // The toggle names the other language; addresses are Chinese in both; some texts are signs alone.
    const foreign = new Set<TextKey>(['nav.language', 'nav.languageLabel', 'entry.addressExample', 'value.building', 'value.unit', 'value.room', 'value.number', 'value.list', 'value.note', 'value.detail', 'value.details']);
    expect(keys.filter((key) => !foreign.has(key) && /\p{Script=Han}/u.test(EN[key]))).toEqual([]);
    expect(keys.filter((key) => !foreign.has(key) && !/\p{Script=Han}/u.test(ZH[key]))).toEqual([]);
  });
});
