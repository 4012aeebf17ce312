import { dashed } from '../calendar.js';
import { FileWriter } from '../formats/file-writer.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { csvLine, dashedBirth, dashedStamp, scatter, type Desk } from './desk.js';

const HEADER = 'ID,RECTNUM,XM,SFZH,XB,CSRQ,JZLB,JZKSRQ,JZJSRQ,ZM,SFTG,XZZ,LXDH,TBBZ,TBXX,GXSJ';
const CHARGES = ['诈骗', '危险驾驶', '盗窃', '故意伤害', '开设赌场', '非法经营', '交通肇事', '掩饰隐瞒犯罪所得'];

/** People under correction or resettlement. That a record exists here is itself a secret. */
export function encodeCorrections(desk: Desk): void {
  const { rng } = desk;
  const ids = new KeyMint(rng.fork('id'), 9);
  const known = desk.city.persons.filter((p) => p.death === 0 && p.home && desk.age(p) >= 18 && desk.age(p) < 75 && rng.chance(p.sex === 1 ? 0.016 : 0.005));
  const rows: Buffer[] = [];
  for (const { person, copy } of desk.withCopies(known)) rows.push(...record(desk, person, ids.next(), copy));
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) rows.push(...record(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), ids.next(), false));
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => {
    if (i % 3 === 0) return Buffer.from(`1${rng.digits(4)},,残缺,,1,1980-01-01,02,2024-01-01,2025-01-01,盗窃,0,,,0,,2024-01-01 00:00:00\r\n`);
    if (i % 3 === 1) return Buffer.from(`1${rng.digits(4)},${desk.city.code}20240${rng.digits(4)},残缺,1\r\n`);
    return Buffer.concat([Buffer.from(`1${rng.digits(4)},${desk.city.code}20249${rng.digits(4)},`), Buffer.from([0xff, 0xfe]),
      Buffer.from(',,1,1980-01-01,02,2024-01-01,2025-01-01,盗窃,0,,,0,,2024-01-01 00:00:00\r\n')]);
  });
  desk.dead(bad.length);
  const file = new FileWriter(desk.path('T_JZRY.csv'));
  file.write(`\uFEFF${HEADER}\r\n`);
  const all = scatter(rng.shuffle(rows), bad, rng);
  for (const row of all) file.write(row);
  file.close();
  desk.row(all.length);
}

function record(desk: Desk, p: Person, id: string, copy: boolean): Buffer[] {
  const { rng } = desk;
  const seen = desk.see(p);
  const from = desk.stamp(Math.max(p.birth + 18 * 365, desk.today - 1400), desk.today - 30);
  const key = `${desk.city.code}${dashed(from.day).slice(0, 4)}${id}`;
  desk.file(key, seen, '', copy);
  const at = desk.stamp(from.day, desk.today);
  const flag = rng.pick(['0', '0', '1', '1', '1', '9']);
  const line = (stamp: string, phone: string): Buffer => Buffer.from(`${csvLine([
    id, key, seen.name, seen.id, seen.sex, dashedBirth(seen.birth), rng.pick(['01', '02', '02', '02', '03', '04', '05']), dashed(from.day), dashed(from.day + rng.pick([365, 730, 1095])),
    rng.pick(CHARGES), rng.chance(0.05) ? 1 : 0,
    seen.address.text, phone, flag, flag === '9' ? '字段校验失败' : '', stamp,
  ])}\r\n`);
  return [line(dashedStamp(at), seen.phone)];
}
