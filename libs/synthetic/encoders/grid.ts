import { isCalendarDate, type WrittenBirth } from '../dirt/dirty-identity.js';
import { relationCode } from '../population/kinship.js';
import type { Home, Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { dashedStamp, type Desk } from './desk.js';
import { writeJsonLines } from './json-lines.js';

/** Residents as the grid workers met them. Neighbouring grids keep the same person twice; half of the values are missing somewhere. */
export function encodeGrid(desk: Desk): void {
  const { rng } = desk;
  const ids = new KeyMint(rng.fork('id'), 9);
  const accounts = new KeyMint(rng.fork('account'), 9);
  const rows: string[] = [];
  for (const home of desk.city.homes) {
    if (!rng.chance(0.86)) continue;
    const account = home.kind !== 'dormitory' && rng.chance(0.93) ? accounts.next() : null;
    if (account) desk.household(account, home.entity);
    for (const { person, copy } of desk.withCopies(home.members)) {
      if (copy || rng.chance(0.93) || account && person === home.members[0]) rows.push(resident(desk, person, ids.next(), account, home, copy));
    }
    // Another grid kept the whole household a second time.
    if (account && rng.chance(0.025)) {
      const second = accounts.next();
      desk.household(second, home.entity);
      for (const person of home.members) rows.push(resident(desk, person, ids.next(), second, home, true));
    }
  }
  for (const p of desk.city.persons) if (!p.home && rng.chance(0.3)) rows.push(resident(desk, p, ids.next(), null, undefined, false));
  for (let i = desk.some(rows.length, desk.rates.testRow); i > 0; i--) rows.push(resident(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), ids.next(), null, undefined,
    false));
  const tenant = desk.city.places.divisions.communities[0]!.street.code;
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i): string | Buffer => {
    if (i % 4 === 0) return `{"id":null,"tenantId":"${tenant}","name":"残缺","delFlag":"0","updateTime":"2024-01-01 00:00:00"}`;
    if (i % 4 === 1) return `{"id":"9${rng.digits(8)}","tenantId":"${tenant}","na`;
    if (i % 4 === 2) return Buffer.concat([Buffer.from(`{"id":"9${rng.digits(8)}","name":"`), Buffer.from([0xff, 0xfe, 0xc1]), Buffer.from('","delFlag":"0"}')]);
    return '["残缺","残缺"]';
  });
  writeJsonLines(desk, 'persons.jsonl', rows, bad);
}

function resident(desk: Desk, p: Person, id: string, account: string | null, home: Home | undefined, copy: boolean): string {
  const { rng } = desk;
  const seen = desk.see(p);
  desk.file(id, seen, account ?? '', copy);
  const community = (copy && rng.chance(0.5) ? p.formerDwelling : p.home?.dwelling)?.community ?? p.home?.place?.community ?? p.registered.dwelling?.community ?? desk.city.places.divisions.communities[0]!;
  const some = <T>(share: number, value: T): T | null => (rng.chance(share) ? value : null);
  const registered = p.registered;
  const registeredIn = registered.dwelling?.community ?? registered.place?.community;
  const domicile = registered.elsewhere ? `${registered.region}000000` : registeredIn ? desk.communityCode(registeredIn) : null;
  const here = registered.dwelling !== undefined && registered.dwelling === p.home?.dwelling;
  const head = home?.head;
  const age = desk.age(p);
  const at = p.death ? desk.stamp(p.death - 800, p.death) : desk.stamp(Math.max(p.arrived, desk.today - 900), desk.today);
  return JSON.stringify({
    id, tenantId: community.parent, gridCode: community.code + String(rng.between(1, 4)).padStart(2, '0'), ident: seen.id || null, name: seen.name,
    usedname: p.formerName && seen.name !== p.formerName ? some(0.3, p.formerName) : null,
    sex: some(0.98, String(seen.sex)), birthday: epoch(desk, seen.birth), nation: some(0.92, desk.code(p.ethnic, ['汉', '1', '99', '汉族'])),
    politics: some(0.87, p.politics === '13' && rng.chance(0.45) ? '12' : p.politics), education: some(0.82, desk.code(p.education, ['6', '50', '本科', '2'])),
    marriage: some(0.83, desk.code(age < 18 ? '10' : p.marital, ['1', '2', '已婚', '23'])), phone: seen.phone || null, domicile: some(0.75, domicile),
    domiciledetail: some(0.75, desk.address(p, 'registered').text || null), residence: community.code,
    residencedetail: seen.address.text || null, account, accountidentity: account && head ? some(0.8, head.id) : null,
    accountrelation: head ? some(0.93, relationCode(p, head)) : account ? null : some(0.5, '02'),
    uniformlogo: some(0.91, here ? '01' : '02'), flowRea: registered.elsewhere ? some(0.6, rng.pick(['11', '11', '13', '05', '10', '99'])) : null, isLow: some(0.73, rng.chance(0.03)),
    isDisabled: some(0.7, p.disabled),
    isElderlyAlone: some(0.75, age >= 70 && home?.members.length === 1), delFlag: rng.chance(desk.rates.withdrawn) || p.death && rng.chance(0.4) ? '1' : '0', updateTime: dashedStamp(at),
  });
}

/** Milliseconds of local midnight in Asia/Shanghai, with the summer time of 1986–1991; about 3 in 100 slipped by eight hours. */
function epoch(desk: Desk, birth: WrittenBirth): number | null {
  if (birth === 'empty' || birth === 'zeros') return null;
  const d = birth === 'year-1900' ? { year: 1900, month: 1, date: 1 } : birth;
  if (!isCalendarDate(d)) return null;
  const midnight = shanghaiMidnight(d.year, d.month, d.date);
  return desk.rng.chance(0.03) ? midnight + (desk.rng.chance(0.5) ? 1 : -1) * 8 * 3_600_000 : midnight;
}

const offsets = new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Shanghai', timeZoneName: 'longOffset' });
const known = new Map<number, number>();

function shanghaiMidnight(year: number, month: number, date: number): number {
  const utc = Date.UTC(year, month - 1, date);
  let offset = known.get(utc);
  if (offset === undefined) {
    // Read at the midnight itself: 1901 (local mean time), 1940–49 and 1986–91 (summer time) differ from +08:00.
    const text = offsets.format(new Date(utc - 8 * 3_600_000));
    const m = /GMT\+(\d+):(\d+)(?::(\d+))?/.exec(text);
    offset = m ? (Number(m[1]) * 3600 + Number(m[2]) * 60 + Number(m[3] ?? 0)) * 1000 : 8 * 3_600_000;
    known.set(utc, offset);
  }
  return utc - offset;
}

