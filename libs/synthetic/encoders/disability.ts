import { sm3 } from 'sm-crypto-v2';
import { compact } from '../calendar.js';
import { nameForGbk } from '../dirt/dirty-identity.js';
import { encodeGbk } from '../formats/gb-encoding.js';
import { FileWriter } from '../formats/file-writer.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { scatter, type Desk } from './desk.js';

const HEADER = 'CJZH,XM,SFZH,XB,CJLB,CJDJ,JHRXM,JHRDH,HKDZ,ZT';

/** Disability certificates, unquoted CSV with a manifest (row count, SM3). The certificate outlives a correction of the number; addresses may hold commas. */
export function encodeDisability(desk: Desk): void {
  const { rng } = desk;
  const rows: Buffer[] = [];
  const used = new Set<string>();
  for (const p of desk.city.persons) {
    if (!p.disabled || p.id.length !== 18 || !rng.chance(0.9)) continue;
    const key = (p.formerId && rng.chance(0.8) ? p.formerId : p.id).slice(0, 18);
    if (used.has(key)) continue;
    used.add(key);
    certificate(desk, p, key, rows, false);
    // Moved here with a certificate under a number mistyped elsewhere: the same person, a second key.
    const other = p.formerId && p.formerId !== key ? p.formerId : rng.chance(desk.rates.duplicate) ? p.id.slice(0, 14) + rng.digits(4) : '';
    if (other && !used.has(other)) {
      used.add(other);
      certificate(desk, p, other, rows, true);
    }
  }
  for (let i = desk.some(rows.length, desk.rates.testRow); i > 0; i--) {
    const test = testPerson(desk.city.population, rng.pick(desk.city.persons));
    certificate(desk, test, `11111111111111111${i % 10}`, rows, false);
  }
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => {
    if (i % 3 === 0) return encodeGbk(',残缺,,1,4,3,,,某路1号,1\r\n');
    if (i % 3 === 1) return encodeGbk('残缺,1,4\r\n');
    return Buffer.concat([Buffer.from(`${desk.city.code}${rng.digits(14)}43,`), Buffer.from([0x81, 0x20, 0xff]), encodeGbk(',,1,4,3,,,某路1号,1\r\n')]);
  });
  desk.dead(bad.length);
  const all = scatter(rng.shuffle(rows), bad, rng);
  const day = compact(desk.today);
  const data = Buffer.concat([Buffer.from(`${HEADER}\r\n`), ...all]);
  const file = new FileWriter(desk.path(`CJR_${day}.csv`));
  file.write(data);
  file.close();
  const ok = new FileWriter(desk.path(`CJR_${day}.OK`));
  ok.write(`${all.length}\n${sm3(new Uint8Array(data))}\n`);
  ok.close();
  desk.row(all.length);
}

function certificate(desk: Desk, p: Person, key: string, rows: Buffer[], copy: boolean): void {
  const { rng } = desk;
  const category = rng.pick(['1', '2', '3', '4', '4', '4', '4', '5', '5', '6', '7']);
  const level = rng.between(1, 4);
  const seen = desk.see(p, rng.chance(0.6) ? 'registered' : 'home');
  seen.name = nameForGbk(seen.name, 'private');
  const status = copy ? rng.pick(['2', '3']) : p.death && rng.chance(0.6) ? '4' : rng.chance(0.04) ? rng.pick(['2', '3']) : '1';
  // Some pages of the system swap sight and hearing; the certificate number is right.
  const shown = category === '1' && rng.chance(0.1) ? '2' : category === '2' && rng.chance(0.1) ? '1' : category;
  const guardian = desk.age(p) < 18 || category >= '5' ? [p.mother, p.father, p.spouse, p.children[0]].find((g) => g && g.death === 0) : undefined;
  const address = seen.address.text.replaceAll('"', '') + (rng.chance(0.06) ? rng.pick([',原址拆迁', ',与父母同住', ',3楼,右手']) : '');
  desk.file(key, seen, '', copy);
  const line = (cat: string, lvl: number, zt: string): Buffer => encodeGbk(
    `${[`${key}${cat}${lvl}`, seen.name.replaceAll(',', ''), seen.id, seen.sex, shown, lvl, guardian ? nameForGbk(guardian.name, 'question') : '', guardian?.phone ?? '', nameForGbk(address, 'question'), zt].join(',')}\r\n`);
  rows.push(line(category, level, status));
  // Re-assessed: the old certificate stays, cancelled; the valid one wins.
  if (status === '1' && rng.chance(0.05)) rows.push(line(category, level === 1 ? 2 : level - 1, '3'));
}
