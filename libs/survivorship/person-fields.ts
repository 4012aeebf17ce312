import type { PersonBody } from '#libs/model/bodies';
import type { Address, CitizenIdReading, PartialDate, PersonName } from '#libs/model/values';
import type { FieldRule } from './choose-value.js';
import { issueTrust } from './choose-value.js';
import type { Member } from './member.js';

/** A generation: an ID whose birth year lies further than this from the record's own birth date belongs to somebody else. */
const GENERATION_YEARS = 12;

const person = (body: object) => body as PersonBody;
const plain = (path: keyof PersonBody & string): FieldRule => ({ path, authorityFields: [path], read: (body) => person(body)[path] });

/** An ID is a value only when valid and the person's own; every other reading is evidence (identity cases 3, 4, 9, 14). */
function citizenIdTrust(value: unknown, member: Member): number | undefined {
  const id = value as CitizenIdReading;
  if (id.status !== 'valid') return undefined;
  const body = person(member.record.body);
  const born = body.birthDate;
  if (born !== undefined && born.calendar === 'gregorian' && Math.abs(Number(born.date.slice(0, 4)) - Number(id.value.slice(6, 10))) >= GENERATION_YEARS) return undefined;
  if (body.relatives?.some((r) => r.role !== 'householdContact' && r.citizenId?.value === id.value)) return undefined;
  return issueTrust('citizenId', member);
}

function nameTrust(value: unknown): number | undefined {
  const name = value as PersonName;
  if (name.nickname) return undefined;
  return name.cut || name.wildcard ? 1 : 0;
}

/** The record's own birth date; where it is doubtful and the record's ID is trusted, the date inside the ID (case 27). */
function readBirthDate(body: object, member: Member): PartialDate | undefined {
  const own = person(body).birthDate;
  if (own !== undefined && isExact(own)) return own;
  const id = person(body).citizenId;
  if (id === undefined || id.status !== 'valid' || citizenIdTrust(id, member) !== 0) return own;
  const digits = id.value.slice(6, 14);
  return { date: `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`, precision: 'day', calendar: 'gregorian' };
}

function isExact(date: PartialDate): boolean {
  return date.precision === 'day' && date.calendar === 'gregorian' && !date.slippable && !date.suspectedDefault;
}

function birthDateTrust(value: unknown, member: Member): number {
  return isExact(value as PartialDate) ? issueTrust('birthDate', member) : 1;
}

/** Digit 17 of a trusted ID is the better witness of the sex (case 30). */
function sexTrust(value: unknown, member: Member): number {
  const id = person(member.record.body).citizenId;
  if (id?.status === 'valid' && (Number(id.value[16]) % 2 === 1 ? '1' : '2') !== value) return 1;
  return issueTrust('sex', member);
}

/** A division alone says less than a house. */
function addressTrust(path: 'registeredAddress' | 'currentAddress') {
  return (value: unknown, member: Member): number => {
    const a = value as Address;
    return a.building === undefined && a.room === undefined && a.number === undefined ? 1 : issueTrust(path, member);
  };
}

/** The household of one kind; the key is one of the system that says it, so the value names that system. */
const membership = (kind: 'registered' | 'living' | 'residential'): FieldRule => ({
  path: `memberships.${kind}`,
  authorityFields: [`memberships.${kind}`, 'memberships'],
  read: (body, member) => {
    const found = person(body).memberships?.find((m) => m.kind === kind);
    return found === undefined ? undefined : { system: member.record.system, ...found };
  },
  trust: (_value, member) => issueTrust('memberships', member),
});

/** Scalar fields of a person. Vital status, lists and facets have rules of their own. */
export const PERSON_FIELDS: readonly FieldRule[] = [
  { ...plain('citizenId'), trust: citizenIdTrust },
  { ...plain('name'), trust: nameTrust },
  { ...plain('sex'), trust: sexTrust },
  { ...plain('birthDate'), read: readBirthDate, trust: birthDateTrust },
  plain('ethnicGroup'),
  plain('maritalStatus'),
  plain('education'),
  plain('politicalStatus'),
  plain('occupation'),
  { ...plain('registeredAddress'), trust: addressTrust('registeredAddress') },
  { ...plain('currentAddress'), trust: addressTrust('currentAddress') },
  plain('residency'),
  plain('dwellingCode'),
  membership('registered'),
  membership('living'),
  membership('residential'),
];
