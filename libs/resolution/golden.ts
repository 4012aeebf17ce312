import { compareUtf8 } from '#libs/kernel/hashing';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { OtherIdentifier } from '#libs/model/bodies';
import type { GoldenFields } from '#libs/model/golden-record';
import { openingOf, restrictedFacetsOf } from '#libs/model/restricted';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address, CitizenIdReading, PersonName, Phone } from '#libs/model/values';
import type { Sealing } from '#libs/platform/sealing';
import { keyOf } from '#libs/store/source-record-codec';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';
import { addressSearchKeys } from '#libs/values/address-search';

/** A record with its place in an entity. */
export interface Member {
  record: AnySourceRecord;
  /** Contributes no identity: attached to the person its phone and dwelling point to. */
  attached: boolean;
}

/**
 * Golden record as it is sealed in `entity` and `entity_version`: the winning values with where they came from. Losing values
 * are those of the member records; keeping them here again would triple the store.
 */
export interface StoredGolden {
  fields: Record<string, { value: unknown; record: RecordKey; reason: string }>;
  /** Record keys, sorted by UTF-8 bytes. */
  members: RecordKey[];
}

export interface Golden {
  stored: StoredGolden;
  /** What the entity is searched by: with losing values, by the scopes a reader needs to see them. */
  searched: { scopes: readonly string[]; fields: GoldenFields }[];
  /** Scopes of each member, joined, each once: a reader to whom one of them is open knows of the entity. */
  openTo: string[];
  /** When the newest member says it became so. */
  validFrom: string;
}

export function goldenOf(recordType: RecordType, members: readonly Member[], authority: AuthorityTable): Golden {
  const attached = new Set(members.filter((m) => m.attached).map((m) => keyOf(m.record)));
  const records = members.map((m) => m.record);
  const input = { recordType, authority, attached };
  const fields = survive({ ...input, members: records });
  const stored: StoredGolden = { fields: {}, members: records.map(keyOf).sort(compareUtf8) };
  for (const [path, { value, provenance }] of Object.entries(fields)) stored.fields[path] = { value, record: provenance.record, reason: provenance.reason };
  return {
    stored, ...byScopes(input, records, fields),
    validFrom: records.map((r) => r.sourceTime ?? r.observedAt).reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a)),
  };
}

/** Values of the records that everybody may see, then of those that ask for scopes, each with its own. */
function byScopes(input: Omit<Parameters<typeof survive>[0], 'members'>, records: readonly AnySourceRecord[], fields: GoldenFields): Pick<Golden, 'searched' | 'openTo'> {
  const groups = new Map<string, { scopes: readonly string[]; members: AnySourceRecord[] }>();
  for (const record of records) {
    const scopes = restrictedFacetsOf(record.body);
    const key = openingOf(scopes);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { scopes, members: [record] });
    else group.members.push(record);
  }
  const openTo = [...groups.keys()].sort();
  if (openTo.length === 1 && openTo[0] === '') return { searched: [{ scopes: [], fields }], openTo };
  return { openTo, searched: [...groups.values()].map(({ scopes, members }) => ({ scopes, fields: survive({ ...input, members, openScopes: scopes }) })) };
}

export interface SearchRow {
  kind: 'citizenId' | 'phone' | 'name' | 'dwelling' | 'address';
  ref: Buffer;
  /** Scopes that a reader needs to find the entity by this value. */
  scopes: readonly string[];
}

/** Blind indexes of all values an entity is found by, winning and losing, current and former; each once for each set of scopes. */
export function searchRows(sealing: Sealing, { searched }: Pick<Golden, 'searched'>): SearchRow[] {
  const rows = new Map<string, SearchRow>();
  for (const { scopes, fields } of searched) {
    const add = (kind: SearchRow['kind'], text: string | undefined): void => {
      if (text) rows.set(`${openingOf(scopes)}:${kind}:${text}`, { kind, ref: kind === 'address' ? placeRef(sealing, text) : sealing.ref(kind, text), scopes });
    };
    const all = <T>(path: string): T[] => {
      const field = fields[path];
      return field === undefined ? [] : ([field.value, ...(field.others ?? []).map((o) => o.value)].flat() as T[]);
    };
    for (const id of all<CitizenIdReading>('citizenId')) add('citizenId', id.value);
    for (const id of all<OtherIdentifier>('otherIdentifiers')) add('citizenId', id.value);
    for (const phone of all<Phone>('phones')) add('phone', phone.number);
    for (const name of [...all<PersonName>('name'), ...all<PersonName>('formerNames')]) add('name', name.key);
    for (const code of all<string>('code')) add('dwelling', code);
    // Of persons alone: they are what is looked for by an address.
    for (const address of [...all<Address>('currentAddress'), ...all<Address>('registeredAddress')]) for (const key of addressSearchKeys(address)) add('address', key);
  }
  return [...rows.values()];
}

/** Whole buildings share their keys, so a load would hash each some hundred times; few are kept, for a city's are many. */
const placeRefs = new WeakMap<Sealing, Map<string, Buffer>>();
const PLACES_KEPT = 20_000;

function placeRef(sealing: Sealing, text: string): Buffer {
  const known = placeRefs.get(sealing) ?? new Map<string, Buffer>();
  if (known.size >= PLACES_KEPT) known.clear();
  placeRefs.set(sealing, known);
  const ref = known.get(text) ?? sealing.ref('address', text);
  known.set(text, ref);
  return ref;
}

/** Persons of a household with their relation: of several records the first by key that states one. Withdrawn records are in none. */
export function householdMembers(
  households: ReadonlySet<RecordKey>, persons: readonly { features: PersonFeatures; entityId: EntityId }[],
): Map<EntityId, string | undefined> {
  const members = new Map<EntityId, string | undefined>();
  const ordered = [...persons].sort((a, b) => compareUtf8(a.features.key, b.features.key));
  for (const { features, entityId } of ordered) {
    for (const m of features.memberships) {
      if (households.has(m.household)) members.set(entityId, members.get(entityId) ?? (m.relation || undefined));
    }
  }
  return members;
}
