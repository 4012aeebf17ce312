import { recordKey, type RecordKey } from '#libs/kernel/record-key';
import { eachCompoundName, placeFeatures, placeOfDwellingCode, type PlaceFeatures } from '#libs/matching/place-features';
import type { Membership } from '#libs/model/bodies';
import type { Address } from '#libs/model/values';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';
import type { EntityMembers } from './entity-members.js';
import type { SharingRules } from './sharing-rules.js';
import { RESIDENTS_PATH } from './target.js';

/** Where a person lives, as far as one target may count it. */
export interface Residence {
  /** Names of the door, to be hashed. */
  doors: string[];
  /** Household record the person is listed in there. */
  household?: RecordKey;
  /** Whose word the address is. */
  provider: string;
}

/**
 * Where this person may be counted as living: the address that wins among the records whose providers may give residence to the
 * target. A restricted record gives none, so who is known through one alone is counted nowhere; the target's own records say
 * who owns a house, not who lives there. Who is dead, has left or is away lives nowhere.
 */
export function residenceOf(members: EntityMembers, rules: SharingRules, authority: AuthorityTable): Residence | undefined {
  const fields = survive({
    recordType: 'person', members: members.records, attached: members.attached, authority, openScopes: [],
    mayUse: (record) => record.system !== rules.target && rules.allows(record, RESIDENTS_PATH),
  });
  const gone = fields['vitalStatus']?.value === 'dead' || (fields['residency'] !== undefined && fields['residency'].value !== 'present');
  const address = fields['currentAddress'];
  if (gone || address === undefined) return undefined;
  const doors = residentDoors(placeFeatures(address.value as Address));
  if (doors.length === 0) return undefined;
  const listed = fields['memberships.residential'];
  const membership = listed?.value as Membership | undefined;
  return {
    doors, provider: address.provenance.system,
    ...(listed !== undefined && membership !== undefined && { household: recordKey(membership.system ?? listed.provenance.system, 'household', membership.key) }),
  };
}

/** Every way in which an address may name this dwelling. */
export function dwellingDoors(address: Address | undefined, code: string | undefined): string[] {
  const doors = new Set<string>();
  const place = placeFeatures(address);
  const add = (p: PlaceFeatures, name: string): void => {
    doors.add(door(name, p, ''));
    doors.add(door(name, p, p.unit === '' ? '*' : p.unit));
  };
  if (place !== undefined) eachCompoundName(place, (name) => add(place, name));
  const coded = placeOfDwellingCode(code);
  // The code stands for a house whose address names no compound; two estates of one community may number their houses alike.
  if (doors.size === 0 && coded !== undefined) eachCompoundName(coded, (name) => add(coded, name));
  return [...doors];
}

/** The doors that an address of a resident names: with its unit where it has one; a house without units is named by `*`. */
function residentDoors(place: PlaceFeatures | undefined): string[] {
  if (place === undefined || !place.fine) return [];
  const { estate, road, community } = place.compound;
  // Two estates of a community may number their buildings alike: it names the house only where nothing better does.
  const names = estate !== '' || road !== '' ? [estate, road].filter((n) => n !== '') : place.building !== '' && community !== '' ? [community] : [];
  return names.flatMap((name) => (place.unit === '' ? [door(name, place, '')] : [door(name, place, place.unit), door(name, place, '*')]));
}

function door(name: string, { building, room }: PlaceFeatures, unit: string): string {
  return `${name}|${building}|${unit}|${room}`;
}
