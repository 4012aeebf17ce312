import { FileWriter } from '../formats/file-writer.js';
import { relationCode } from '../population/kinship.js';
import type { Home, Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { compactBirth, isoStamp, scatter, sexLabel, xmlText, type Desk } from './desk.js';

const PER_FILE = 5000;
const NO_NUMBER = '<ehr archiveNo=""><name>残缺</name><idNo>不详</idNo><gender code="1">男</gender><birth/><nation>01</nation><phone/><address/><divisionCode/><familyNo/><relation/><motherId/><orgName/>'
  + '<seniorService>0</seniorService><contracted>0</contracted><status>1</status><updateTime>2024-05-12T10:30:00+08:00</updateTime></ehr>';

/** Health files by family file; infants under their mother's number, masked and missing numbers are common. */
export function encodePublicHealth(desk: Desk): void {
  const { rng } = desk;
  const mints = new Map<string, KeyMint>();
  const number = (code: string, kind: string): string => {
    const name = `${kind}/${code}`;
    let mint = mints.get(name);
    if (!mint) mints.set(name, (mint = new KeyMint(rng.fork(name), 5)));
    return code + mint.next();
  };
  const rows: string[] = [];
  const codeOf = (home: Home | undefined): string => (home?.dwelling?.community ?? home?.place?.community ?? rng.pick(desk.city.places.divisions.communities)).code;
  for (const home of desk.city.homes) {
    if (!rng.chance(home.kind === 'dormitory' ? 0.25 : 0.78)) continue;
    const code = codeOf(home);
    const family = home.kind !== 'dormitory' && rng.chance(0.96) ? number(code, 'family') : '';
    if (family) desk.household(family, home.entity);
    for (const { person, copy } of desk.withCopies(home.members)) {
      if (copy || rng.chance(0.94) || family && person === home.members[0]) rows.push(archive(desk, person, number(code, 'archive'), family, code, home, copy));
    }
  }
  for (const p of desk.city.persons) if (!p.home && rng.chance(0.4)) rows.push(archive(desk, p, number(codeOf(undefined), 'archive'), '', codeOf(undefined), undefined, false));
  for (let i = desk.some(rows.length, desk.rates.testRow); i > 0; i--) {
    const code = codeOf(undefined);
    rows.push(archive(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), number(code, 'archive'), '', code, undefined, false));
  }
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => (i % 2 === 0 ? NO_NUMBER : NO_NUMBER.replace(' archiveNo=""', '')));
  desk.dead(bad.length);
  const all = scatter(rng.shuffle(rows), bad, rng);
  desk.row(all.length);
  for (let n = 0; n * PER_FILE < Math.max(1, all.length); n++) {
    const file = new FileWriter(desk.path(`EHR_${String(n + 1).padStart(4, '0')}.xml`));
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<ehrList>\n');
    for (const row of all.slice(n * PER_FILE, (n + 1) * PER_FILE)) file.write(`${row}\n`);
    file.write('</ehrList>\n');
    file.close();
  }
}

function archive(desk: Desk, p: Person, key: string, family: string, code: string, home: Home | undefined, copy: boolean): string {
  const { rng } = desk;
  const seen = desk.see(p);
  const age = desk.age(p);
  const mother = age < 3 && p.mother && rng.chance(0.3) ? p.mother.id : '';
  if (mother) seen.id = mother;
  else if (seen.id === '' && rng.chance(0.5)) seen.id = '不详';
  desk.file(key, seen, family, copy);
  const street = desk.city.places.divisions.all.find((d) => d.code === code.slice(0, 9))?.name ?? '';
  const status = p.death ? (rng.chance(0.55) ? '3' : '1') : p.left ? '2' : rng.chance(0.01) ? '9' : '1';
  const at = p.death ? desk.stamp(p.death - 600, p.death + 60) : desk.recent(p);
  const org = !p.home && rng.chance(0.1) ? '空挂户' : `${street}社区卫生服务中心`;
  return `<ehr archiveNo="${key}">` + ([
    ['name', seen.name], ['idNo', seen.id],
  ] as const).map(([tag, text]) => `<${tag}>${xmlText(text)}</${tag}>`).join('') + `<gender code="${seen.sex}">${sexLabel(seen.sex)}</gender>` + ([
    ['birth', compactBirth(seen.birth)], ['nation', desk.code(p.ethnic, ['汉族', '1', '汉'])], ['phone', seen.phone], ['address', seen.address.text], ['divisionCode', code],
    ['familyNo', family],
    ['relation', home?.head && family ? desk.code(relationCode(p, home.head), ['0', '1', '户主', '配偶']) : ''], ['motherId', mother], ['orgName', org],
    ['seniorService', age >= 65 && rng.chance(0.6) ? '1' : '0'],
    ['contracted', rng.chance(0.5) ? '1' : '0'], ['status', status], ['updateTime', isoStamp(at)],
  ] as const).map(([tag, text]) => `<${tag}>${xmlText(text)}</${tag}>`).join('') + '</ehr>';
}
