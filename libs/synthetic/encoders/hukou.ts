import { compact, type Day } from '../calendar.js';
import { encodeGb18030 } from '../formats/gb-encoding.js';
import { FileWriter } from '../formats/file-writer.js';
import { relationCode } from '../population/kinship.js';
import type { Person, RegisteredHousehold } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint, type Rng } from '../random.js';
import { compactBirth, compactStamp, csvLine, scatter, type Desk, type Seen, type Stamp } from './desk.js';

const PERSON_HEADER = 'RYNBID,RYID,HHNBID,XM,CYM,XB,MZ,CSRQ,GMSFHM,YHZGX,HYZK,WHCD,JHRYXM,JHRYGMSFHM,FQGMSFHM,MQGMSFHM,DHHM,RYZT,SWRQ,JLBZ,CXBZ,GXSJ';
const HOUSEHOLD_HEADER = 'HHNBID,HH,HLX,SSXQ,XZJD,JCWH,JLX,MLPH,MLXZ,HHZT,JLBZ,GXSJ';
const SCHOOL_1984: Readonly<Record<string, string>> = { '14': '10', '21': '20', '31': '30', '41': '40', '61': '60', '71': '70', '80': '80', '81': '80', '90': '90' };

interface Version {
  key: string;
  seen: Seen;
  household: string;
  status: string;
  current: boolean;
  void: boolean;
  at: Stamp;
  /** Columns that an older version lacked. */
  bare: boolean;
}

/** The register: every change adds a row version; history rows, void rows, withdrawn records, the dead and the moved stay. Knows nobody registered in another city. */
export function encodeHukou(desk: Desk): void {
  const keys = new KeyMint(desk.rng.fork('ryid'), 10);
  const householdKeys = householdNumbers(desk);
  const versions: Version[] = [];
  const known = desk.city.persons.filter((p) => !p.registered.elsewhere && !(desk.age(p) === 0 && p.death === 0 && desk.rng.chance(0.35)));
  const add = (p: Person, copy: boolean, id?: string): void => {
    const key = desk.city.code + keys.next();
    const household = householdKeys.get(p.registered)!;
    const seen = desk.see(p, 'registered');
    if (id) seen.id = id;
    const status = statusOf(desk, p, copy);
    desk.file(key, seen, household, copy);
    const at = p.death && status === '1' ? desk.stamp(p.death + 3, p.death + 40) : p.left && status === '2' ? desk.stamp(p.left, p.left + 30) : desk.recent(p);
    versions.push({ key, seen, household, status, current: true, void: false, at, bare: false });
    history(desk, p, key, household, at, versions);
  };
  for (const p of known) {
    add(p, false);
    if (p.secondId) add(p, true, p.secondId);
    else if (desk.rng.chance(desk.rates.duplicate * 0.4)) add(p, true);
  }
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) add(testPerson(desk.city.population, known[desk.rng.int(known.length)]!), false);
  voidRows(desk, keys, versions);
  writePersons(desk, versions);
  writeHouseholds(desk, householdKeys);
}

function statusOf(desk: Desk, p: Person, copy: boolean): string {
  if (copy && desk.rng.chance(0.6)) return desk.rng.chance(0.7) ? '7' : '8';
  if (p.death) return desk.rng.chance(0.9) ? '1' : '0';
  if (p.left) return desk.rng.chance(0.7) ? '2' : '0';
  const x = desk.rng.next();
  return x < desk.rates.withdrawn * 0.2 ? '8' : x < 0.005 ? desk.rng.pick(['3', '4', '6', '9']) : '0';
}

/** Earlier versions: without phone, under the former name or number, unmarried, still at school. */
function history(desk: Desk, p: Person, key: string, household: string, now: Stamp, out: Version[]): void {
  const changed = p.formerId !== '' || p.formerName !== '';
  let at = now;
  while (out.length > 0 && desk.rng.chance(changed && at === now ? 0.95 : 0.22)) {
    const day = Math.max(p.birth + 1, at.day - desk.rng.between(60, 2500));
    if (day >= at.day) return;
    at = desk.stamp(day, Math.min(day + 20, at.day));
    const seen = desk.see(p, 'registered');
    if (p.formerId) seen.id = p.formerId;
    if (p.formerName) seen.name = p.formerName;
    out.push({ key, seen, household, status: desk.rng.chance(0.03) ? '2' : '0', current: false, void: false, at, bare: desk.rng.chance(0.7) });
  }
}

/** Businesses begun by mistake and cancelled: newer than the current row, or of a person that never became a record. */
function voidRows(desk: Desk, keys: KeyMint, versions: Version[]): void {
  const n = desk.some(versions.length, 0.004);
  for (let i = 0; i < n; i++) {
    const like = desk.rng.pick(versions);
    const other = desk.rng.pick(versions);
    const orphan = desk.rng.chance(0.5);
    versions.push({ ...like, key: orphan ? desk.city.code + keys.next() : like.key, seen: orphan ? like.seen : { ...other.seen, person: like.seen.person }, void: true, current: true,
      at: desk.stamp(desk.today - 400, desk.today) });
  }
}

function writePersons(desk: Desk, versions: Version[]): void {
  versions.sort((a, b) => a.at.day - b.at.day || a.at.second - b.at.second);
  let rowVersion = 0;
  const rows = versions.map((v) => encodeGb18030(`${csvLine([++rowVersion, ...personFields(desk, v)])}\r\n`));
  desk.row(rows.length);
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => malformedRow(desk.rng, i, desk.city.code));
  desk.row(bad.length);
  desk.dead(bad.length);
  const file = new FileWriter(desk.path('HJXX_CZRKJBXXB.csv'));
  file.write(`${PERSON_HEADER}\r\n`);
  for (const row of scatter(rows, bad, desk.rng)) file.write(row);
  file.close();
}

function personFields(desk: Desk, v: Version): (string | number)[] {
  const { seen } = v;
  const p = seen.person;
  const minor = desk.age(p) < 16 && p.id !== '';
  const guardian = minor ? [p.father, p.mother].find((g) => g && g.death === 0) : undefined;
  const head = p.registered.kind === 'collective' ? undefined : p.registered.head;
  const old1984 = v.at.day < 14_000 && p.registered.kind === 'collective';
  const relation = old1984 && p === p.registered.members[0] ? '03' : head ? relationCode(p, head) : p.registered.kind === 'collective' ? '99' : '02';
  return [
    v.key, v.household, seen.name, p.formerName && v.current && desk.rng.chance(0.6) ? p.formerName : '', seen.sex, p.ethnic, compactBirth(seen.birth), seen.id, relation,
    v.bare ? '10' : p.marital, desk.age(p) < 7 || v.bare && desk.rng.chance(0.5) ? '' : desk.code(SCHOOL_1984[p.education] ?? '', ['21', '31', '99']), guardian?.name ?? '',
      guardian?.id ?? '',
    p.father && desk.rng.chance(0.55) ? p.father.id : '', p.mother && desk.rng.chance(0.5) ? p.mother.id : '', v.bare || desk.rng.chance(0.62) ? '' : seen.phone, v.status,
    v.status === '1' && p.death ? compact(p.death) : '', v.current ? 1 : 0, v.void ? 1 : 0, compactStamp(v.at),
  ];
}

/** Wrong column count, broken bytes, or no RYID. */
function malformedRow(rng: Rng, i: number, code: string): Buffer {
  const n = 90_000_000 + i;
  const tail = '1,01,19620315,,02,21,70,,,,,,0,,1,0,20240101000000\r\n';
  if (i % 3 === 0) return encodeGb18030(`${n},${code}${rng.digits(10)},残缺行,1,01,19620315\r\n`);
  if (i % 3 === 1) return Buffer.concat([Buffer.from(`${n},${code}${rng.digits(10)},,`), Buffer.from([0xff, 0xff, 0xff]), Buffer.from(`,,${tail}`)]);
  return encodeGb18030(`${n},,,残缺,,${tail}`);
}

function householdNumbers(desk: Desk): Map<RegisteredHousehold, string> {
  const mint = new KeyMint(desk.rng.fork('hhnbid'), 9);
  return new Map(desk.city.households.filter((h) => !h.elsewhere).map((h) => [h, desk.city.code + mint.next()]));
}

function writeHouseholds(desk: Desk, keys: Map<RegisteredHousehold, string>): void {
  const { rng } = desk;
  const rows: Buffer[] = [];
  const numbers = new Map<string, number>();
  for (const [household, key] of keys) {
    desk.household(key, household.entity);
    const ordinal = (numbers.get(household.region) ?? 0) + 1;
    numbers.set(household.region, ordinal);
    const number = `${household.region}${String(ordinal).padStart(7, '0')}`;
    const from: Day = desk.today - 365 * 14;
    const at = desk.stamp(from, desk.today - 60);
    const fields = householdFields(desk, household);
    const closed = household.members.every((m) => m.death !== 0 || m.left !== 0) && rng.chance(0.8) ? 1 : 0;
    rows.push(encodeGb18030(`${csvLine([key, number, ...fields, closed, 1, compactStamp(at)])}\r\n`));
    if (rng.chance(0.06)) rows.push(encodeGb18030(`${csvLine([key, number, ...fields.slice(0, -1), '', 0, 0, compactStamp(desk.stamp(at.day - 3000, at.day - 1))])}\r\n`));
  }
  desk.row(rows.length);
  const file = new FileWriter(desk.path('HJXX_HXXB.csv'));
  file.write(`${HOUSEHOLD_HEADER}\r\n`);
  for (const row of rng.shuffle(rows)) file.write(row);
  file.close();
}

function householdFields(desk: Desk, household: RegisteredHousehold): (string | number)[] {
  const { dwelling, place } = household;
  const { rng } = desk;
  if (place) return [2, place.community.district.code, place.community.street.name, place.community.name, place.road, `${place.number}号`, `${place.name}集体户`];
  const community = dwelling!.community;
  const old = community.formerly[0];
  const closed = old !== undefined && rng.chance(0.12);
  const street = closed ? desk.city.places.divisions.all.find((d) => d.code === old.parent)!.name : community.street.name;
  const estate = dwelling!.estate;
  const remark = household.kind === 'empty' && rng.chance(0.6) ? rng.pick(['（空挂户）', '空挂户', '(空挂户)']) : '';
  return [1, closed && rng.chance(0.3) ? old.code.slice(0, 6) : community.district.code, street, closed && rng.chance(0.3) ? old.name : community.name, estate?.road ?? '',
    estate ? `${estate.number}号` : '', desk.addresses.estateAndDoor(dwelling!) + remark];
}
