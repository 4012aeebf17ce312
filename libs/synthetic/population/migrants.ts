import { dayOf, yearOf, type Day } from '../calendar.js';
import { citizenNumber } from '../citizen-number.js';
import { moveTo, type Person, type RegisteredHousehold } from './person.js';
import type { Population } from './population.js';

/** Largest collective household of the register. */
const COLLECTIVE_LIMIT = 300;
/** Share of the known migrants who have left the city again. */
const LEFT_AGAIN = 0.05;

/** Adds people of other cities until `count` are added: couples with and without children, single workers in shared flats and factory dormitories, parents who came to mind a grandchild. */
export function addMigrants(population: Population, count: number): void {
  const { rng } = population;
  const goal = population.persons.length + count;
  const before = population.persons.length;
  while (population.persons.length < goal) {
    const room = goal - population.persons.length;
    const x = rng.next();
    if (x < 0.34 || room < 2) addSingle(population, rng.chance(0.4) ? 'dormitory' : 'shared');
    else if (x < 0.55 || room < 3) addCouple(population, 0);
    else if (x < 0.93 || room < 4) addCouple(population, Math.min(room - 2, rng.chance(0.6) ? 1 : rng.chance(0.85) ? 2 : 3));
    else addCouple(population, 1, true);
  }
  // Some have gone home or on; hardly any office was told.
  for (const p of population.persons.slice(before)) {
    if (!rng.chance(LEFT_AGAIN)) continue;
    p.left = Math.max(p.arrived + 1, population.today - rng.int(900));
    moveTo(p, undefined);
  }
}

function adultBirth(population: Population): Day {
  const { rng, today } = population;
  const age = rng.chance(0.7) ? rng.between(19, 42) : rng.between(30, 62);
  return today - age * 365 - rng.int(365);
}

function newcomer(population: Population, sex: 1 | 2, birth: Day, household: RegisteredHousehold, ethnic: string): Person {
  const person = population.add({ sex, birth, ethnic, region: household.region, origin: 'migrant', registered: household });
  person.arrived = Math.max(birth, population.today - 30 - Math.floor(population.rng.next() ** 2 * 365 * 15));
  specialPapers(population, person);
  return person;
}

/** People of Hong Kong, Macao and Taiwan hold residence permits (81, 82, 83 and 0000); foreigners a permit or passport number. */
function specialPapers(population: Population, person: Person): void {
  const { rng } = population;
  if (person.ethnic === '01' && rng.chance(0.004)) {
    person.id = citizenNumber(`${rng.pick(['81', '82', '83'])}0000`, person.birth, rng.between(0, 498) * 2 + (person.sex === 1 ? 1 : 2));
  } else if (rng.chance(0.001)) {
    person.id = `${rng.pick(['E', 'G', 'M'])}${rng.digits(8)}`;
    person.surname = '';
    person.name = `${rng.pick(['DAVID', 'MARIA', 'JOHN', 'ANNA', 'KIM', 'IVAN', 'LINH'])} ${rng.pick(['MILLER', 'SMITH', 'PARK', 'NGUYEN', 'PETROV', 'BROWN', 'LEE'])}`;
    person.given = person.name;
    person.ethnic = '98';
  }
}

function addSingle(population: Population, kind: 'dormitory' | 'shared'): void {
  const { rng, names, today } = population;
  const { region, address } = population.elsewhere();
  const birth = adultBirth(population);
  const household = population.household('family', region, today - 9000, address);
  const person = newcomer(population, rng.chance(0.56) ? 1 : 2, birth, household, names.ethnicGroup());
  household.head = rng.chance(0.3) ? person : undefined;
  const home = population.home(kind);
  home.head = person;
  moveTo(person, home);
}

function addCouple(population: Population, children: number, withGrandmother = false): void {
  const { rng, names, today } = population;
  const { region, address } = population.elsewhere();
  const household = population.household('family', region, today - 9000, address);
  const ethnic = names.ethnicGroup();
  const birth = adultBirth(population);
  const husband = newcomer(population, 1, birth, household, ethnic);
  const other = rng.chance(0.45) ? population.elsewhere() : undefined;
  const wifeHousehold = other ? population.household('family', other.region, today - 9000, other.address) : household;
  const wife = newcomer(population, 2, Math.min(birth + rng.between(-600, 1500), today - 20 * 365), wifeHousehold, ethnic);
  wife.arrived = Math.max(husband.arrived, wife.birth);
  husband.spouse = wife;
  wife.spouse = husband;
  husband.marital = wife.marital = '21';
  household.head = husband;
  const home = population.home('family');
  home.head = husband;
  moveTo(husband, home);
  moveTo(wife, home);
  const youngest = yearOf(Math.max(husband.birth, wife.birth)) + 21;
  for (let i = 0; i < children; i++) {
    const year = Math.min(yearOf(today), youngest + i * 3 + rng.int(8));
    const born = population.dayIn(year);
    const child = population.add({
      sex: rng.chance(0.53) ? 1 : 2, birth: born, ethnic, region, origin: 'migrant', registered: household, surname: husband.surname, father: husband, mother: wife,
      generationCharacter: population.generationCharacter(husband, year),
    });
    child.arrived = Math.max(born, husband.arrived);
    moveTo(child, home);
  }
  if (withGrandmother) {
    const mother = newcomer(population, 2, Math.min(husband.birth - rng.between(20, 30) * 365, dayOf(1975, 1, 1)), household, ethnic);
    mother.marital = '30';
    husband.mother = mother;
    mother.children.push(husband);
    moveTo(mother, home);
  }
}

/** Students of the city's colleges: registered in the college's collective household (up to 300 a household), living in its dormitories, born anywhere. */
export function addStudents(population: Population, count: number): void {
  const { rng, places, today } = population;
  const schools = places.institutions.filter((i) => i.kind === 'school');
  const open = new Map<string, RegisteredHousehold>();
  for (let i = 0; i < count; i++) {
    const school = schools[Math.min(schools.length - 1, Math.floor(i / Math.max(60, count / schools.length)))]!;
    const collective = collectiveHousehold(population, school, open);
    const age = rng.between(18, 22);
    const { region } = population.elsewhere();
    const birth = today - age * 365 - rng.int(365);
    const student = population.add({ sex: rng.chance(0.5) ? 1 : 2, birth, ethnic: population.names.ethnicGroup(), region, origin: 'student', registered: collective });
    student.arrived = today - rng.int(4 * 365);
    student.activity = 'student';
    const home = population.home('dormitory');
    home.head = student;
    home.place = school;
    moveTo(student, home);
  }
}

function collectiveHousehold(population: Population, place: Population['places']['institutions'][number], open: Map<string, RegisteredHousehold>): RegisteredHousehold {
  const current = open.get(place.name);
  if (current && current.members.length < COLLECTIVE_LIMIT) return current;
  const fresh = population.household('collective', place.community.district.code, population.today - 5000);
  fresh.place = place;
  open.set(place.name, fresh);
  return fresh;
}
