import type { FieldSpec } from '#libs/mapping/mapping-in';

/** What a column's name suggests that it holds. */
export interface Guess {
  /** Canonical field; absent: the row's own time. */
  field?: string;
  transform?: FieldSpec;
  /** Of an invented person of region 990101, as a clerk would write it. */
  sample: string;
  /** Another cell as no clerk should write it, for the fixture that meets dirt. */
  dirt?: string;
}

type Rule = [names: RegExp, guess: (column: string) => Guess];

const coded = (field: string, table: string, sample: string): ((column: string) => Guess) =>
  (column) => ({ field, transform: { transform: 'code', column, table, labels: true } as FieldSpec, sample, dirt: '?' });

/** The first rule that fits speaks. Names as offices write them: Chinese, pinyin initials of the national data elements, English. */
const RULES: readonly Rule[] = [
  [/更新|修改时间|GXSJ|updat|modif/i, () => ({ sample: '20260315103000' })],
  [/身份证|公民身份|SFZH|GMSFHM|id_?card|ident/i, (column) => ({ field: 'citizenId', transform: { transform: 'citizenId', column }, sample: '990101196203150315', dirt: '9901**********0315' })],
  [/姓名|^XM$|^(real_?)?name$/i, (column) => ({ field: 'name', transform: { transform: 'name', column }, sample: '张伟强', dirt: '张?强' })],
  [/曾用名|^CYM$/i, (column) => ({ field: 'formerNames', transform: { transform: 'aliases', columns: [column] }, sample: '' })],
  [/性别|^XB$|sex|gender/i, coded('sex', 'sex', '1')],
  [/出生|CSRQ|birth/i, (column) => ({ field: 'birthDate', transform: { transform: 'date', column, format: 'any' }, sample: '1962-03-15' })],
  [/民族|^MZ$|nation|ethnic/i, coded('ethnicGroup', 'ethnic-group', '01')],
  [/婚姻|HYZK|marri|marital/i, coded('maritalStatus', 'marital-status', '20')],
  [/学历|文化程度|WHCD|educat/i, coded('education', 'education', '20')],
  [/政治面貌|politic/i, coded('politicalStatus', 'political-status', '13')],
  [/电话|手机|LXDH|phone|mobile|tel/i, (column) => ({ field: 'phones', transform: { transform: 'phones', items: [{ column, holder: 'own' }] }, sample: '13800000001', dirt: '不详' })],
  [/户籍|户口|HJDZ|domicile/i, (column) => ({ field: 'registeredAddress', transform: { transform: 'address', columns: [column] }, sample: '幸福小区3幢2单元301室' })],
  [/地址|住址|XZZ|^DZ$|addr/i, (column) => ({ field: 'currentAddress', transform: { transform: 'address', columns: [column] }, sample: '幸福小区3幢2单元301室' })],
];
const KEY = /编号|卡号|档案号|证号|^(.*_)?(id|no|key|card|code)$/i;

/** What this column may hold; undefined: nothing that a name tells. */
export function guessColumn(column: string): Guess | undefined {
  return RULES.find(([names]) => names.test(column))?.[1](column);
}

/** The column that looks like the record's own key; the first one where none does. */
export function guessKey(columns: readonly string[]): string {
  return columns.find((c) => KEY.test(c) && guessColumn(c) === undefined) ?? columns[0]!;
}
