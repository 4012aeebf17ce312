import { describe, expect, it } from '@jest/globals';
import { livesElsewhere } from './plan-tickets.js';
import { reasonWords } from './receipt-words.js';

const home = { raw: 'x', division: '990101001001', estate: '幸福家园', building: '3', unit: '1', room: '301' };

describe('a life elsewhere than registered', () => {
  it('is another community or another house', () => {
    expect(livesElsewhere({ ...home, division: '990101001002' }, home)).toBe(true);
    expect(livesElsewhere({ ...home, room: '302' }, home)).toBe(true);
    expect(livesElsewhere(home, home)).toBe(false);
  });
  it('is not concluded from what one address leaves out', () => {
    expect(livesElsewhere({ raw: 'x', division: '990101' }, home)).toBe(false);
    expect(livesElsewhere({ raw: 'x', division: '990101001001', road: '和平路', number: '5' }, home)).toBe(false);
    expect(livesElsewhere({ ...home, unit: undefined }, home)).toBe(false);
  });
});

describe('reasons in words', () => {
  it('carry their detail, or none', () => {
    expect(reasonWords('cannotBeSaid', 'XM')).toEqual({ zh: '该系统无法表示此值（XM），请与该系统管理员联系', en: 'this system has no way to hold the value (XM); ask its administrator' });
    expect(reasonWords('cannotBeSaid', undefined)!.en).toBe('this system has no way to hold the value; ask its administrator');
    expect(reasonWords(undefined, undefined)).toBeUndefined();
  });
});
