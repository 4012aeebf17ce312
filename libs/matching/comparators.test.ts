import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Divisions } from '#libs/values/divisions';
import { readAddress } from '#libs/values/address';
import { readName } from '#libs/values/person-name';
import { BIRTH, compareDates } from './birth-dates.js';
import { compareNames, NAME } from './compare-names.js';
import { comparePlaces, PLACE_RELATION } from './compare-places.js';
import { lunarReading } from './lunar-reading.js';
import { looksLegal, nameFeatures } from './name-features.js';
import { nicknameFit } from './nickname-fit.js';
import { placeFeatures, placeOfDwellingCode } from './place-features.js';
import { editDistance, jaroWinkler } from './string-distance.js';

const name = (text: string, cut = false) => nameFeatures(readName(text, cut ? { cut: true } : undefined).name)!;
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n9901,望江市,city,,1983-07-01,,\n990101,白石区,district,9901,2000-01-01,,\n990101001,玉带街道,street,990101,2000-01-01,,\n990101001001,杨家社区,community,990101001,2001-01-01,,\n');
const place = (text: string) => placeFeatures(readAddress(text, divisions))!;

describe('names', () => {
  it.each([
    ['张伟强', '張偉強', NAME.same], ['张伟强', '张 伟强', NAME.same], ['买买提·艾力', '买买提艾力', NAME.same],
    ['张佳怡', '张嘉怡', NAME.homophone], ['张伟强', '张强伟', NAME.transposed], ['王未来', '王末来', NAME.shape], ['苏妹娣', '苏娣', NAME.extra],
    ['张小宝', '张小贝', NAME.oneChar], ['李秀英', '李玉兰', NAME.surname], ['李秀英', '王玉兰', NAME.different], ['王䶮', '王?', NAME.wildcard],
    ['托合提·帕尔哈提', '托合提·帕尔箌提', NAME.shape], ['托合提·帕尔哈提', '托合提·帕尔箌', NAME.extra], ['努尔古丽·努尔买买提', '阿曼古丽·努尔买买提', NAME.extra], ['罗叔', '罗小军', NAME.missing],
  ])('%s and %s', (a, b, level) => {
    expect(compareNames(name(a), name(b))).toBe(level);
    expect(compareNames(name(b), name(a))).toBe(level);
  });
  it('a cut name is the beginning of the other, and only when it is marked cut', () => {
    expect(compareNames(name('古丽巴哈尔·买', true), name('古丽巴哈尔·买买提'))).toBe(NAME.cut);
    expect(compareNames(name('张伟'), name('张伟强'))).toBe(NAME.extra);
  });
  it('tells a legal name from an account of any name', () => {
    expect(['张伟强', '欧阳修', '古丽巴哈尔·买买提', '长孙超'].map((n) => looksLegal(name(n)))).toEqual([true, true, true, true]);
    expect(['知足常乐', '花开富贵', '秀英'].map((n) => looksLegal(name(n)))).toEqual([false, false, false]);
  });
  it('fits nicknames to people', () => {
    const luo = name('罗小军');
    expect(nicknameFit(name('罗叔'), luo, 1)).toBeGreaterThan(1);
    expect(nicknameFit(name('小军'), luo, 1)).toBeGreaterThan(nicknameFit(name('罗叔'), luo, 1));
    expect(nicknameFit(name('王叔'), luo, 1)).toBeLessThan(1);
    expect(nicknameFit(name('罗阿姨'), luo, 1)).toBeLessThan(nicknameFit(name('罗叔'), luo, 1));
  });
});

describe('dates', () => {
  it.each([
    [19620315, 19620315, BIRTH.same], [19620315, 19620314, BIRTH.slip], [19620315, 19620210, BIRTH.lunar], [19620305, 19620503, BIRTH.swapped], [19620315, 19820315, BIRTH.typo],
    [19620315, 19620300, BIRTH.month], [19620315, 19620000, BIRTH.year], [19620315, 19620328, BIRTH.near], [19620315, 19961128, BIRTH.different], [0, 19620315, BIRTH.missing],
  ])('%d and %d', (a, b, level) => {
    expect(compareDates(a, b, true)).toBe(level);
    expect(compareDates(b, a, true)).toBe(level);
  });
  it('a day off is a slip only for a timestamp source', () => {
    expect(compareDates(19620315, 19620326, false)).not.toBe(BIRTH.slip);
    expect(compareDates(19800131, 19800201, true)).toBe(BIRTH.slip);
  });
  it('reads lunar dates', () => {
    expect(lunarReading(19620210)).toBe(19620315);
    expect(lunarReading(20240101)).toBe(20240210);
    expect(lunarReading(19620231)).toBe(0);
  });
});

describe('places', () => {
  it.each([
    ['机械厂新村3幢1单元501', '牡丹大道251号机械厂新村3-1-501', PLACE_RELATION.dwelling],
    ['牡丹大道251号3-1-501', '牡丹大道251号机械厂新村三栋1单元501室', PLACE_RELATION.dwelling],
    ['机械厂新村3-501', '机械厂新村3-1-501', PLACE_RELATION.dwelling],
    ['机械厂新村3-1-501', '牡丹大道251号3-1-501', PLACE_RELATION.tail],
    ['机械厂新村3-1-501', '机械厂新村3-2-501', PLACE_RELATION.other],
    ['机械厂新村3-1-501', '莱茵雅居3-1-501', PLACE_RELATION.other],
    ['机械厂新村', '机械厂新村3-1-501', PLACE_RELATION.compound],
  ])('%s and %s', (a, b, relation) => {
    expect(comparePlaces(place(a), place(b))).toBe(relation);
    expect(comparePlaces(place(b), place(a))).toBe(relation);
  });
  it('a house code is the same building and room, no more: a community may hold two estates', () => {
    const house = placeOfDwellingCode('9901010010010003010501000')!;
    expect(comparePlaces(house, place('白石区玉带街道杨家社区机械厂新村3-1-501'))).toBe(PLACE_RELATION.tail);
    expect(comparePlaces(house, placeOfDwellingCode('9901010010010003010501000')!)).toBe(PLACE_RELATION.dwelling);
    expect(comparePlaces(house, placeOfDwellingCode('9901010010020003010501000')!)).toBe(PLACE_RELATION.other);
  });
});

describe('string distances', () => {
  it('count edits and swaps', () => {
    expect([editDistance('kitten', 'sitting'), editDistance('ab', 'ba'), editDistance('', 'abc'), editDistance('abcdef', 'uvwxyz', 2)]).toEqual([3, 1, 3, 3]);
  });
  it('are symmetric', () => {
    fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(jaroWinkler(a, b)).toBeCloseTo(jaroWinkler(b, a), 9);
    }));
  });
  it('Jaro–Winkler as published (Winkler 1990)', () => {
    expect(jaroWinkler('MARTHA', 'MARHTA')).toBeCloseTo(0.961, 3);
    expect(jaroWinkler('DWAYNE', 'DUANE')).toBeCloseTo(0.84, 2);
  });
});
