import type { Address, CitizenIdReading, PartialDate, PersonName, Phone } from '#libs/model/values';
import { sameValue } from './same-value.js';

const ADDRESS_PARTS = ['place', 'estate', 'road', 'number', 'building', 'unit', 'room'] as const;

/**
 * Whether what is held states the given fact already, however each system spells it: raw text, verification marks, dots of a
 * name and the floor do not count; a fuller address of the same house states a shorter one; of phones only the person's own
 * numbers count.
 */
export function sameFact(path: string, held: unknown, fact: unknown): boolean {
  if (held === undefined || fact === undefined) return held === fact;
  switch (path) {
    case 'currentAddress':
    case 'registeredAddress':
    case 'address':
      return statesAddress(held as Address, fact as Address);
    case 'phones':
      return sameValue(ownNumbers(held as Phone[]), ownNumbers(fact as Phone[]));
    case 'citizenId':
    case 'headCitizenId':
      return (held as CitizenIdReading).value === (fact as CitizenIdReading).value;
    case 'name':
    case 'headName':
      return letters(held as PersonName) === letters(fact as PersonName);
    case 'birthDate':
    case 'deathDate':
      return (held as PartialDate).date === (fact as PartialDate).date && (held as PartialDate).calendar === (fact as PartialDate).calendar;
    default:
      return sameValue(held, fact);
  }
}

/**
 * No part that both name differs, and what says which door it is (building and room, or else the number) is held as well; a
 * road that only one of them names beside the estate is no other house. With nothing read from either, the texts must be equal.
 */
function statesAddress(held: Address, fact: Address): boolean {
  if (held.division !== undefined && fact.division !== undefined && held.division !== fact.division) return false;
  if (ADDRESS_PARTS.every((part) => held[part] === undefined && fact[part] === undefined)) {
    return fact.division === undefined ? held.raw.replace(/\s/g, '') === fact.raw.replace(/\s/g, '') : held.division === fact.division;
  }
  if (ADDRESS_PARTS.some((part) => held[part] !== undefined && fact[part] !== undefined && held[part] !== fact[part])) return false;
  const door: readonly (keyof Address)[] = fact.building === undefined && fact.room === undefined ? ['number', 'estate'] : ['building', 'room'];
  if (door.some((part) => fact[part] !== undefined && held[part] === undefined)) return false;
  // Two houses with equal door numbers need a street or an estate in common, or the same community.
  const named = (['estate', 'road', 'place'] as const).some((part) => held[part] !== undefined && held[part] === fact[part]);
  return named || (held.division !== undefined && held.division === fact.division);
}

function letters(name: PersonName): string {
  return name.value.replace(/[·\s]/g, '');
}

function ownNumbers(phones: readonly Phone[]): string[] {
  return phones.filter((p) => p.holder === undefined || p.holder === 'own').map((p) => p.number);
}
