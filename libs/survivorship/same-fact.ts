import type { Address, CitizenIdReading, PartialDate, PersonName, Phone } from '#libs/model/values';
import { sameValue } from './same-value.js';

const ADDRESS_PARTS = ['estate', 'road', 'number', 'building', 'unit', 'room'] as const;

/**
 * Whether two canonical values of one path state the same fact, however each system spells it: raw text, verification marks
 * and the floor do not count; an address without a division agrees with any; of phones only the person's own numbers count.
 */
export function sameFact(path: string, a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  switch (path) {
    case 'currentAddress':
    case 'registeredAddress':
    case 'address':
      return sameAddress(a as Address, b as Address);
    case 'phones':
      return sameValue(ownNumbers(a as Phone[]), ownNumbers(b as Phone[]));
    case 'citizenId':
    case 'headCitizenId':
      return (a as CitizenIdReading).value === (b as CitizenIdReading).value;
    case 'name':
    case 'headName':
      return (a as PersonName).value === (b as PersonName).value;
    case 'birthDate':
    case 'deathDate':
      return (a as PartialDate).date === (b as PartialDate).date && (a as PartialDate).calendar === (b as PartialDate).calendar;
    default:
      return sameValue(a, b);
  }
}

/** Two addresses of one house; with nothing read from either, the texts must be equal. */
export function sameAddress(a: Address, b: Address): boolean {
  if (a.division !== undefined && b.division !== undefined && a.division !== b.division) return false;
  if (ADDRESS_PARTS.every((part) => a[part] === undefined && b[part] === undefined)) return a.raw.replace(/\s/g, '') === b.raw.replace(/\s/g, '');
  return ADDRESS_PARTS.every((part) => a[part] === b[part]);
}

function ownNumbers(phones: readonly Phone[]): string[] {
  return phones.filter((p) => p.holder === undefined || p.holder === 'own').map((p) => p.number);
}
