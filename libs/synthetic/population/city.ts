import { Rng } from '../random.js';
import type { Day } from '../calendar.js';
import { planDivisions } from '../places/divisions.js';
import { planPlaces, type Places } from '../places/dwellings.js';
import { houseEverybody, type OwnedDwelling } from './housing.js';
import { liveThroughTime } from './life-course.js';
import { addMigrants, addStudents } from './migrants.js';
import type { Person, RegisteredHousehold, Home } from './person.js';
import { Population } from './population.js';
import { makeSpecialCases, type SpecialPersons } from './special-cases.js';
import { giveTraits } from './traits.js';

/** The true city on the day of the snapshot: the answer that the twelve systems know only in part. */
export interface City {
  name: string;
  code: string;
  today: Day;
  rng: Rng;
  places: Places;
  population: Population;
  persons: Person[];
  households: RegisteredHousehold[];
  homes: Home[];
  dwellings: OwnedDwelling[];
  special: SpecialPersons;
}

export interface CityPlan {
  persons: number;
  seed: number | string;
  today: Day;
  name: string;
  code: string;
}

/** Locals known to any system, per founder couple; measured over 20 seeds. */
const LOCALS_PER_COUPLE = 13;
const LOCAL_SHARE = 0.74;
/** Persons who died or left more years ago than this are in no system any more. */
const FORGOTTEN_AFTER_DAYS = 12 * 365;

/** Grows a city of exactly `persons` people: locals through time, then people of other cities until the number is full. */
export function growCity(plan: CityPlan): City {
  const rng = new Rng(`yici/${plan.seed}/${plan.persons}`);
  const divisions = planDivisions(rng.fork('divisions'), plan.persons, plan.name, plan.code);
  const places = planPlaces(rng.fork('places'), divisions, Math.max(60, Math.round(plan.persons * 0.33)));
  const population = growLocals(rng, places, plan);
  const students = plan.persons >= 200 ? Math.round(plan.persons * 0.025) : 0;
  const missing = plan.persons - population.persons.length;
  addStudents(population, Math.min(students, Math.floor(missing / 3)));
  addMigrants(population, plan.persons - population.persons.length);
  const dwellings = houseEverybody(population);
  const special = makeSpecialCases(population);
  giveTraits(population);
  return {
    name: plan.name, code: plan.code, today: plan.today, rng, places, population, persons: population.persons, dwellings, special,
    households: population.households.filter((h) => h.members.length > 0), homes: population.homes.filter((h) => h.members.length > 0),
  };
}

/** Repeats the country's history with more or fewer founders until the locals are near their share of the city; a few deterministic rounds. */
function growLocals(rng: Rng, places: Places, plan: CityPlan): Population {
  const goal = plan.persons * LOCAL_SHARE;
  let founders = Math.max(2, Math.round(goal / LOCALS_PER_COUPLE));
  for (let round = 0; ; round++) {
    const population = new Population(rng.fork(`locals-${round}`), places, plan.today);
    liveThroughTime(population, founders);
    forget(population);
    const ratio = population.persons.length / goal;
    if (ratio > 0.94 && ratio < 1.06 || round === 8) {
      cutTo(population, Math.floor(plan.persons * 0.9));
      return population;
    }
    founders = Math.max(2, Math.round(founders / Math.max(0.25, Math.min(4, ratio))));
  }
}

/** Takes the long dead and the long gone out of the city; their relatives still know them. */
function forget(population: Population): void {
  const since = population.today - FORGOTTEN_AFTER_DAYS;
  const known = population.persons.filter((p) => (p.death === 0 || p.death > since) && (p.left === 0 || p.left > since));
  population.persons.splice(0, population.persons.length, ...known);
  const here = new Set(known);
  for (const h of population.households) h.members = h.members.filter((m) => here.has(m));
}

function cutTo(population: Population, limit: number): void {
  if (population.persons.length <= limit) return;
  const gone = new Set(population.persons.splice(limit));
  for (const h of population.households) h.members = h.members.filter((m) => !gone.has(m));
  for (const h of population.homes) h.members = h.members.filter((m) => !gone.has(m));
}
