import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { restates } from './restated-text.js';

const HAN = '张王李赵陈杨黄周吴徐孙胡朱高林何郭马罗梁伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂';
const han = (min: number, max: number) => fc.array(fc.constantFrom(...HAN), { minLength: min, maxLength: max }).map((a) => a.join(''));
const phone = fc.integer({ min: 0, max: 999_999_999 }).map((n) => `13${String(n).padStart(9, '0')}`);
const house = fc.record({ estate: han(2, 5), building: fc.integer({ min: 1, max: 99 }), unit: fc.integer({ min: 1, max: 9 }), floor: fc.integer({ min: 1, max: 30 }), door: fc.integer({ min: 1, max: 9 }) })
  .map((h) => ({ ...h, text: `${h.estate}家园${h.building}幢${h.unit}单元${h.floor}0${h.door}室` }));
const fullWidth = (s: string): string => s.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const spaced = (s: string): string => [...s].join(' ');
const gbBytes = (s: string): number => [...s].reduce((n, c) => n + (c.charCodeAt(0) < 128 ? 1 : 2), 0);
const cutAt = (s: string, width: number): string => {
  let out = '';
  for (const c of s) {
    if (gbBytes(out + c) > width) return out;
    out += c;
  }
  return out;
};
const numeral = (n: number): string => {
  const one = '〇一二三四五六七八九';
  if (n < 10) return one[n]!;
  const tens = Math.floor(n / 10);
  return `${tens === 1 ? '' : one[tens]!}十${n % 10 === 0 ? '' : one[n % 10]!}`;
};

describe('a text that a system gives back', () => {
  it('is the same however it is spaced, widened or cased', () => {
    fc.assert(fc.property(fc.oneof(han(2, 12), phone, house.map((h) => h.text), fc.constantFrom('99010119620315015X', 'DN17-3')), fc.constantFrom(fullWidth, spaced, (s: string) => `　${s} `, (s: string) => s.toLowerCase()),
      (text, change) => { expect(restates(change(text), text)).toBe('same'); }));
  });

  it('is the same phone with +86, 0086 or 0 before it', () => {
    fc.assert(fc.property(phone, fc.constantFrom('+86', '86', '0086', '0', '+86 ', '+86-'), (n, before) => { expect(restates(before + n, n)).toBe('same'); }));
  });

  it('is the same house by any word for a building', () => {
    fc.assert(fc.property(house, fc.constantFrom('栋', '号楼', '#', '座', '幢'), fc.boolean(), fc.boolean(), (h, word, inWords, padded) => {
      const said = `${h.estate}家园${inWords && word !== '#' ? numeral(h.building) : h.building}${word}${h.unit}单元${padded ? '0' : ''}${h.floor}0${h.door}`;
      expect(restates(said, h.text)).toBe('same');
    }));
  });

  it('is a cut of it at any width of eight bytes and more, half a character included', () => {
    fc.assert(fc.property(fc.oneof(han(8, 20), house.map((h) => h.text)), fc.integer({ min: 9, max: 20 }), fc.constantFrom('', '?', '\uFFFD'), (text, width, half) => {
      const cut = cutAt(text, width);
      fc.pre(cut.length < text.length);
      expect(['cut', 'same']).toContain(restates(cut + half, text));
    }));
  });

  it('is a cut of it in another spelling as well', () => {
    expect(restates('机械厂新村３号楼1单元10', '机械厂新村3幢1单元102室')).toBe('cut');
    expect(restates('机械厂新村3号', '机械厂新村3幢1单元102室')).toBe('cut');
  });

  it('is another fact when it is a short name, another number, another house, or longer', () => {
    expect(restates('张伟', '张伟强')).toBeUndefined();
    expect(restates('欧阳伟强', '欧阳伟')).toBeUndefined();
    expect(restates('1300000000', '13000000000')).toBeUndefined();
    expect(restates('99010119620315', '990101196203150315')).toBeUndefined();
    expect(restates('机械厂新村3幢1单元103室', '机械厂新村3幢1单元102室')).toBeUndefined();
    expect(restates('', '张伟强')).toBeUndefined();
    fc.assert(fc.property(phone, phone, (a, b) => { fc.pre(a !== b); expect(restates(a, b)).toBeUndefined(); }));
    fc.assert(fc.property(house, house, (a, b) => {
      fc.pre(a.text !== b.text && a.estate !== b.estate);
      expect(restates(a.text, b.text)).toBeUndefined();
    }));
  });

  it('is the same date in another format', () => {
    expect(restates('19620315', '1962-03-15')).toBe('same');
    expect(restates('1962.03.15', '1962-03-15')).toBe('same');
    expect(restates('1962-03-16', '1962-03-15')).toBeUndefined();
  });
});
