import type { HouseholdBody } from '#libs/model/bodies';
import type { CitizenIdReading, HouseholdKind, PersonName } from '#libs/model/values';
import type { FieldRule } from './choose-value.js';
import type { Member } from './member.js';

const household = (body: object) => body as HouseholdBody;

function rulesOf(kind: HouseholdKind): readonly FieldRule[] {
  const authorityFields = [`memberships.${kind}`, 'memberships'];
  const plain = (path: keyof HouseholdBody & string): FieldRule => ({ path, authorityFields, read: (body) => household(body)[path] });
  return [
    plain('kind'),
    plain('number'),
    plain('type'),
    plain('address'),
    { ...plain('headName'), trust: (value) => ((value as PersonName).nickname ? undefined : (value as PersonName).cut || (value as PersonName).wildcard ? 1 : 0) },
    { ...plain('headCitizenId'), trust: (value) => ((value as CitizenIdReading).status === 'valid' ? 0 : undefined) },
    plain('population'),
    plain('closed'),
    { path: 'facets.assistance', authorityFields: ['facets.assistance', ...authorityFields], read: (body) => household(body).facets?.assistance },
  ];
}

const RULES: Record<HouseholdKind, readonly FieldRule[]> = { registered: rulesOf('registered'), living: rulesOf('living'), residential: rulesOf('residential') };

/** Rules of the kind that the members share (kinds are never mixed in one household). */
export function householdFields(members: readonly Member[]): readonly FieldRule[] {
  const first = members[0];
  return first === undefined ? [] : RULES[household(first.record.body).kind];
}
