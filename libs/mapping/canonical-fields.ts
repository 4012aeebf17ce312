import type { RecordType } from '#libs/kernel/record-key';

/**
 * Every canonical field a mapping must answer for, by record type; facets count one by one.
 * The names are the paths of the bodies in the canonical model.
 */
export const CANONICAL_FIELDS: Record<RecordType, readonly string[]> = {
  person: [
    'citizenId', 'otherIdentifiers', 'name', 'formerNames', 'sex', 'birthDate', 'ethnicGroup', 'maritalStatus', 'education', 'politicalStatus',
    'occupation', 'phones', 'registeredAddress', 'currentAddress', 'vitalStatus', 'deathDate', 'residency', 'relatives', 'memberships', 'dwellingCode',
    'facets.assistance', 'facets.disability', 'facets.insurance', 'facets.permit', 'facets.correction', 'facets.party', 'facets.volunteering',
    'facets.healthService', 'facets.communityAccount', 'facets.grid', 'facets.familyPlanning',
  ],
  household: ['kind', 'number', 'type', 'address', 'headName', 'headCitizenId', 'population', 'closed', 'facets.assistance'],
  dwelling: ['code', 'address', 'use', 'area', 'owners'],
};

/** Which transforms a field takes; a field not named takes any simple transform. */
const FIELD_TRANSFORM: Record<string, readonly string[]> = {
  citizenId: ['citizenId'], headCitizenId: ['citizenId'], name: ['name'], headName: ['name'], formerNames: ['aliases'], otherIdentifiers: ['identifiers'],
  birthDate: ['date'], deathDate: ['date'], phones: ['phones'], registeredAddress: ['address'], currentAddress: ['address'], address: ['address'],
  relatives: ['relatives'], memberships: ['memberships'], owners: ['owners'], population: ['number'], closed: ['boolean'], area: ['decimal'],
};
const SIMPLE = ['text', 'code', 'literal'];

/** Whether the transform yields what the field holds. */
export function fits(field: string, transform: string): boolean {
  if (field.startsWith('facets.')) return transform === 'facet';
  return (FIELD_TRANSFORM[field] ?? SIMPLE).includes(transform);
}
