import { compareUtf8 } from '#libs/kernel/hashing';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { OtherIdentifier } from '#libs/model/bodies';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { CitizenIdReading, PersonName, Phone } from '#libs/model/values';
import type { Sealing } from '#libs/platform/sealing';
import { keyOf } from '#libs/store/source-record-codec';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';

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
  /** With losing values: what the entity is searched by. */
  fields: GoldenFields;
  /** When the newest member says it became so. */
  validFrom: string;
}

export function goldenOf(recordType: RecordType, members: readonly Member[], authority: AuthorityTable): Golden {
  const attached = new Set(members.filter((m) => m.attached).map((m) => keyOf(m.record)));
  const records = members.map((m) => m.record);
  const fields = survive({ recordType, members: records, authority, attached });
  const stored: StoredGolden = { fields: {}, members: records.map(keyOf).sort(compareUtf8) };
  for (const [path, { value, provenance }] of Object.entries(fields)) stored.fields[path] = { value, record: provenance.record, reason: provenance.reason };
  return {
    stored, fields,
    validFrom: records.map((r) => r.sourceTime ?? r.observedAt).reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a)),
  };
}

export interface SearchRow {
  kind: 'citizenId' | 'phone' | 'name' | 'dwelling';
  ref: Buffer;
}

/** Blind indexes of all values an entity is found by, winning and losing, current and former; each once. */
export function searchRows(sealing: Sealing, fields: GoldenFields): SearchRow[] {
  const rows = new Map<string, SearchRow>();
  const add = (kind: SearchRow['kind'], text: string | undefined): void => {
    if (text) rows.set(`${kind}:${text}`, { kind, ref: sealing.ref(kind, text) });
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
  return [...rows.values()];
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
