import type { RecordType } from '#libs/kernel/record-key';
import type { GoldenFields } from '#libs/model/golden-record';
import { chooseValue, type FieldRule } from './choose-value.js';
import { DWELLING_FIELDS } from './dwelling-fields.js';
import { householdFields } from './household-fields.js';
import { contributingMembers, type Member, type SurvivorshipInput } from './member.js';
import { mergeList, PERSON_LISTS } from './merged-list.js';
import { PERSON_FACETS } from './person-facets.js';
import { PERSON_FIELDS } from './person-fields.js';
import { vitalFields } from './vital-status.js';

/**
 * Works out the golden fields of one entity from the source records of its cluster. Per field: the first source that has a
 * trusted value by rank of the authority table, then the newest by the source's own time (never arrival), then the smallest
 * record key. Empty never erases; losing values are kept. Withdrawn, test and attached records and hub-origin fields win
 * nothing; a record with a restricted facet wins no shared value unless that scope is open. A pure function of the *set* of
 * members. Source of the order: the table of authority that the connector folders state.
 */
export function survive(input: SurvivorshipInput & { recordType: RecordType }): GoldenFields {
  switch (input.recordType) {
    case 'person':
      return goldenPerson(input);
    case 'household':
      return goldenHousehold(input);
    case 'dwelling':
      return goldenDwelling(input);
  }
}

export function goldenPerson(input: SurvivorshipInput): GoldenFields {
  const members = contributingMembers(input);
  const fields = chooseAll(input, members, PERSON_FIELDS);
  for (const rule of PERSON_LISTS) {
    const merged = mergeList(input, members, rule);
    if (merged !== undefined) fields[rule.path] = merged;
  }
  Object.assign(fields, vitalFields(input, members));
  if (members.some((m) => (m.record.body as { facets?: object }).facets !== undefined)) Object.assign(fields, chooseAll(input, members, PERSON_FACETS));
  return fields;
}

/** All members of a household entity are of one kind; the kind decides who is believed. */
export function goldenHousehold(input: SurvivorshipInput): GoldenFields {
  const members = contributingMembers(input);
  return chooseAll(input, members, householdFields(members));
}

export function goldenDwelling(input: SurvivorshipInput): GoldenFields {
  return chooseAll(input, contributingMembers(input), DWELLING_FIELDS);
}

function chooseAll(input: SurvivorshipInput, members: readonly Member[], rules: readonly FieldRule[]): GoldenFields {
  const fields: GoldenFields = {};
  for (const rule of rules) {
    const chosen = chooseValue(input, members, rule);
    if (chosen !== undefined) fields[rule.path] = chosen;
  }
  return fields;
}
