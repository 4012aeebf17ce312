import { Solar } from 'lunar-typescript';
import { ageAt, civil, dayOf, type CivilDate, type Day } from '../calendar.js';
import { checkCharacter, fifteen } from '../citizen-number.js';
import { isInGbk } from '../formats/gb-encoding.js';
import { RARE_BY_CHARACTER } from '../names/rare-characters.js';
import type { Person } from '../population/person.js';
import type { Rng } from '../random.js';
import { HOMOPHONES, SHAPES, VARIANTS } from './confusable-characters.js';
import type { DirtRates } from './dirt-rates.js';

const fullWidth = (text: string): string => text.replace(/[0-9]/g, (d) => String.fromCharCode(d.charCodeAt(0) + 0xfee0));

const PLACEHOLDERS = ['1'.repeat(18), '123456', '1234567890'.repeat(2).slice(0, 18), '不详', '无', '0'.repeat(18)];

/** What is written in an ID column for this person. */
export function writeId(p: Person, rates: DirtRates, care: number, today: Day, rng: Rng): string {
  const id = p.formerId && rng.chance(rates.idFormer * Math.min(1, care * 2)) ? p.formerId : p.id;
  const age = ageAt(p.birth, today);
  const hit = (rate: number): boolean => rng.chance(rate * care);
  if (age < 16 && hit(rates.idParents)) {
    const parent = p.mother ?? p.father;
    if (parent) return parent.id;
  }
  if (hit(age < 7 ? rates.idEmptyChild : rates.idEmpty)) return '';
  if (hit(rates.idPlaceholder)) return rng.pick(PLACEHOLDERS);
  if (id.length !== 18) return id;
  if (hit(rates.idMasked)) return rng.chance(0.7) ? `${id.slice(0, 4)}**********${id.slice(14)}` : `${id.slice(0, 6)}********${id.slice(14)}`;
  if (hit(rates.idZeros)) return `${id.slice(0, 15)}000`;
  if (hit(rates.idMistyped)) return mistype(id, rng);
  if (hit(rates.idTransposed)) return transpose(id, rng);
  if (civil(p.birth).year < 1985 && hit(rates.idFifteen) && id.startsWith('99')) return fifteen(id);
  if (hit(rates.idFullWidth)) return fullWidth(id);
  if (id.endsWith('X') && hit(rates.idLowerX)) return id.toLowerCase();
  if (hit(rates.idSpaces)) return rng.chance(0.5) ? `${id.slice(0, 6)} ${id.slice(6, 14)} ${id.slice(14)}` : ` ${id} `;
  if (hit(rates.idApostrophe)) return `'${id}`;
  return id;
}

function mistype(id: string, rng: Rng): string {
  const at = rng.int(17);
  const digit = (Number(id[at]) + rng.between(1, 9)) % 10;
  return id.slice(0, at) + digit + id.slice(at + 1);
}

function transpose(id: string, rng: Rng): string {
  for (let tries = 0; tries < 20; tries++) {
    const at = rng.int(16);
    if (id[at] !== id[at + 1]) return id.slice(0, at) + id[at + 1]! + id[at]! + id.slice(at + 2);
  }
  return id;
}

/** Whether what is written, lightly cleaned, is a valid number of 18 or 15 digits (anybody's). */
export function isUsableId(written: string): boolean {
  const id = cleanId(written);
  if (/^\d{15}$/.test(id)) return isDate(`19${id.slice(6, 12)}`);
  return /^\d{17}[\dX]$/.test(id) && isDate(id.slice(6, 14)) && checkCharacter(id.slice(0, 17)) === id[17] && !/^(\d)\1{16}/.test(id);
}

/** Light cleaning: full width, spaces, apostrophe, case. Errors stay. */
export function cleanId(written: string): string {
  return written.normalize('NFKC').replace(/[\s']/g, '').toUpperCase();
}

function isDate(compactDate: string): boolean {
  const [y, m, d] = [Number(compactDate.slice(0, 4)), Number(compactDate.slice(4, 6)), Number(compactDate.slice(6))];
  const back = civil(dayOf(y, m, d));
  return y >= 1880 && back.year === y && back.month === m && back.date === d;
}

/** What is written in a name column. Notes and case marks are as typed. */
export function writeName(p: Person, rates: DirtRates, care: number, rng: Rng): string {
  const hit = (rate: number): boolean => rng.chance(rate * care);
  let name = p.formerName && rng.chance(rates.nameFormer * Math.min(1, care)) ? p.formerName : p.name;
  if (name.includes('·')) {
    if (hit(rates.nameDot)) name = name.replace('·', rng.pick(['•', '・', '‧', '．', '.', '']));
    return hit(rates.nameHomophone * 2) ? transliterate(name) : name;
  }
  if (rng.chance(rates.nameRareLost * Math.min(1, care))) name = loseRare(name, rng);
  // A rare character is two code units: people drop and swap characters.
  const characters = [...name];
  const [first = '', middle, last] = characters;
  if (hit(rates.nameHomophone)) name = replaceOne(name, HOMOPHONES, rng);
  else if (hit(rates.nameShape)) name = replaceOne(name, SHAPES, rng);
  else if (hit(rates.nameTransposed) && characters.length === 3) name = first + last! + middle!;
  else if (hit(rates.nameShort) && characters.length === 3) name = rng.chance(0.5) ? first + last! : first + middle!;
  if (hit(rates.nameVariant)) name = [...name].map((c) => VARIANTS.get(c) ?? c).join('');
  if (hit(rates.nameBracket)) name += rng.pick(['（小）', '(大)', '（户主）', `（${p.nickname.slice(0, 4)}）`, '(租客)']);
  if (hit(rates.nameSpaces)) name = rng.chance(0.5) ? `${name[0]!}　${name.slice(1)}` : `${name[0]!} ${name.slice(1)}`;
  return name;
}

/** Other transliterations of the same sounds. */
function transliterate(name: string): string {
  return name.replace('买买提', '麦麦提').replace('阿布都', '阿卜杜').replace('古丽', '姑丽').replace('艾合', '艾海').replace('吐尔', '图尔');
}

function replaceOne(name: string, groups: Map<string, string>, rng: Rng): string {
  // The surname is mistaken less often than the given name.
  const order = rng.chance(0.15) ? [0, 1, 2] : [name.length - 1, 1, 2];
  for (const i of order) {
    const others = [...(groups.get(name[i] ?? '') ?? '')].filter((c) => c !== name[i]);
    if (others.length > 0) return name.slice(0, i) + rng.pick(others) + name.slice(i + 1);
  }
  return name;
}

function loseRare(name: string, rng: Rng): string {
  if (![...name].some((c) => RARE_BY_CHARACTER.has(c))) return name;
  const kind = rng.int(6);
  return [...name].map((c) => {
    const rare = RARE_BY_CHARACTER.get(c);
    return rare ? ['?', '*', '□', rare.pinyin, rare.privateUse, rare.stand][kind]! : c;
  }).join('');
}

/** A name a GBK file can hold: what GBK lacks is lost as the system loses it (`?` as a rule, a private-use code where it has its own font). */
export function nameForGbk(name: string, lost: 'question' | 'private'): string {
  return [...name].map((c) => (isInGbk(c) ? c : c === '•' || c === '‧' ? '·' : lost === 'private' ? RARE_BY_CHARACTER.get(c)?.privateUse ?? '?' : '?')).join('');
}

/** A birth date as a system has it: parts need not make a date of the calendar (a lunar 30 February; month or day 0 where unknown). */
export type WrittenBirth = CivilDate | 'empty' | 'zeros' | 'year-1900';

export function writeBirth(p: Person, rates: DirtRates, care: number, rng: Rng): WrittenBirth {
  const hit = (rate: number): boolean => rng.chance(rate * care);
  const exact = civil(p.birth);
  if (hit(rates.birthEmpty)) return 'empty';
  if (hit(rates.birthNonsense)) return rng.chance(0.5) ? 'zeros' : 'year-1900';
  if (exact.year < 1990 && hit(rates.birthLunar)) return lunar(exact);
  if (hit(rates.birthPartial)) return { year: exact.year, month: rng.chance(0.5) ? exact.month : 0, date: 0 };
  if (hit(rates.birthDefault)) return { year: exact.year, month: 1, date: 1 };
  if (exact.date <= 12 && exact.date !== exact.month && hit(rates.birthSwapped * 2.5)) return { year: exact.year, month: exact.date, date: exact.month };
  if (hit(rates.birthMistyped)) {
    const x = rng.next();
    const off = rng.chance(0.5) ? 1 : -1;
    return civil(x < 0.55 ? p.birth + off : x < 0.75 ? p.birth + off * 10 : x < 0.9 ? dayOf(exact.year, exact.month + off, Math.min(28, exact.date)) : dayOf(exact.year + off, exact.month,
      Math.min(28, exact.date)));
  }
  return exact;
}

function lunar(d: CivilDate): CivilDate {
  const l = Solar.fromYmd(d.year, d.month, d.date).getLunar();
  return { year: l.getYear(), month: Math.abs(l.getMonth()), date: l.getDay() };
}

/** Whether the parts make a date of the solar calendar. */
export function isCalendarDate(d: CivilDate): boolean {
  if (d.month === 0 || d.date === 0) return false;
  const back = civil(dayOf(d.year, d.month, d.date));
  return back.month === d.month && back.date === d.date;
}
