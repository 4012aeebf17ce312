import { ageAt, civil, dayOf } from '../calendar.js';
import { citizenNumber } from '../citizen-number.js';
import { NameMaker } from '../names/name-maker.js';
import { aliveHere, type Person } from './person.js';
import type { Population } from './population.js';

/** How often the register itself holds a hard case, per person. These are true of the person, before any system errs. */
export const SPECIAL_CASES = {
  /** 重号: the number was given to two people of the same birth day, region and sex. */
  contestedId: 0.0004,
  /** The number was corrected once; old systems keep the old one. */
  correctedId: 0.004,
  /** 双户口: a second valid number in a second household. */
  secondId: 0.0003,
  /** Legal name changed; 曾用名 kept by some. */
  changedName: 0.012,
} as const;

export interface SpecialPersons {
  contested: [Person, Person][];
  corrected: Person[];
  doubled: Person[];
  renamed: Person[];
}

export function makeSpecialCases(population: Population): SpecialPersons {
  const rng = population.rng.fork('special');
  const names = new NameMaker(rng.fork('names'));
  const out: SpecialPersons = { contested: [], corrected: [], doubled: [], renamed: [] };
  const adults = population.persons.filter((p) => aliveHere(p) && p.id.length === 18 && p.id.startsWith('99') && ageAt(p.birth, population.today) >= 20);
  const times = (rate: number): number => Math.max(1, Math.round(population.persons.length * rate));
  if (adults.length < 40) return out;
  for (let i = 0; i < times(SPECIAL_CASES.contestedId); i++) {
    const a = rng.pick(adults);
    const b = adults.find((p) => p !== a && p.sex === a.sex && Math.abs(p.birth - a.birth) < 400 && p.id !== a.id && p.father !== a.father && !p.formerId && p.origin === 'local');
    if (!b || out.contested.some((pair) => pair.includes(a) || pair.includes(b))) continue;
    b.birth = a.birth;
    b.id = a.id;
    out.contested.push([a, b]);
  }
  const inPair = new Set(out.contested.flat());
  for (let i = 0; i < times(SPECIAL_CASES.correctedId); i++) {
    const p = rng.pick(adults);
    if (inPair.has(p) || p.formerId) continue;
    p.formerId = wrongNumber(rng.between(0, 2), p, rng.between(0, 400));
    out.corrected.push(p);
  }
  for (let i = 0; i < times(SPECIAL_CASES.secondId); i++) {
    const p = rng.pick(adults);
    if (inPair.has(p) || p.formerId || p.secondId || p.registered.elsewhere) continue;
    p.secondId = population.issueNumber(population.regionFor(2005), p.birth, p.sex);
    out.doubled.push(p);
  }
  for (let i = 0; i < times(SPECIAL_CASES.changedName); i++) {
    const p = rng.pick(population.persons);
    if (p.formerName || !p.surname) continue;
    const stepfather = rng.chance(0.15) ? names.surname(p.ethnic) : p.surname;
    const old = names.make({ sex: p.sex, birthYear: civil(p.birth).year, ethnic: '01', surname: stepfather });
    if (old.full === p.name) continue;
    p.formerName = old.full;
    out.renamed.push(p);
  }
  return out;
}

/** A number once given by mistake: another birth day, or the sequence of the other sex. */
function wrongNumber(kind: number, p: Person, sequence: number): string {
  const { year, month, date } = civil(p.birth);
  const region = p.id.slice(0, 6);
  if (kind === 0) return citizenNumber(region, dayOf(year, month, Math.max(1, date - 1 - (sequence % 9))), sequence * 2 + (p.sex === 1 ? 1 : 2));
  if (kind === 1) return citizenNumber(region, dayOf(year - 1, month, date), sequence * 2 + (p.sex === 1 ? 1 : 2));
  return citizenNumber(region, p.birth, sequence * 2 + (p.sex === 1 ? 2 : 1));
}
