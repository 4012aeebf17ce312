import { describe, expect, it } from '@jest/globals';
import { educationFrom1984, educationTo1984, kinshipFrom1984 } from './code-editions.js';
import { CODE_TABLE_NAMES, codeTable } from './code-tables.js';
import { kinshipOf, kinshipRole } from './kinship.js';

describe('code tables', () => {
  it.each(CODE_TABLE_NAMES)('%s reads each of its labels back', (name) => {
    const table = codeTable(name);
    expect(table.codes().length).toBeGreaterThan(1);
    for (const code of table.codes()) {
      expect(table.has(code)).toBe(true);
      expect(table.codeOf(table.label(code) ?? '')).toBe(code);
    }
  });

  it.each([
    ['ethnic-group', '汉', '01'], ['ethnic-group', '维吾尔族', '05'], ['ethnic-group', '傈傈族', '20'], ['education', '大专', '30'], ['education', '大学本科', '20'], ['education', '博士研究生毕业', '11'],
    ['sex', '男', '1'], ['marital-status', '已婚', '20'], ['political-status', '中共党员', '01'], ['residence-place', '34-租赁房屋', '30'], ['residence-place', '21-自有住房', '21'], ['residence-place', '２２－公有住宅', '22'], ['kinship', ' 长子 ', '22'],
  ] as const)('%s: %s is %s', (name, label, code) => {
    expect(codeTable(name).codeOf(label)).toBe(code);
  });

  it('never guesses', () => {
    expect(codeTable('ethnic-group').codeOf('火星族')).toBeUndefined();
    expect(codeTable('ethnic-group').has('1')).toBe(false);
    expect(codeTable('sex').codeOf('')).toBeUndefined();
    expect(codeTable('sex').has('__proto__')).toBe(false);
    expect(codeTable('sex').codeOf('constructor')).toBeUndefined();
  });
});

describe('editions', () => {
  it.each([['20', '20'], ['50', '40'], ['90', '90'], ['61', undefined], ['', undefined], ['constructor', undefined]])('education of 1984 %s → %s', (from, to) => {
    expect(educationFrom1984(from)).toBe(to);
    if (to !== undefined) expect(codeTable('education').has(to)).toBe(true);
  });
  it.each([['21', '20'], ['47', '50'], ['11', '10'], ['xx', undefined]])('education %s → 1984 %s', (from, to) => expect(educationTo1984(from)).toBe(to));
  it.each([['03', '02'], ['20', '20'], ['98', undefined]])('kinship of 1984 %s → %s', (from, to) => expect(kinshipFrom1984(from)).toBe(to));
});

describe('kinship', () => {
  it('knows every code of the standard', () => {
    for (const code of codeTable('kinship').codes()) expect(kinshipOf(code)).toBeDefined();
  });

  it.each([
    ['02', { role: 'self', generation: 0 }], ['12', { role: 'spouse', sex: '2', generation: 0 }], ['32', { role: 'child', sex: '2', generation: 1 }], ['28', { role: 'childInLaw', sex: '1', generation: 1 }],
    ['41', { role: 'grandchild', sex: '1', generation: 2 }], ['53', { role: 'parentInLaw', sex: '1', generation: -1 }], ['63', { role: 'grandparent', sex: '1', generation: -2 }], ['77', { role: 'sibling', sex: '2', generation: 0 }],
    ['97', { role: 'otherRelative' }], ['99', { role: 'nonRelative' }],
  ])('%s', (code, expected) => {
    expect(kinshipOf(code)).toEqual(expected);
    expect(kinshipRole(code)).toBe(expected.role);
  });

  it('implies the sex the label says', () => {
    for (const code of codeTable('kinship').codes()) {
      const label = codeTable('kinship').label(code) ?? '';
      if (/^(?:妻|独生女|.女|.*[媳婆嫂母]|姐姐|妹妹|外孙女|外甥女|侄女)$/u.test(label) && !/父母/u.test(label)) expect([code, kinshipOf(code)?.sex]).toEqual([code, '2']);
      if (/^(?:夫|独生子|.子|.*[婿公父夫]|兄|弟|外孙子|外甥|侄子)$/u.test(label)) expect([code, kinshipOf(code)?.sex]).toEqual([code, '1']);
    }
  });
});
