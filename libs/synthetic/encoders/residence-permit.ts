import { compact } from '../calendar.js';
import { nameForGbk } from '../dirt/dirty-identity.js';
import { encodeGbk } from '../formats/gb-encoding.js';
import { FileWriter } from '../formats/file-writer.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { compactStamp, dashedBirth, scatter, sexLabel, xmlText, type Desk } from './desk.js';
import { ethnicLabel } from './labels.js';

const PER_FILE = 5000;

/** People of other cities with a permit, in XML files of 5,000. Few departures are ever reported; who comes back gets a new LSH. */
export function encodeResidencePermit(desk: Desk): void {
  const { rng } = desk;
  const serials = new KeyMint(rng.fork('lsh'), 9);
  const known = desk.city.persons.filter((p) => p.registered.elsewhere && desk.age(p) >= 3 && rng.chance(p.home ? 0.58 : 0.3));
  const rows: string[] = [];
  for (const { person, copy } of desk.withCopies(known)) rows.push(permit(desk, person, `LD${serials.next()}`, copy));
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) rows.push(permit(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), `LD${serials.next()}`, false));
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => (i % 2 === 0 ? NO_SERIAL : '<result><ERR>timeout</ERR></result>'));
  desk.dead(bad.length);
  const all = scatter(rng.shuffle(rows), bad, rng);
  desk.row(all.length);
  for (let n = 0; n * PER_FILE < Math.max(1, all.length); n++) {
    const file = new FileWriter(desk.path(`LDRK_${String(n + 1).padStart(4, '0')}.xml`));
    file.write(`<?xml version="1.0" encoding="GBK"?>\n<response><head><resultCode>00</resultCode><total>${all.length}</total></head><body><resultList>\n`);
    for (const row of all.slice(n * PER_FILE, (n + 1) * PER_FILE)) file.write(encodeGbk(`${row}\n`));
    file.write('</resultList></body></response>\n');
    file.close();
  }
}

const NO_SERIAL = '<result><LSH></LSH><XM>残缺</XM><XB>男</XB><SFZH></SFZH><CSRQ></CSRQ><MZ>汉族</MZ><JZZH/><HJDZ/><XZZ/><FZXM/><FZDH/><LXDH/><YHZGX>租客</YHZGX><ZCS>30</ZCS><ZZSY>204</ZZSY>'
  + '<DJRQ>20150512000000</DJRQ><YXQX>20160512</YXQX><ZXBZ>0</ZXBZ><GXSJ>20150512103000</GXSJ></result>';

function permit(desk: Desk, p: Person, serial: string, copy: boolean): string {
  const { rng } = desk;
  const seen = desk.see(p);
  seen.name = nameForGbk(seen.name, rng.chance(0.5) ? 'private' : 'question');
  if (p.agentPhone && rng.chance(0.8)) {
    seen.phone = p.agentPhone;
    seen.phoneOfFamily = false;
  }
  desk.file(serial, seen, '', copy);
  const landlord = p.landlord ?? p.home?.landlord;
  const arrived = copy ? Math.max(p.birth + 1, p.arrived - 900) : p.arrived;
  const renewed = desk.stamp(arrived, desk.today);
  const until = renewed.day + rng.pick([182, 365, 730]);
  const relation = p.home?.kind === 'dormitory' ? '雇员' : !landlord ? '其他' : rng.chance(0.9) ? '租客' : '亲属';
  const place = p.home?.kind === 'dormitory' ? rng.pick(['42', '42', '71']) : rng.chance(0.75) ? '30' : rng.pick(['21', '22', '23', '73', '90']);
  const reason = desk.age(p) < 18 ? rng.pick(['131', '212', '207', '999']) : rng.pick(['204', '204', '204', '206', '206', '208', '131', '205', '999']);
  return '<result>' + ([
    ['LSH', serial], ['XM', seen.name], ['XB', sexLabel(seen.sex)], ['SFZH', seen.id], ['CSRQ', dashedBirth(seen.birth)], ['MZ', ethnicLabel(p.ethnic)],
    ['JZZH', rng.chance(0.6) ? `JZ${desk.city.code}${rng.digits(8)}` : ''],
    ['HJDZ', p.registered.elsewhere || desk.address(p, 'registered').text], ['XZZ', seen.address.text], ['FZXM', landlord ? nameForGbk(landlord.name, 'question') : ''],
    ['FZDH', landlord && rng.chance(0.8) ? landlord.phone : ''],
    ['LXDH', seen.phone], ['YHZGX', relation], ['ZCS', place], ['ZZSY', reason], ['DJRQ', `${compact(renewed.day)}000000`], ['YXQX', compact(until)],
    ['ZXBZ', p.home || rng.chance(0.85) ? '0' : '1'], ['GXSJ', compactStamp(renewed)],
  ] as const).map(([tag, text]) => `<${tag}>${xmlText(text)}</${tag}>`).join('') + '</result>';
}
