import { readAddress } from '#libs/values/address';
import { codeTable } from '#libs/values/code-tables';
import { Divisions } from '#libs/values/divisions';

/** A canonical value that a target is tried with, and what it is an example of. */
export interface Probe {
  value: unknown;
  zh: string;
  en: string;
}

const NO_DIVISIONS = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const probe = (value: unknown, zh: string, en: string): Probe => ({ value, zh, en });
// As the hub itself reads such a text: what is tried is the target, not the reading.
const address = (raw: string, division?: string): object => readAddress(raw, NO_DIVISIONS, division === undefined ? undefined : { division })!;
const named = (text: string): object => ({ value: text, key: text });
const codes = (table: Parameters<typeof codeTable>[0]): Probe[] => codeTable(table).codes().map((code) => probe(code, `代码 ${code}`, `code ${code}`));

const NAMES = [
  probe(named('王芳'), '两字姓名', 'a name of two characters'),
  probe(named('欧阳建国'), '四字姓名', 'a name of four characters'),
  probe(named('阿卜杜热合曼·买买提吐尔逊'), '带间隔号的长姓名', 'a long name with a dot'),
  probe(named('李喆'), '罕用字', 'a rare character'),
  probe(named('赵\u{20bb7}'), '四字节汉字', 'a character of four bytes'),
];
// Fictional region 990101; check characters by GB 11643.
const IDS = [
  probe({ status: 'valid', value: '990101196203150315' }, '身份号码', 'a citizen ID'),
  probe({ status: 'valid', value: '99010119900101006X' }, '末位 X', 'an ID that ends in X'),
];
const DATES = [
  probe({ date: '1962-03-15', precision: 'day', calendar: 'gregorian' }, '完整日期', 'a full date'),
  probe({ date: '1988-07-01', precision: 'day', calendar: 'gregorian' }, '夏令时期间的日期', 'a day in the years of summer time'),
  probe({ date: '1962-03', precision: 'month', calendar: 'gregorian' }, '只知年月', 'only year and month'),
  probe({ date: '1962', precision: 'year', calendar: 'gregorian' }, '只知年份', 'only the year'),
];
const ADDRESSES = [
  probe(address('幸福小区3幢2单元301室'), '小区幢单元室', 'estate, building, unit, room'),
  probe(address('牡丹大道251号'), '路名门牌', 'road and number'),
  probe(address('幸福小区3幢2单元301室', '990101001001'), '带社区代码', 'with the code of the community'),
  probe(address('东方红机械制造总厂职工家属宿舍区12幢3单元1802室'), '长地址', 'a long address'),
];
const PHONES = [
  probe([{ number: '13800000001' }], '一个手机号', 'one mobile number'),
  probe([{ number: '13800000001' }, { number: '057188880000' }], '两个号码', 'two numbers'),
  probe([{ number: '13800000001', holder: 'guardian' }], '监护人电话', "a guardian's number"),
];

/** Values to try a canonical field with; empty for fields that have no general form (facets are the business of one department). */
export function probesOf(field: string): readonly Probe[] {
  switch (field) {
    case 'name':
      return NAMES;
    case 'citizenId':
      return IDS;
    case 'birthDate':
    case 'deathDate':
      return DATES;
    case 'currentAddress':
    case 'registeredAddress':
      return ADDRESSES;
    case 'phones':
      return PHONES;
    case 'sex':
      return codes('sex');
    case 'ethnicGroup':
      return codes('ethnic-group');
    case 'maritalStatus':
      return codes('marital-status');
    case 'education':
      return codes('education');
    case 'politicalStatus':
      return codes('political-status');
    case 'vitalStatus':
      return ['alive', 'dead'].map((v) => probe(v, v === 'dead' ? '死亡' : '在世', v));
    case 'residency':
      return ['present', 'left', 'away'].map((v) => probe(v, { present: '在住', left: '已迁出', away: '外出' }[v]!, v));
    default:
      return [];
  }
}
