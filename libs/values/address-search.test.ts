import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Address } from '#libs/model/values';
import { readAddress } from './address.js';
import { addressSearchKeys, addressSearchTerms, isWithin } from './address-search.js';
import { Divisions } from './divisions.js';

const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n9901,望江市,city,,,,\n990101,白石区,district,9901,,,\n990101001,江边街道,street,990101,,,\n990101001001,船厂社区,community,990101001,,,\n990101001002,塔山社区,community,990101001,,,\n');
const read = (text: string): Address => readAddress(text, divisions)!;
/** As the search does it: a key in common, then every part. */
const finds = (typed: string, written: string): boolean => {
  const keys = new Set(addressSearchKeys(read(written)));
  return addressSearchTerms(read(typed)).some((t) => keys.has(t)) && isWithin(read(written), read(typed));
};

describe('an address is found', () => {
  it.each([
    ['幸福小区', '幸福小区3幢2单元301室'], ['幸福', '幸福小区3幢2单元301室'], ['幸福小区3栋', '幸福小区3幢2单元301室'], ['幸福三号楼二单元', '幸福小区3幢2单元301室'],
    ['幸福小区3-2-301', '白石区船厂社区幸福小区3幢2单元301室'], ['幸福小区3幢301室', '幸福小区3幢2单元301室'], ['幸福小区3幢2单元301室', '幸福小区3幢301室'],
    ['船厂社区幸福小区', '船厂社区幸福小区3幢'], ['船厂社区幸福小区', '幸福小区3幢'], ['幸福小区301室', '幸福小区301室'], ['幸福小区301室', '幸福小区3幢2单元301室'],
    ['中山路', '中山路153号3幢503室'], ['中山路153号', '中山路153号3幢503室'], ['中山路153号3幢503室', '中山路153号3幢503室'],
    ['北苑小区中山路153号3幢', '中山路153号北苑小区3幢503室'], ['中山路153号', '北苑小区中山路153号3幢503室'], ['北苑小区3幢', '北苑小区中山路153号3幢503室'],
    ['北苑小区中山路153号3幢503室', '北苑小区3幢503室'], ['马家村6组', '马家村6组12号'], ['马家村6组12号', '马家村6组12号'],
  ])('by %s: %s', (typed, written) => expect(finds(typed, written)).toBe(true));

  it.each([
    ['幸福小区', '幸福苑3幢'], ['幸福小区3幢', '幸福小区13幢301室'], ['幸福小区3幢2单元', '幸福小区3幢1单元301室'], ['幸福小区3幢2单元', '幸福小区3幢301室'], ['幸福小区3幢301室', '幸福小区3幢1301室'],
    ['幸福小区3幢2单元301室', '幸福小区3幢1单元301室'], ['塔山社区幸福小区', '船厂社区幸福小区3幢'], ['中山路153号', '中山路15号3幢'], ['中山路153号3幢', '中山路153号4幢'], ['中山路', '中山南路1号'],
    ['马家村6组12号', '马家村6组1号'], ['马家村6组', '马家村7组12号'], ['幸福小区3幢', '幸福小区'],
  ])('and not by %s: %s', (typed, written) => expect(finds(typed, written)).toBe(false));

  it('by any part of itself that names a place', () => {
    const part = (words: readonly string[]) => fc.option(fc.constantFrom(...words), { nil: undefined });
    const address = fc.record({ estate: part(['幸福小区', '北苑', '马家村6组']), road: part(['中山路', '白石大道']), number: part(['1', '15']), building: part(['3', '甲']), unit: part(['1', '2']), room: part(['301', '1301']) });
    const kept = fc.record({ building: fc.boolean(), unit: fc.boolean(), room: fc.boolean(), number: fc.boolean() });
    fc.assert(fc.property(address, kept, (parts, keep) => {
      const whole = { ...parts, raw: '' } as Address;
      const sought = { ...whole };
      for (const name of ['building', 'unit', 'room', 'number'] as const) if (!keep[name]) delete sought[name];
      const keys = new Set(addressSearchKeys(whole));
      const terms = addressSearchTerms(sought);
      expect(terms.every((t) => keys.has(t)) && (terms.length === 0 || isWithin(whole, sought))).toBe(true);
      expect(terms.length > 0).toBe(whole.estate !== undefined || whole.road !== undefined);
    }));
  });

  it('by no part that names none', () => {
    for (const typed of ['3幢301室', '船厂社区', '301']) expect(addressSearchTerms(read(typed))).toEqual([]);
  });
});
