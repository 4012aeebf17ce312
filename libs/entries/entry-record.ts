import type { Membership, PersonBody, Relative } from '#libs/model/bodies';
import type { SourceRecord } from '#libs/model/source-record';
import type { Address, CitizenIdReading, PersonName, Phone } from '#libs/model/values';
import { readAddress } from '#libs/values/address';
import { readCitizenId } from '#libs/values/citizen-id';
import type { Divisions } from '#libs/values/divisions';
import { readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import type { AnyEntryRequest, HouseholdChangeEntry, MoveEntry, NamedPerson, NewPersonEntry, RelatedPerson } from './entry-requests.js';

/** The system whose source records are workers' entries. */
export const ENTRY_SYSTEM = 'hub';

export interface EntryContext {
  entryId: string;
  /** ISO 8601, when the hub received the entry. */
  receivedAt: string;
  divisions: Divisions;
  /** The community the worker works for: where an address without one lies. */
  division?: string;
  /** The household the worker picked, by a record of it. */
  household?: Pick<Membership, 'kind' | 'key' | 'system'>;
}

// GB/T 2261.2
const MARITAL_STATUS: Record<Exclude<HouseholdChangeEntry['change'], 'joined'>, string> = { married: '20', divorced: '40', widowed: '30' };

/**
 * The one source record that an entry is: system `hub`, natural key the entry's id. Its body holds what was entered and
 * nothing else: what the worker did not say about a picked person, the worker does not vouch for. Its source time is the day
 * the worker gave, midnight in China.
 */
export function entryRecord(entry: AnyEntryRequest, context: EntryContext): SourceRecord<'person'> {
  const raw: Record<string, string> = {};
  const body = bodyOf(entry, context, raw);
  return {
    system: ENTRY_SYSTEM,
    recordType: 'person',
    naturalKey: context.entryId,
    order: context.receivedAt,
    sourceTime: `${entry.occurredOn}T00:00:00+08:00`,
    observedAt: context.receivedAt,
    state: 'current',
    body,
    ...(Object.keys(raw).length > 0 && { raw }),
    origin: { source: 'hub:entries', position: Date.parse(context.receivedAt) },
  };
}

function bodyOf(entry: AnyEntryRequest, context: EntryContext, raw: Record<string, string>): PersonBody {
  if (entry.kind === 'newPerson') return newPersonBody(entry, context, raw);
  const who = entry.person ? namedBody(entry.person, raw) : {};
  switch (entry.kind) {
    case 'move':
      return { ...who, ...moveBody(entry, context, raw) };
    case 'death':
      return { ...who, vitalStatus: 'dead', deathDate: { date: entry.occurredOn, precision: 'day', calendar: 'gregorian' } };
    case 'phone':
      return { ...who, phones: phonesOf(entry.phone, raw, entry.verified) };
    case 'householdChange':
      return { ...who, ...householdBody(entry, context) };
  }
}

function newPersonBody(entry: NewPersonEntry, context: EntryContext, raw: Record<string, string>): PersonBody {
  const registered = entry.registeredAddress === undefined ? undefined : addressOf(entry.registeredAddress, context, 'registeredAddress', raw);
  return {
    ...namedBody(entry, raw),
    ...(entry.sex !== undefined && { sex: entry.sex }),
    ...(entry.birthDate !== undefined && { birthDate: { date: entry.birthDate, precision: 'day' as const, calendar: 'gregorian' as const } }),
    ...(entry.ethnicGroup !== undefined && { ethnicGroup: entry.ethnicGroup }),
    ...(entry.phone !== undefined && { phones: phonesOf(entry.phone, raw) }),
    ...(entry.mother && { relatives: [relative('mother', entry.mother)] }),
    ...(registered && { registeredAddress: registered }),
    currentAddress: addressOf(entry.currentAddress, { ...context, division: context.division }, 'currentAddress', raw),
    residency: 'present',
  };
}

function moveBody(entry: MoveEntry, context: EntryContext, raw: Record<string, string>): PersonBody {
  // Somebody who left may live anywhere: the worker's own community is no hint then.
  const where = entry.direction === 'left' ? { ...context, division: undefined } : context;
  const address = entry.address === undefined ? undefined : addressOf(entry.address, where, 'currentAddress', raw);
  return { ...(address && { currentAddress: address }), residency: entry.direction === 'left' ? 'left' : 'present' };
}

function householdBody(entry: HouseholdChangeEntry, { household }: EntryContext): PersonBody {
  return {
    ...(entry.change !== 'joined' && { maritalStatus: MARITAL_STATUS[entry.change] }),
    ...(entry.spouse && { relatives: [relative('spouse', entry.spouse)] }),
    // By a record of the picked household, never by its entity id: entities may merge and split, and a record of that key is what
    // resolution places the person with.
    ...(household && { memberships: [{ ...household, ...(entry.relation !== undefined && { relation: entry.relation }) }] }),
  };
}

function namedBody(person: NamedPerson | RelatedPerson, raw: Record<string, string>): { name: PersonName; citizenId?: CitizenIdReading } {
  const { name, citizenId } = identity(person);
  if (name.value !== person.name) raw['name'] = person.name;
  if (citizenId && citizenId.value !== person.citizenId) raw['citizenId'] = person.citizenId!;
  return { name, ...(citizenId && { citizenId }) };
}

function relative(role: Relative['role'], person: RelatedPerson): Relative {
  return { role, ...identity(person) };
}

/** The validated request guarantees a name; a missing reading would be a fault of the constraint. */
function identity(person: NamedPerson | RelatedPerson): { name: PersonName; citizenId?: CitizenIdReading } {
  const { name } = readName(person.name);
  const citizenId = person.citizenId === undefined ? undefined : readCitizenId(person.citizenId);
  return { name: name!, ...(citizenId && { citizenId }) };
}

function phonesOf(text: string, raw: Record<string, string>, verified?: boolean): Phone[] {
  const phones = readPhones(text).map((phone) => ({ ...phone, ...(verified !== undefined && { verified }) }));
  if (phones[0]?.number !== text) raw['phones'] = text;
  return phones;
}

function addressOf(text: string, context: Pick<EntryContext, 'divisions' | 'division'>, path: string, raw: Record<string, string>): Address {
  raw[path] = text;
  const hint = context.division === undefined ? undefined : { division: context.division };
  return readAddress(text, context.divisions, hint) ?? { raw: text, ...hint };
}
