import { cleanPhone } from '../dirt/dirty-contact.js';
import { houseCode } from '../places/dwellings.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { isoStamp, type Desk } from './desk.js';
import { writeJsonLines } from './json-lines.js';

const PURPOSES = ['share-profile', 'notice', 'service-request', 'health-service'] as const;
const FACES = ['💪', '🎉', '🌈', '🐱', '🍀', '🌸', '😊', '🌙'];

/** Phone-first accounts: a mobile number, often no real name, a nickname with emoji, sometimes a house. Young people open several; a family may share one number. */
export function encodeSmartCommunity(desk: Desk): void {
  const { rng } = desk;
  const rows: string[] = [];
  const known = desk.city.persons.filter((p) => p.home && p.death === 0 && p.phone && desk.age(p) >= 12 && rng.chance(desk.age(p) > 65 ? 0.2 : p.phoneShared ? 0.25 : 0.46));
  for (const { person, copy } of desk.withCopies(known)) rows.push(account(desk, person, copy));
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) rows.push(account(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), false, true));
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i): string | Buffer => {
    if (i % 4 === 0) return `{"userId":"${rng.uuid()}","mobile":"139`;
    if (i % 4 === 1) return `{"userId":null,"mobile":"13900000000","realName":"残缺","nickName":null,"idCard":null,"idVerified":false,"houseId":null,"address":null,"consents":[],"registeredAt":"2024-01-01T00:00:00+08:00","updatedAt":"2024-01-01T00:00:00+08:00"}`;
    if (i % 4 === 2) return Buffer.concat([Buffer.from(`{"userId":"${rng.uuid()}","nickName":"`), Buffer.from([0xf0, 0x9f, 0xff]), Buffer.from('"}')]);
    return '"残缺"';
  });
  writeJsonLines(desk, 'users.jsonl', rows, bad);
}

function account(desk: Desk, p: Person, copy: boolean, test = false): string {
  const { rng } = desk;
  const seen = desk.see(p);
  const key = rng.uuid();
  const verified = !test && rng.chance(0.2);
  const x = rng.next();
  const nick = rng.chance(0.88) ? p.nickname + (rng.chance(0.4) ? rng.pick(FACES) : '') : null;
  // A real name, a form of address in its place, or nothing at all.
  const realName = test || verified || x < 0.4 ? seen.name : x < 0.55 ? p.nickname + (rng.chance(0.3) ? rng.pick(FACES) : '') : null;
  const idCard = test ? seen.id : verified ? p.id : rng.chance(0.05) ? seen.id || null : null;
  const house = p.home?.dwelling && rng.chance(0.5) ? houseCode(p.home.dwelling) : null;
  const address = rng.chance(0.72) ? seen.address.text || null : null;
  const mobile = copy && p.oldPhone ? p.oldPhone : rng.chance(0.975) ? (rng.chance(0.9) ? p.phone : cleanPhone(seen.phone) || p.phone) : null;
  const shownPhone = mobile ?? '';
  desk.file(key, { ...seen, name: realName ?? '', id: idCard ?? '', birth: 'empty', phone: shownPhone,
    phoneOfFamily: shownPhone !== '' && shownPhone !== p.oldPhone && (p.phoneShared || seen.phoneOfFamily),
    address: address ? seen.address : { ...seen.address, text: '', means: undefined } }, house ?? '', copy, false);
  const registered = desk.stamp(Math.max(p.arrived, desk.today - 2500), desk.today - 40);
  const updated = desk.stamp(registered.day + 1, desk.today);
  const consents = PURPOSES.filter((c) => rng.chance(c === 'share-profile' ? 0.5 : c === 'health-service' ? 0.3 : 0.7));
  return JSON.stringify({
    userId: key, mobile, realName, nickName: nick, idCard, idVerified: verified, houseId: house, address, consents, registeredAt: isoStamp(registered), updatedAt: isoStamp(updated),
  });
}
