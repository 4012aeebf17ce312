import { compact, dayOf, pad, yearOf } from '../calendar.js';
import { isCalendarDate, type WrittenBirth } from '../dirt/dirty-identity.js';
import { FileWriter } from '../formats/file-writer.js';
import { workbook, type Cell, type Sheet } from '../formats/workbook-writer.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { scatter, sexLabel, type Desk } from './desk.js';
import { ethnicLabel, schoolWord } from './labels.js';

const COLUMNS = ['编号', '姓名', '性别', '身份证号', '出生日期', '民族', '学历', '入党时间', '所在支部', '联系电话', '志愿时长(小时)', '居住类型', '现住址'] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], Cell>>;

const PEOPLE_PER_BRANCH = 45;
const EXCEL_EPOCH = dayOf(1899, 12, 30);

/** The office's workbook, one sheet a branch: merged title, columns in any order, numbers lost to number cells, labels with the office's own codes, 合计 at the end. */
export function encodePartyVolunteer(desk: Desk): void {
  const { rng } = desk;
  const numbers = new KeyMint(rng.fork('number'), 9);
  const known = rng.shuffle(desk.city.persons.filter((p) => p.death === 0 && desk.age(p) >= 18 && p.home && rng.chance(p.politics === '01' ? 0.62 : 0.012)));
  const entries: { branch: number; row: Row }[] = [];
  const branches = Math.max(3, Math.ceil(known.length / PEOPLE_PER_BRANCH));
  for (const { person, copy } of desk.withCopies(known)) {
    const branch = rng.int(branches);
    entries.push({ branch, row: member(desk, person, `DY${numbers.next()}`, branchName(branch), copy) });
  }
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) entries.push({ branch: 0,
    row: member(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), `DY${numbers.next()}`, branchName(0), false) });
  const bad = Array.from({ length: desk.malformed(entries.length) }, (_, i) => ({
    branch: i % branches,
    row: { ...EMPTY, 姓名: '残缺', 性别: '男', 出生日期: '1949.10', 民族: '汉族', 学历: '小学', '志愿时长(小时)': 0 } as Row,
  }));
  desk.dead(bad.length);
  const all = scatter(entries, bad, rng);
  desk.row(all.length);
  const sheets: Sheet[] = [];
  for (let b = 0; b < branches; b++) sheets.push(sheet(desk, b, all.filter((e) => e.branch === b).map((e) => e.row)));
  const file = new FileWriter(desk.path(`党员志愿者花名册_${compact(desk.today).slice(0, 6)}.xlsx`));
  file.write(workbook(sheets));
  file.close();
}

const EMPTY = Object.fromEntries(COLUMNS.map((c) => [c, undefined])) as Row;

function branchName(b: number): string {
  return `${['先锋', '物业', '工厂', '退休', '机关', '学校', '商圈', '网格'][b % 8]!}${b + 1}支部`;
}

function sheet(desk: Desk, b: number, rows: Row[]): Sheet {
  const { rng } = desk;
  const name = branchName(b);
  const header = b % 3 === 1 ? rng.shuffle([...COLUMNS]) : [...COLUMNS];
  const hours = rows.reduce((sum, r) => sum + (typeof r['志愿时长(小时)'] === 'number' ? r['志愿时长(小时)'] : 0), 0);
  const total = header.map((h, i): Cell => (i === 0 ? '合计' : h === '志愿时长(小时)' ? hours : undefined));
  return { name, title: `${desk.city.name}${name}党员志愿者花名册`, header, rows: [...rows.map((r) => header.map((h) => r[h])), total] };
}

function member(desk: Desk, p: Person, key: string, branch: string, copy: boolean): Row {
  const { rng } = desk;
  const seen = desk.see(p);
  const birth = seen.birth;
  const x = rng.next();
  const number = /^\d{18}$/.test(seen.id) && x < 0.07;
  // A number cell keeps 15 digits; a clerk's apostrophe saved the others.
  const cut = !number && /^\d{18}$/.test(seen.id) && x > 0.985;
  const id: Cell = cut ? scientific(seen.id) : number ? Number(`${seen.id.slice(0, 15)}000`) : seen.id && x < 0.16 ? `'${seen.id.replace(/^'/, '')}` : seen.id;
  desk.file(key, { ...seen, id: cut ? scientific(seen.id) : number ? `${seen.id.slice(0, 15)}000` : seen.id, birth: monthOnly(x) && typeof birth !== 'string' ? 'empty' : birth }, '', copy);
  const joined = p.politics === '01' ? `${Math.min(yearOf(desk.today) - 1, yearOf(p.birth) + rng.between(20, 45))}.${pad(rng.between(1, 12), 2)}` : '';
  const ethnic = ethnicLabel(p.ethnic);
  return {
    编号: key, 姓名: seen.name, 性别: sexLabel(seen.sex), 身份证号: id, 出生日期: birthCell(birth, x), 民族: rng.chance(0.15) ? ethnic.replace(/族$/, '') : ethnic, 学历: schoolWord(p.education), 入党时间: joined,
    所在支部: branch,
    联系电话: seen.phone, '志愿时长(小时)': rng.pick([0, 0, 0, 4.5, 8, 12, 20, 36, 50.5, 100]),
    居住类型: p.home?.landlord ? '34-租赁房屋' : rng.chance(0.75) ? '21-自有住房' : rng.pick(['22-公有住宅', '其他', '22', '自有住房']), 现住址: seen.address.text,
  };
}

/** Serial of a number cell as text, when the sheet was saved in between: 9.90101E+17. */
function scientific(id: string): string {
  return `${id[0]!}.${id.slice(1, 6)}E+17`;
}

function monthOnly(x: number): boolean {
  return x >= 0.4 && x < 0.52;
}

/** Text `1949-10-01`, text `1949.10`, or a day serial. */
function birthCell(birth: WrittenBirth, x: number): Cell {
  if (birth === 'empty') return undefined;
  if (birth === 'zeros') return '00000000';
  if (birth === 'year-1900') return '1900-01-01';
  if (birth.month === 0) return String(birth.year);
  if (monthOnly(x) || birth.date === 0) return `${birth.year}.${pad(birth.month, 2)}`;
  if (x >= 0.52 && x < 0.72 && isCalendarDate(birth)) return { serial: dayOf(birth.year, birth.month, birth.date) - EXCEL_EPOCH };
  return `${birth.year}-${pad(birth.month, 2)}-${pad(birth.date, 2)}`;
}

