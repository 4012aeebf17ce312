import { compact, yearOf } from '../calendar.js';
import { cutBytes, encodeGb18030 } from '../formats/gb-encoding.js';
import { FileWriter } from '../formats/file-writer.js';
import { PLACE_NAMES } from '../places/place-names.js';
import type { Person } from '../population/person.js';
import { testPerson } from '../population/test-person.js';
import { KeyMint } from '../random.js';
import { compactBirth, scatter, type Desk } from './desk.js';

const NAME_BYTES = 12;

/** Insured people, bar-separated. Names are cut at 12 bytes without regard to characters: half a character left before a bar swallows the bar for a reader that decodes first. */
export function encodeSocialInsurance(desk: Desk): void {
  const { rng } = desk;
  const numbers = new KeyMint(rng.fork('aac001'), 10);
  const known = desk.city.persons.filter((p) => p.left === 0 && (p.death === 0 || rng.chance(0.5)) && rng.chance(desk.age(p) < 16 ? 0.22 : p.origin === 'migrant' ? 0.62 : 0.78));
  const rows: Buffer[] = [];
  for (const { person, copy } of desk.withCopies(known)) rows.push(insured(desk, person, numbers.next(), copy));
  for (let i = desk.some(known.length, desk.rates.testRow); i > 0; i--) rows.push(insured(desk, testPerson(desk.city.population, rng.pick(desk.city.persons)), numbers.next(), false));
  const bad = Array.from({ length: desk.malformed(rows.length) }, (_, i) => {
    const tail = '|1|01|19620315|10|||||4|200001\n';
    if (i % 3 === 0) return Buffer.concat([Buffer.from(`8${rng.digits(9)}|`), Buffer.from([0xff, 0xff, 0xff]), encodeGb18030(`|残缺${tail}`)]);
    if (i % 3 === 1) return encodeGb18030(`||残缺${tail}`);
    return encodeGb18030(`8${rng.digits(9)}||残缺|1|01\n`);
  });
  desk.dead(bad.length);
  const all = scatter(rng.shuffle(rows), bad, rng);
  const day = compact(desk.today);
  const file = new FileWriter(desk.path(`GRCB_${day}.txt`));
  for (const row of all) file.write(row);
  file.close();
  const end = new FileWriter(desk.path(`GRCB_${day}.END`));
  end.write(`${all.length}\n`);
  end.close();
  desk.row(all.length);
}

function insured(desk: Desk, p: Person, number: string, copy: boolean): Buffer {
  const { rng } = desk;
  const seen = desk.see(p, p.registered.elsewhere && rng.chance(0.3) ? 'registered' : 'home');
  if (p.ethnic === '98') seen.id = `CAN0QE${rng.digits(6)}`;
  // This office's keyboards have no other dot than the full stop, one byte: the cut then halves a character.
  if (rng.chance(0.4)) seen.name = seen.name.replace(/[·•・‧．]/, '.');
  const name = cutBytes(encodeGb18030(seen.name), NAME_BYTES);
  const kept = new TextDecoder('gb18030').decode(name).replaceAll('\uFFFD', '');
  desk.file(number, { ...seen, name: kept }, '', copy);
  const employed = p.activity === 'employed';
  const employer = rng.int(PLACE_NAMES.companies.length);
  const status = p.death && rng.chance(0.7) ? '9' : p.activity === 'retired' ? '2' : employed ? '1' : '4';
  const age = desk.age(p);
  const since = Math.max(1992, yearOf(p.birth) + 16);
  const first = `${Math.min(yearOf(desk.today) - 1, since + rng.int(Math.max(1, Math.min(20, age - 15))))}${String(rng.between(1, 12)).padStart(2, '0')}`;
  const rest = [
    seen.sex, desk.code(p.ethnic, ['1', '汉族', '']), compactBirth(seen.birth), p.registered.elsewhere ? '20' : '10', seen.address.text, seen.phone,
      employed ? `E${String(employer).padStart(6, '0')}` : '',
    employed ? desk.city.name.replace(/市$/, '') + PLACE_NAMES.companies[employer]! : '', status, first,
  ].join('|');
  return Buffer.concat([encodeGb18030(`${number}|${seen.id}|`), name, encodeGb18030(`|${rest}\n`)]);
}

