import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isTestName, readName, variantKey } from './person-name.js';
import { surname } from './surnames.js';

describe('readName', () => {
  it.each([
    ['张伟强', '张伟强', '张伟强'],
    ['張偉強', '張偉強', '张伟强'],
    ['张 三', '张三', '张三'],
    ['王　春乃', '王春乃', '王春乃'],
    ['马黑伍各', '马黑伍各', '马黑伍各'],
    ['买买提•艾力', '买买提·艾力', '买买提艾力'],
    ['买买提．艾力', '买买提·艾力', '买买提艾力'],
    ['买买提.艾力', '买买提·艾力', '买买提艾力'],
    ['买买提・艾力', '买买提·艾力', '买买提艾力'],
    ['买买提‧艾力', '买买提·艾力', '买买提艾力'],
    ['买买提艾力', '买买提艾力', '买买提艾力'],
    ['买买提 艾力', '买买提·艾力', '买买提艾力'],
    ['王\ue863', '王䶮', '王䶮'],
    ['陈𫓧', '陈𫓧', '陈𫓧'],
    ['John Smith', 'JOHN SMITH', 'johnsmith'],
    ['张乾', '张乾', '张乾'],
    ['张伟B', '张伟', '张伟'],
    ['张伟2', '张伟', '张伟'],
  ])('%s → %s, key %s', (raw, value, key) => {
    expect(readName(raw)).toEqual({ name: { value, key } });
  });

  it.each([
    ['王?', '王?'], ['王*', '王?'], ['王□', '王?'], ['王yan', '王?'], ['王yan飞', '王?飞'], ['王(龙天)', '王?'], ['王（龙天）', '王?'],
    ['王（龙天）飞', '王?飞'], ['陈？', '陈?'], ['王\uf8f0', '王?'], ['张某', '张?'], ['李�', '李?'], ['欧阳（火华）', '欧阳?'],
  ])('%s has a wildcard: %s', (raw, key) => {
    expect(readName(raw).name).toMatchObject({ key, wildcard: true });
  });

  it.each([
    ['张三（小）', '张三', undefined],
    ['张伟（已故）', '张伟', undefined],
    ['张伟(曾用名张小伟)', '张伟', '张小伟'],
    ['张伟（原名：李伟）', '张伟', '李伟'],
    ['张伟（张小伟）', '张伟', '张小伟'],
    ['张伟（对门）', '张伟', undefined],
    ['张伟曾用名李伟', '张伟', '李伟'],
  ])('%s → %s with alias %s', (raw, value, alias) => {
    const read = readName(raw);
    expect(read.name?.value).toBe(value);
    expect(read.formerNames?.map((n) => n.value)).toEqual(alias === undefined ? undefined : [alias]);
  });

  it('keeps a nickname in brackets as such', () => {
    expect(readName('张伟（小名铁蛋）').formerNames).toEqual([{ value: '铁蛋', key: '铁蛋', nickname: true }]);
  });

  it.each(['', ' ', '不详', '无名', '无', '-', '？', '***', 'null', '某某', '😀', '(小)'])('%j is no name', (raw) => {
    expect(readName(raw)).toEqual({});
  });

  it.each(['罗叔', '龙💪', '王大妈', '李阿姨', '老王', '小张', '老王头', '李秀英之女', '爱吃鱼的猫', '楼下张姐'])('%s is a nickname', (raw) => {
    expect(readName(raw).name?.nickname).toBe(true);
  });

  it.each(['张文伯', '王工', '李爱华', '阿米娜', '司马光', '大卫国', '林娜'])('%s is not', (raw) => {
    expect(readName(raw).name?.nickname).toBeUndefined();
  });

  it('marks a cut when the GBK bytes fill the width', () => {
    expect(readName('热孜万古丽·', { widthBytes: 12 }).name).toEqual({ value: '热孜万古丽', key: '热孜万古丽', cut: true });
    expect(readName('阿布都克里木', { widthBytes: 12 }).name?.cut).toBe(true);
    expect(readName('张伟强', { widthBytes: 12 }).name?.cut).toBeUndefined();
    expect(readName('张', { cut: true }).name?.cut).toBe(true);
  });

  it('is idempotent on its own display value', () => {
    for (const raw of ['買買提 艾力', '王（龙天）', 'john  smith', '张三（小）', '王yan', '龙💪']) {
      const first = readName(raw).name;
      const second = readName(first?.value ?? '').name;
      expect([second?.value, second?.key]).toEqual([first?.value, first?.key]);
    }
  });
});

describe('readName: properties', () => {
  const text = fc.string({ unit: fc.constantFrom(...'张伟強欧阳马黑·•.  　()（）?*□yanAB12-小之女某無\ue863\u{2b4e7}😀曾用名：'), maxLength: 12 });
  it('reading a display value again gives itself and the same key', () => {
    fc.assert(fc.property(text, (raw) => {
      const once = readName(raw).name;
      if (once === undefined) return;
      const twice = readName(once.value).name;
      expect([twice?.value, twice?.key]).toEqual([once.value, once.key]);
    }), { numRuns: 1000 });
  });
  it('a key holds neither dots nor spaces nor capitals', () => {
    fc.assert(fc.property(text, (raw) => {
      expect(readName(raw).name?.key ?? '').not.toMatch(/[·•.\sA-Z]/u);
    }));
  });
});

describe('variantKey', () => {
  it.each([['喆', '哲'], ['镕', '熔'], ['堃', '坤'], ['峯', '峰']])('%s and %s differ in key, not in variant key', (a, b) => {
    const [x, y] = [readName(`张${a}`).name, readName(`张${b}`).name];
    expect(x && variantKey(x)).toBe(y && variantKey(y));
    if (a !== '峯') expect(x?.key).not.toBe(y?.key);
  });
});

describe('surname', () => {
  it.each([
    ['张三', '张'], ['欧阳娜娜', '欧阳'], ['长孙祖玲', '长孙'], ['司马光', '司马'], ['司马', '司'], ['买买提·艾力', undefined],
    ['阿布都克里木', undefined], ['', undefined], ['JOHN', undefined], ['𫓧明', '𫓧'],
  ])('of %s is %s', (name, expected) => {
    expect(surname(name)).toBe(expected);
  });
});

describe('isTestName', () => {
  it.each(['测试', '测试用户1', '张三', 'test', '１２３'])('%s is one', (raw) => expect(isTestName(raw)).toBe(true));
  it.each(['张伟', '测士', ''])('%s is none', (raw) => expect(isTestName(raw)).toBe(false));
});
