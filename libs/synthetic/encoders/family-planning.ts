import { civil } from '../calendar.js';
import { nameForGbk } from '../dirt/dirty-identity.js';
import { DbfWriter, type DbfField } from '../formats/dbf-writer.js';
import { FileWriter } from '../formats/file-writer.js';
import { relationCode } from '../population/kinship.js';
import type { Person, RegisteredHousehold } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { compactBirth, scatter, type Desk } from './desk.js';

const FIELDS: readonly DbfField[] = ([
  ['HBM', 'C', 18], ['RBM', 'C', 20], ['XM', 'C', 20], ['XB', 'C', 1], ['SFZH', 'C', 18], ['CSRQ', 'D', 8], ['HKXZ', 'C', 1], ['YHZGX', 'C', 2], ['MZ', 'C', 2], ['HYZK', 'C', 2],
  ['POXM', 'C', 20], ['POSFZ', 'C', 18],
  ['ZNS', 'N', 2], ['LXDH', 'C', 20], ['DZ', 'C', 80],
] as const).map(([name, type, length]) => ({ name, type, length }));

interface Row {
  values: (string | Buffer)[];
  deleted: boolean;
}

/** The family-planning file: by registered household, also those of other cities; couples with their spouse's number, newborns under a temporary LS number. No times. */
export function encodeFamilyPlanning(desk: Desk): void {
  const { rng } = desk;
  const rows: Row[] = [];
  const mints = new Map<string, KeyMint>();
  const codes = (h: RegisteredHousehold): string => {
    const community = (h.dwelling ?? h.members.find((m) => m.home?.dwelling)?.home?.dwelling)?.community ?? h.place?.community ?? desk.city.places.divisions.communities[0]!;
    let mint = mints.get(community.code);
    if (!mint) mints.set(community.code, (mint = new KeyMint(rng.fork(`hbm/${community.code}`), 6)));
    return community.code + mint.next();
  };
  const households = desk.city.households.filter((h) => h.kind !== 'collective' && h.members.some((m) => m.home) && rng.chance(h.elsewhere ? (h.members.length > 1 ? 0.5 : 0.12) : 0.64));
  for (const household of households) encodeHousehold(desk, household, codes(household), rows);
  // Households entered again after a move, under a second number.
  for (const household of households.filter(() => rng.chance(0.03))) encodeHousehold(desk, household, codes(household), rows, true);
  const code = desk.city.places.divisions.communities[0]!.code;
  for (let i = desk.some(rows.length, desk.rates.testRow); i > 0; i--) {
    const test = testPerson(desk.city.population, rng.pick(desk.city.persons));
    const number = `${code}99${rng.digits(4)}`;
    desk.household(number, desk.city.population.householdKey('registered'));
    rows.push(personRow(desk, test, number, `${number}01`, undefined, false));
  }
  const bad: Row[] = Array.from({ length: desk.malformed(rows.length) }, (_, i) => ({
    deleted: false,
    values: i % 2 === 0 ? [`${code}010001`, '', '残缺', '1', '', '', '1', '02', '01', '10', '', '', '0']
      : [`${code}010001`, `${code}01000199`, Buffer.from([0x81, 0x20, 0xff, 0x20]), '1', '', '', '1', '02', '01', '10', '', '', '0'],
  }));
  desk.dead(bad.length);
  write(desk, scatter(rng.shuffle(rows), bad, rng));
}

function encodeHousehold(desk: Desk, household: RegisteredHousehold, number: string, rows: Row[], again = false): void {
  const { rng } = desk;
  let kept = 0;
  let member = 0;
  for (const { person, copy } of desk.withCopies(household.members)) {
    const gone = person.death !== 0 || person.left !== 0;
    if (gone && !rng.chance(0.35) || !rng.chance(0.9)) continue;
    member += 1;
    const own = `${number}${String(member).padStart(2, '0')}`;
    const deleted = rng.chance(desk.rates.withdrawn * 1.5);
    if (!deleted) kept += 1;
    rows.push(personRow(desk, person, number, own, household.head, copy || again, deleted));
  }
  if (kept > 0) desk.household(number, household.entity);
}

function personRow(desk: Desk, p: Person, household: string, key: string, head: Person | undefined, copy: boolean, deleted = false): Row {
  const { rng } = desk;
  const seen = desk.see(p, rng.chance(0.7) ? 'home' : 'registered');
  seen.name = nameForGbk(seen.name, 'private');
  if (desk.age(p) < 2 && rng.chance(0.4) || desk.age(p) < 14 && rng.chance(0.03)) seen.id = `LS${rng.digits(16)}`;
  if (!deleted) desk.file(key, seen, household, copy);
  // A divorced or widowed person keeps the former spouse here for years.
  const spouse = p.spouse ?? (rng.chance(0.4) ? p.formerSpouse : undefined);
  const spouseId = spouse && rng.chance(0.62) ? spouse.id : '';
  const marital = p.marital === '40' && spouse ? '21' : desk.age(p) < 18 ? '10' : p.marital;
  return {
    deleted,
    values: [
      household, key, seen.name, String(seen.sex), seen.id.slice(0, 18), compactBirth(seen.birth).slice(0, 8),
      rng.chance(0.02) ? '9' : p.registered.elsewhere ? rng.pick(['1', '2', '2']) : rng.pick(['1', '1', '1', '2']),
      desk.code(head ? relationCode(p, head) : '02', ['03', '0', '1', '98']), desk.code(p.ethnic, ['HA', '0', '汉']), desk.code(marital, ['1', '2', '3']),
        spouse ? nameForGbk(spouse.name, 'question') : '', spouseId.length === 18 ? spouseId : '', String(Math.min(99, p.children.filter((c) => c.death === 0).length)), seen.phone,
        seen.address.text,
    ],
  };
}

function write(desk: Desk, rows: Row[]): void {
  const writer = new DbfWriter(new FileWriter(desk.path('QYRK.DBF')), FIELDS);
  writer.header(rows.length, civil(desk.today));
  for (const row of rows) writer.record(row.values, row.deleted);
  writer.close();
  desk.row(rows.length);
}
