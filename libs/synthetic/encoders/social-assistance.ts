import { compact } from '../calendar.js';
import { encodeGb18030 } from '../formats/gb-encoding.js';
import { FileWriter } from '../formats/file-writer.js';
import type { Home, Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { compactBirth, compactStamp, csvLine, scatter, type Desk, type Seen, type Stamp } from './desk.js';

const FAMILY_HEADER = 'FAMILY_ID,FAMILY_NAME,FAMILY_CARD_NO,CARD_NO,DOMICILE_CODE,ADDRESS,ASSISTANCE_TYPE,BEGIN_DATE,END_DATE,ACCOUNT_NUMBER,POPULATION,UPDATE_TIME';
const PEOPLE_HEADER = 'PEOPLE_ID,FAMILY_ID,NAME,ID_CARD,SEX,BIRTHDAY,NATION,RELATIONSHIP,MARRIAGE,DOMICILE_TYPE,TEL_MOBILE,PERSONAL_STATS_TAG,DEATH_FLAG,UPDATE_TIME';

/** Families on aid: who lives and eats together. Every application leaves rows behind; the newest UPDATE_TIME counts. */
export function encodeSocialAssistance(desk: Desk): void {
  const { rng } = desk;
  const families = new KeyMint(rng.fork('family'), 8);
  const people = new KeyMint(rng.fork('people'), 9);
  const familyRows: Buffer[] = [];
  const peopleRows: Buffer[] = [];
  for (const home of desk.city.homes) {
    const poor = home.kind !== 'shared' && rng.chance(home.members.some((m) => desk.age(m) >= 75 || m.disabled) ? 0.11 : 0.05);
    if (!poor) continue;
    const entity = desk.city.population.householdKey('living');
    const add = (copy: boolean): void => {
      const key = `F00${rng.int(10)}${families.next()}`;
      desk.household(key, entity);
      application(desk, home, key, people, familyRows, peopleRows, copy);
    };
    add(false);
    // Applied again in another street: a second family number for the same people.
    if (rng.chance(0.04)) add(true);
  }
  for (let i = desk.some(peopleRows.length, desk.rates.testRow); i > 0; i--) {
    const key = `F009${families.next()}`;
    desk.household(key, desk.city.population.householdKey('living'));
    const seen = desk.see(testPerson(desk.city.population, rng.pick(desk.city.persons)));
    familyRows.push(familyRow(desk, seen, key, undefined, 1, desk.stamp(desk.today - 2000, desk.today), '04'));
    const own = `R00${people.next()}`;
    desk.file(own, seen, key);
    peopleRows.push(personRow(desk, seen, own, key, '0', desk.stamp(desk.today - 2000, desk.today), false));
  }
  const bad = Array.from({ length: desk.malformed(peopleRows.length) }, (_, i) => {
    if (i % 3 === 0) return encodeGb18030(`R9${rng.digits(5)},F00000000001,残缺,,1\r\n`);
    if (i % 3 === 1) return encodeGb18030(',F00000000001,残缺,,1,,01,0,10,1,,,0,20240101000000\r\n');
    return Buffer.concat([Buffer.from(`R9${rng.digits(9)},F00000000001,`), Buffer.from([0xff, 0xff]), Buffer.from(',,1,,01,0,10,1,,,0,20240101000000\r\n')]);
  });
  desk.dead(bad.length);
  write(desk, 'BASEINFO_FAMILY.csv', FAMILY_HEADER, rng.shuffle(familyRows));
  write(desk, 'BASEINFO_PEOPLE.csv', PEOPLE_HEADER, scatter(rng.shuffle(peopleRows), bad, rng));
}

function application(desk: Desk, home: Home, key: string, people: KeyMint, familyRows: Buffer[], peopleRows: Buffer[], copy: boolean): void {
  const { rng } = desk;
  const members = home.kind === 'dormitory' ? [home.members[0]!] : home.members;
  const applicant = home.head ?? members[0]!;
  const at = desk.stamp(desk.today - 1500, desk.today - 10);
  const older = rng.chance(0.35) ? desk.stamp(at.day - 900, at.day - 200) : undefined;
  const keys = new Map(members.map((m) => [m, `R00${people.next()}`]));
  // A withdrawn applicant now and then dies or leaves: the file stays as it was.
  const applicantSeen = desk.see(applicant);
  const types = aidTypes(desk, members);
  familyRows.push(familyRow(desk, applicantSeen, key, home, members.length, at, types));
  if (older) familyRows.push(familyRow(desk, desk.see(applicant), key, home, Math.max(1, members.length - 1), older, types.split(',')[0]!));
  for (const person of members) {
    if (person !== applicant && rng.chance(0.06)) continue;
    const own = keys.get(person)!;
    const seen = person === applicant ? applicantSeen : desk.see(person);
    desk.file(own, seen, key, copy);
    const relation = relationToApplicant(person, applicant);
    peopleRows.push(personRow(desk, seen, own, key, relation, at, false));
    if (older && rng.chance(0.85)) peopleRows.push(personRow(desk, desk.see(person), own, key, relation, older, true));
    else if (rng.chance(desk.rates.staleRow)) peopleRows.push(personRow(desk, desk.see(person), own, key, relation, desk.stamp(at.day - 700, at.day - 30), true));
  }
}

function aidTypes(desk: Desk, members: Person[]): string {
  const { rng } = desk;
  const old = members.some((m) => desk.age(m) >= 80);
  const first = old && rng.chance(0.6) ? '05' : rng.pick(['01', '01', '02', '03', '04']);
  return rng.chance(0.25) ? `${first},${rng.pick(['01', '02', '04', '05'].filter((c) => c !== first))}` : first;
}

function familyRow(desk: Desk, applicant: Seen, key: string, home: Home | undefined, population: number, at: Stamp, types: string): Buffer {
  const { rng } = desk;
  const community = (home?.dwelling ?? applicant.person.registered.dwelling)?.community ?? home?.place?.community ?? desk.city.places.divisions.communities[0]!;
  const level = rng.next();
  // Trailing zeros of a 12-digit code are cut, so a district's code has six digits left, a street's nine.
  const code = level < 0.7 ? desk.communityCode(community) : level < 0.85 ? community.parent : community.district.code;
  const ended = rng.chance(0.35);
  return encodeGb18030(`${csvLine([
    key, applicant.name, applicant.id, rng.chance(0.92) ? `D${rng.digits(8)}` : '', code.replace(/0+$/, ''), applicant.address.text, types,
    compact(Math.max(0, at.day - rng.between(1, 700))), ended ? compact(at.day + rng.between(0, 400)) : '',
    `6229${rng.digits(12)}`, population, compactStamp(at),
  ])}\r\n`);
}

function personRow(desk: Desk, seen: Seen, key: string, family: string, relation: string, at: Stamp, stale: boolean): Buffer {
  const p = seen.person;
  const age = desk.age(p);
  const tags = [p.disabled ? 'D' : '', age >= 65 ? 'E' : '', p.activity === 'pupil' || p.activity === 'student' ? 'S' : '',
    p.activity === 'unemployed' && age < 60 ? 'U' : ''].filter((t) => t !== '' && desk.rng.chance(0.85));
  return encodeGb18030(`${csvLine([
    key, family, seen.name, seen.id, seen.sex, compactBirth(seen.birth), desk.code(p.ethnic, ['汉', '1']), relation, stale && desk.rng.chance(0.2) ? '10' : p.marital,
    p.registered.elsewhere ? 2 : 1, stale && desk.rng.chance(0.4) ? '' : seen.phone,
    tags.join(','), !stale && p.death ? 1 : 0, compactStamp(at),
  ])}\r\n`);
}

function relationToApplicant(p: Person, applicant: Person): string {
  if (p === applicant) return '0';
  if (p === applicant.spouse) return '1';
  if (p.father === applicant || p.mother === applicant || p.spouse && (p.spouse.father === applicant || p.spouse.mother === applicant)) return '2';
  const mate = applicant.spouse;
  if ([applicant, mate].some((a) => a && (a.father === p || a.mother === p))) return '3';
  const isChildOf = (child: Person | undefined, elder: Person): boolean => child !== undefined && (child.father === elder || child.mother === elder);
  if (isChildOf(p.father, applicant) || isChildOf(p.mother, applicant)) return '4';
  if (isChildOf(applicant.father, p) || isChildOf(applicant.mother, p)) return '5';
  if (p.father !== undefined && p.father === applicant.father || p.mother !== undefined && p.mother === applicant.mother) return '6';
  return '9';
}

function write(desk: Desk, name: string, header: string, rows: Buffer[]): void {
  const file = new FileWriter(desk.path(name));
  file.write(`${header}\r\n`);
  for (const row of rows) file.write(row);
  file.close();
  desk.row(rows.length);
}
