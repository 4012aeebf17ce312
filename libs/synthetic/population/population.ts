import { KeyMint, type Rng } from '../random.js';
import { dayOf, yearOf, type Day } from '../calendar.js';
import { CitizenNumbers } from '../citizen-number.js';
import { NameMaker } from '../names/name-maker.js';
import type { Places } from '../places/dwellings.js';
import { OTHER_CITIES, OTHER_COUNTIES, PLACE_NAMES } from '../places/place-names.js';
import { register, type Home, type Person, type RegisteredHousehold, type Sex } from './person.js';

export interface NewPerson {
  sex: Sex;
  birth: Day;
  ethnic: string;
  region: string;
  origin: Person['origin'];
  registered: RegisteredHousehold;
  surname?: string;
  father?: Person;
  mother?: Person;
  generationCharacter?: string;
}

/** The people of a city under construction, and the makers of their names, numbers and keys. */
export class Population {
  readonly persons: Person[] = [];
  readonly households: RegisteredHousehold[] = [];
  readonly homes: Home[] = [];
  readonly names: NameMaker;
  private readonly numbers: CitizenNumbers;
  private readonly phones: KeyMint;
  private readonly personKeys: KeyMint;
  private readonly householdKeys: KeyMint;
  private readonly generations = new Map<Person, Map<number, string>>();

  constructor(readonly rng: Rng, readonly places: Places, readonly today: Day) {
    this.names = new NameMaker(rng.fork('names'));
    const start = rng.fork('sequence');
    this.numbers = new CitizenNumbers(() => start.int(499));
    this.phones = new KeyMint(rng.fork('phones'), 8);
    this.personKeys = new KeyMint(rng.fork('person-keys'), 9);
    this.householdKeys = new KeyMint(rng.fork('household-keys'), 9);
  }

  add(n: NewPerson): Person {
    const year = yearOf(n.birth);
    const name = this.names.make({
      sex: n.sex, birthYear: year, ethnic: n.ethnic, surname: n.surname, fatherGiven: n.father?.given, generationCharacter: n.generationCharacter,
    });
    const person: Person = {
      entity: `p${this.personKeys.next()}`, sex: n.sex, birth: n.birth, death: 0, surname: name.surname, given: name.given, name: name.full, formerName: '', nickname: '', ethnic: n.ethnic,
      id: this.numbers.issue(n.region, n.birth, n.sex), formerId: '', secondId: '', father: n.father, mother: n.mother, spouse: undefined, formerSpouse: undefined, children: [],
      marital: '10',
      origin: n.origin, registered: n.registered, home: undefined, formerDwelling: undefined, left: 0, arrived: n.birth, phone: '', phoneShared: false, agentPhone: '', oldPhone: '',
      education: '', politics: '13',
      activity: 'employed', landlord: undefined, disabled: false,
    };
    n.registered.members.push(person);
    n.father?.children.push(person);
    n.mother?.children.push(person);
    this.persons.push(person);
    return person;
  }

  /** A valid number of the city for the same birth day and sex, different from every other. */
  issueNumber(region: string, birth: Day, sex: Sex): string {
    return this.numbers.issue(region, birth, sex);
  }

  household(kind: RegisteredHousehold['kind'], region: string, since: Day, elsewhere = ''): RegisteredHousehold {
    const household: RegisteredHousehold = {
      entity: `registered-${this.householdKeys.next()}`, kind, members: [], head: undefined, dwelling: undefined, place: undefined, elsewhere, region, since,
    };
    this.households.push(household);
    return household;
  }

  home(kind: Home['kind']): Home {
    const home: Home = {
      entity: `residential-${this.householdKeys.next()}`, kind, members: [], head: undefined, dwelling: undefined, room: '', place: undefined, formerDwelling: undefined, landlord: undefined,
    };
    this.homes.push(home);
    return home;
  }

  /** Entity of somebody who is not among the persons. */
  strangerKey(): string {
    return `p${this.personKeys.next()}`;
  }

  householdKey(kind: 'living' | 'registered' | 'd'): string {
    return kind === 'd' ? `d${this.householdKeys.next()}` : `${kind}-${this.householdKeys.next()}`;
  }

  /** A mobile number nobody else has. */
  phone(): string {
    return this.rng.pick(['130', '131', '132', '133', '134', '135', '136', '137', '138', '139', '150', '151', '152', '153', '156', '158', '159', '166', '170', '171', '173', '175', '176',
      '177', '180', '182', '183', '184', '186', '187', '189', '191', '198', '199'])
      + this.phones.next();
  }

  /** Region code in force for an ID given out in a year. */
  regionFor(year: number): string {
    const open = this.places.divisions.idRegions.filter((r) => r.until >= year);
    return year <= 1999 ? (this.rng.chance(0.55) ? open[0]! : open[1]!).code : year <= 2011 ? this.rng.pick(open).code : this.rng.pick(open).code;
  }

  /** Character that the lineage of `father` gives his children, when it keeps the custom. */
  generationCharacter(father: Person, year: number): string | undefined {
    const elder = father.father ?? father;
    const custom = elder.entity.charCodeAt(elder.entity.length - 1) % 10;
    if (custom >= (year < 1985 ? 4 : 1)) return undefined;
    const depth = father.father ? 1 : 0;
    const own = this.generations.get(elder) ?? new Map<number, string>();
    this.generations.set(elder, own);
    const character = own.get(depth) ?? this.names.generationCharacter(year);
    own.set(depth, character);
    return character;
  }

  /** A place in another fictional city: region code and the address people give. */
  elsewhere(): { region: string; address: string } {
    const { rng } = this;
    const [city, prefix] = rng.pick(OTHER_CITIES);
    const [county, suffix] = rng.pick(OTHER_COUNTIES);
    const town = rng.chance(0.5) ? `${rng.pick(PLACE_NAMES.towns)}${rng.pick(['镇', '乡', '街道'])}` : `${rng.pick(PLACE_NAMES.villages)}镇`;
    return { region: prefix + suffix, address: `${city}${county}${town}${rng.pick(PLACE_NAMES.villages)}村${rng.between(1, 14)}组${rng.between(1, 110)}号` };
  }

  registerNew(person: Person, since: Day): RegisteredHousehold {
    const household = this.household('family', person.registered.region, since);
    register(person, household);
    return household;
  }

  /** A random day of a year, not after today. */
  dayIn(year: number): Day {
    return Math.min(this.today - 1, dayOf(year, 1, 1) + this.rng.int(365));
  }
}
