import type { Day } from '../calendar.js';
import type { Dwelling, Institution } from '../places/dwellings.js';

export type Sex = 1 | 2;

/** GB/T 2261.2 */
export type Marital = '10' | '21' | '22' | '30' | '40';

export type Activity = 'infant' | 'pupil' | 'student' | 'employed' | 'unemployed' | 'retired';

/** One person as he or she really is on the day of the snapshot. Systems see this through their encoders and their dirt. */
export interface Person {
  /** Identity in truth.csv. */
  entity: string;
  sex: Sex;
  birth: Day;
  /** Day of death; 0 while alive. */
  death: Day;
  surname: string;
  given: string;
  name: string;
  /** Name borne before; empty when never changed. */
  formerName: string;
  nickname: string;
  ethnic: string;
  /** 18 characters; may equal another person's in a contested pair. */
  id: string;
  /** Number borne before a correction; empty when there was none. */
  formerId: string;
  /** Second valid number of a person registered twice; empty as a rule. */
  secondId: string;
  father: Person | undefined;
  mother: Person | undefined;
  spouse: Person | undefined;
  /** Still written as spouse in stale systems. */
  formerSpouse: Person | undefined;
  children: Person[];
  marital: Marital;
  origin: 'local' | 'married-in' | 'migrant' | 'student';
  /** Household in the register; people registered in another city keep theirs there (`elsewhere`). */
  registered: RegisteredHousehold;
  /** Where the person lives in the city; undefined when away or dead. */
  home: Home | undefined;
  /** Where the person lived before, for stale rows. */
  formerDwelling: Dwelling | undefined;
  /** Day the person left the city for good; 0 while here. */
  left: Day;
  arrived: Day;
  phone: string;
  /** The number belongs to a relative or agent. */
  phoneShared: boolean;
  /** Number of the labour agent who registered the person; empty as a rule. */
  agentPhone: string;
  /** Number of earlier years, perhaps somebody else's today. */
  oldPhone: string;
  /** GB/T 4658-2006 */
  education: string;
  /** GB/T 4762 */
  politics: string;
  activity: Activity;
  landlord: Person | undefined;
  disabled: boolean;
}

/** 户籍户. `place` is an institution for a collective household. */
export interface RegisteredHousehold {
  entity: string;
  kind: 'family' | 'collective' | 'empty';
  members: Person[];
  head: Person | undefined;
  dwelling: Dwelling | undefined;
  place: Institution | undefined;
  /** Address in another city; empty for households of this city. */
  elsewhere: string;
  /** First six digits of the division it is registered in. */
  region: string;
  since: Day;
}

/** 居住户: who lives together. Several homes may share a dwelling (flat shares). */
export interface Home {
  entity: string;
  kind: 'family' | 'shared' | 'dormitory';
  members: Person[];
  head: Person | undefined;
  dwelling: Dwelling | undefined;
  /** Address of a dormitory room, without the district; empty for dwellings. */
  room: string;
  place: Institution | undefined;
  formerDwelling: Dwelling | undefined;
  landlord: Person | undefined;
}

export function isMale(p: Person): boolean {
  return p.sex === 1;
}

export function aliveHere(p: Person): boolean {
  return p.death === 0 && p.left === 0;
}

/** Moves a person to another household of the register. */
export function register(p: Person, to: RegisteredHousehold): void {
  const from = p.registered;
  if (from === to) return;
  if (from) {
    const at = from.members.indexOf(p);
    if (at >= 0) from.members.splice(at, 1);
    if (from.head === p) from.head = undefined;
  }
  p.registered = to;
  to.members.push(p);
}

/** Moves a person to another home, or out of every home. */
export function moveTo(p: Person, to: Home | undefined): void {
  const from = p.home;
  if (from === to) return;
  if (from) {
    const at = from.members.indexOf(p);
    if (at >= 0) from.members.splice(at, 1);
    if (from.head === p) from.head = undefined;
  }
  p.home = to;
  to?.members.push(p);
}
