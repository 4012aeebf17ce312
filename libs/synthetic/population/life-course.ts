import { dayOf, yearOf, type Day } from '../calendar.js';
import { birthProbability, deathProbability, divorceProbability, leavingProbability, marriageProbability, remarriageProbability, TWIN_PROBABILITY } from './demography.js';
import { isMale, moveTo, register, type Person, type Sex } from './person.js';
import type { Population } from './population.js';

/** Founders marry about now; those alive today are the oldest of the city. */
const START = 1940;

/**
 * Lets founder couples live from 1940 to the snapshot, year by year: deaths, marriages (partners from the city or married in), births (twins too), divorces, children leaving home,
 * widowed parents moving in, people leaving for good. Households of the register follow late or never, as in life: this is where 人户分离 comes from.
 */
export function liveThroughTime(population: Population, founders: number): void {
  const { rng, today } = population;
  for (let i = 0; i < founders; i++) foundCouple(population);
  const lastYear = yearOf(today);
  let living = [...population.persons];
  for (let year = START; year <= lastYear; year++) {
    const singles: Person[] = [];
    const from = population.persons.length;
    for (const p of living) {
      const age = year - yearOf(p.birth);
      if (rng.chance(deathProbability(age, year))) {
        die(population, p, population.dayIn(year));
        continue;
      }
      if (rng.chance(leavingProbability(age, year) * (p.spouse ? 0.3 : 1))) {
        leave(p, population.dayIn(year));
        continue;
      }
      if (!p.spouse) {
        const odds = p.marital === '10' ? marriageProbability(age, p.sex, year) : remarriageProbability(age);
        if (rng.chance(odds)) singles.push(p);
        else if (age >= 24 && age < 60 && rng.chance(0.035)) leaveHome(population, p);
        else if (age >= 68 && p.marital === '30' && rng.chance(0.07)) moveIn(p);
      } else if (p.sex === 2) {
        if (rng.chance(divorceProbability(year))) divorce(population, p, population.dayIn(year));
        else if (p.spouse.death === 0 && rng.chance(birthProbability(age, p.children.length, year))) giveBirth(population, p, population.dayIn(year));
      }
    }
    matchSingles(population, singles, year);
    living = living.filter((p) => p.death === 0 && p.left === 0);
    for (let i = from; i < population.persons.length; i++) if (population.persons[i]!.death === 0) living.push(population.persons[i]!);
  }
}

function foundCouple(population: Population): void {
  const { rng, names } = population;
  const birth = (age: number): Day => dayOf(START - age, 1, 1) + rng.int(365);
  const ethnic = names.ethnicGroup();
  const household = population.household('family', population.regionFor(1990), dayOf(START, 1, 1));
  const husbandAge = rng.between(12, 30);
  const husband = population.add({ sex: 1, birth: birth(husbandAge), ethnic, region: household.region, origin: 'local', registered: household });
  const wife = population.add({ sex: 2, birth: birth(Math.max(10, husbandAge - rng.between(-1, 4))), ethnic: rng.chance(0.9) ? ethnic : names.ethnicGroup(), region: household.region,
    origin: 'local', registered: household });
  marry(husband, wife);
  household.head = husband;
  const home = population.home('family');
  moveTo(husband, home);
  moveTo(wife, home);
  home.head = husband;
}

function marry(a: Person, b: Person): void {
  for (const p of [a, b]) p.marital = p.marital === '10' ? '21' : '22';
  a.spouse = b;
  b.spouse = a;
}

function die(_population: Population, p: Person, day: Day): void {
  p.death = Math.max(day, p.birth);
  if (p.spouse) {
    p.spouse.marital = '30';
    p.spouse.formerSpouse = p;
    p.spouse.spouse = undefined;
    p.formerSpouse = p.spouse;
    p.spouse = undefined;
  }
  moveTo(p, undefined);
}

function leave(p: Person, day: Day): void {
  p.left = day;
  moveTo(p, undefined);
}

function divorce(population: Population, wife: Person, _day: Day): void {
  const husband = wife.spouse!;
  for (const [p, other] of [[wife, husband], [husband, wife]] as const) {
    p.marital = '40';
    p.formerSpouse = other;
    p.spouse = undefined;
  }
  const goes = population.rng.chance(0.65) ? husband : wife;
  moveTo(goes, newHome(population, goes));
  // The register often keeps the divorced couple together for years.
  if (population.rng.chance(0.45)) population.registerNew(goes, 0).head = goes;
}

function newHome(population: Population, head: Person) {
  const home = population.home('family');
  home.head = head;
  return home;
}

function leaveHome(population: Population, p: Person): void {
  if (!p.home || p.home.members.length < 2) return;
  moveTo(p, newHome(population, p));
  if (population.rng.chance(0.2)) population.registerNew(p, 0).head = p;
}

/** A widowed parent moves in with a child who has a home. */
function moveIn(p: Person): void {
  const child = p.children.find((c) => c.death === 0 && c.left === 0 && c.home && c.home !== p.home && c.home.kind === 'family');
  if (child && (p.home?.members.length ?? 1) === 1) moveTo(p, child.home);
}

function giveBirth(population: Population, mother: Person, day: Day): void {
  const { rng } = population;
  const father = mother.spouse!;
  const count = rng.chance(TWIN_PROBABILITY) ? 2 : 1;
  const alike = rng.chance(0.6);
  let shared: string | undefined;
  for (let i = 0; i < count; i++) {
    const sex: Sex = count === 2 && i === 1 && alike ? mother.children[mother.children.length - 1]!.sex : rng.chance(0.525) ? 1 : 2;
    const household = rng.chance(father.registered.elsewhere ? 0 : 0.75) || mother.registered.elsewhere ? father.registered : mother.registered;
    const year = yearOf(day);
    const takesMothers = father.surname === '' || rng.chance(0.04);
    const child = population.add({
      sex, birth: day, ethnic: rng.chance(0.8) ? father.ethnic : mother.ethnic, region: household.elsewhere ? household.region : population.regionFor(Math.max(year, 1985)), origin: 'local',
      registered: household,
      surname: takesMothers ? mother.surname || undefined : father.surname, father, mother, generationCharacter: shared ?? population.generationCharacter(father, year),
    });
    // Twins share a character of their names.
    if (count === 2 && i === 0 && [...child.given].length === 2 && child.surname) shared = [...child.given][0];
    const home = mother.home ?? father.home;
    if (home) moveTo(child, home);
    if (rng.chance(0.005) && father.father && father.father.sex === sex && father.father.surname === child.surname) {
      child.given = father.father.given;
      child.name = father.father.name;
    }
  }
}

/** Pairs singles among themselves where kin and age allow; the others marry somebody from elsewhere. */
function matchSingles(population: Population, singles: Person[], year: number): void {
  const { rng } = population;
  const women = rng.shuffle(singles.filter((p) => !isMale(p)));
  for (const man of rng.shuffle(singles.filter(isMale))) {
    const at = women.findIndex((w, i) => i < 40 && fits(man, w));
    const partner = at >= 0 && rng.chance(0.75) ? women.splice(at, 1)[0]! : spouseFromElsewhere(population, man);
    settle(population, man, partner, population.dayIn(year));
  }
  // Women whose turn found no man: most marry away and are lost to the city, some bring a husband in.
  for (const woman of women) {
    if (rng.chance(0.45)) settle(population, spouseFromElsewhere(population, woman), woman, population.dayIn(year));
    else if (rng.chance(0.5)) leave(woman, population.dayIn(year));
  }
}

function fits(man: Person, woman: Person): boolean {
  const gap = (woman.birth - man.birth) / 365;
  return gap > -4 && gap < 9 && (!man.father || (man.father !== woman.father && man.father.father !== woman.father?.father));
}

function spouseFromElsewhere(population: Population, of: Person): Person {
  const { rng, today } = population;
  const gap = rng.between(-1, 5) * 365 + rng.int(365);
  const birth = Math.min(of.sex === 1 ? of.birth + gap : of.birth - gap, today - 20 * 366);
  const nearby = rng.chance(0.4);
  const { region, address } = population.elsewhere();
  const own = nearby ? population.regionFor(Math.max(1985, yearOf(birth))) : region;
  return population.add({
    sex: of.sex === 1 ? 2 : 1, birth, ethnic: rng.chance(0.85) ? of.ethnic : population.names.ethnicGroup(), region: own, origin: 'married-in',
    registered: nearby ? population.household('family', own, birth) : population.household('family', region, birth, address),
  });
}

function settle(population: Population, man: Person, woman: Person, day: Day): void {
  const { rng } = population;
  marry(man, woman);
  const withParents = rng.next();
  let home = man.home && man.home.members.some((m) => m === man.father || m === man.mother) && withParents < 0.3 ? man.home : undefined;
  if (!home && woman.home && withParents > 0.94) home = woman.home;
  if (!home && man.marital === '22' && man.home && man.home.head === man) home = man.home;
  home ??= newHome(population, man);
  moveTo(man, home);
  moveTo(woman, home);
  home.head ??= man;
  for (const child of [...woman.children, ...man.children]) {
    if (child.death === 0 && child.left === 0 && !child.spouse && yearOf(day) - yearOf(child.birth) < 18 && rng.chance(0.6)) moveTo(child, home);
  }
  registerCouple(population, man, woman, day);
  for (const p of [man, woman]) if (p.origin === 'married-in' && p.arrived === p.birth) p.arrived = day;
}

/** What the register does at a marriage: a new household, one joins the other's, or nothing at all. */
function registerCouple(population: Population, man: Person, woman: Person, day: Day): void {
  const { rng } = population;
  const x = rng.next();
  const local = man.registered.elsewhere ? woman : man;
  const other = local === man ? woman : man;
  if (local.registered.elsewhere) return;
  if (x < 0.5) {
    const household = population.registerNew(local, day);
    household.head = local;
    if (!other.registered.elsewhere || rng.chance(0.7)) register(other, household);
  } else if (x < 0.78) register(other, local.registered);
}

