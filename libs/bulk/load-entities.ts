import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { entityId, type EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { Sealing } from '#libs/platform/sealing';
import { goldenOf, householdMembers, searchRows, type Member, type SearchRow } from '#libs/resolution/golden';
import { copyBinary } from '#libs/store/copy';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { clusterGroups } from './cluster-groups.js';
import { release, type HeldRecord } from './held-record.js';

/** The records of one type with their final clusters, by position. */
export interface Clustered {
  recordType: RecordType;
  held: readonly HeldRecord[];
  cluster: Int32Array;
  /** Attached records: position → probability. */
  attached: ReadonlyMap<number, number>;
}

export interface LoadedEntities {
  /** Entity of each record, by position. */
  entityOf: EntityId[];
  ids: EntityId[];
  /** Search rows: the entity's place in `ids`, kind and blind index, side by side. */
  search: { entity: number[]; kind: SearchRow['kind'][]; ref: Buffer[] };
}

/** Golden records of one type, copied as they are made. Their search rows are returned: one COPY runs at a time. */
export async function copyEntities(
  client: pg.ClientBase, sealing: Sealing, clock: Clock, authority: AuthorityTable, input: Clustered, onEntity: () => void,
): Promise<LoadedEntities> {
  const out: LoadedEntities = { entityOf: new Array<EntityId>(input.held.length), ids: [], search: { entity: [], kind: [], ref: [] } };
  const now = clock.now();
  function* rows() {
    for (const { members } of clusterGroups(input.cluster)) {
      const id = entityId(input.recordType, now);
      const records: Member[] = Array.from(members, (i) => ({ record: release(input.held[i]!), attached: input.attached.has(i) && members.length > 1 }));
      for (const i of members) out.entityOf[i] = id;
      const golden = goldenOf(input.recordType, records, authority);
      for (const row of searchRows(sealing, golden.fields)) {
        out.search.entity.push(out.ids.length);
        out.search.kind.push(row.kind);
        out.search.ref.push(row.ref);
      }
      out.ids.push(id);
      onEntity();
      yield { id, count: members.length, validFrom: Date.parse(golden.validFrom), sealed: sealing.sealJson(golden.stored) };
    }
  }
  await copyBinary(client, 'entity', ['id', 'record_type', 'version', 'state', 'valid_from', 'recorded_at', 'member_count', 'sealed_golden'], rows(), (r, to) => {
    to.text(r.id);
    to.text(input.recordType);
    to.int4(1);
    to.text('active');
    to.timestamptz(r.validFrom);
    to.timestamptz(now);
    to.int4(r.count);
    to.bytea(r.sealed);
  });
  return out;
}

export async function copyCrosswalk(client: pg.ClientBase, clock: Clock, input: Clustered, entityOf: readonly EntityId[]): Promise<void> {
  const now = clock.now();
  const sizes = new Map<number, number>();
  for (const label of input.cluster) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  await copyBinary(client, 'crosswalk', ['record_id', 'entity_id', 'attached', 'probability', 'linked_at'], input.held.keys(), (i, out) => {
    const probability = sizes.get(input.cluster[i]!)! > 1 ? input.attached.get(i) : undefined;
    out.int8(input.held[i]!.id);
    out.text(entityOf[i]!);
    out.bool(probability !== undefined);
    if (probability === undefined) out.null();
    else out.float4(probability);
    out.timestamptz(now);
  });
}

export async function copySearch(client: pg.ClientBase, { ids, search }: LoadedEntities): Promise<void> {
  await copyBinary(client, 'entity_search', ['entity_id', 'kind', 'value_ref'], search.entity.keys(), (i, out) => {
    out.text(ids[search.entity[i]!]!);
    out.text(search.kind[i]!);
    out.bytea(search.ref[i]!);
  });
}

/** Who lives in which household: from the memberships that the person records state. */
export async function copyHouseholdMembers(
  client: pg.ClientBase, persons: Clustered, features: readonly PersonFeatures[], personOf: readonly EntityId[], members: readonly (readonly number[])[], households: Clustered, householdOf: readonly EntityId[],
): Promise<void> {
  function* rows(): Iterable<{ household: EntityId; person: EntityId; relation: string | undefined }> {
    for (const { members: group } of clusterGroups(households.cluster)) {
      const keys = new Set<RecordKey>();
      const inside: { features: PersonFeatures; entityId: EntityId }[] = [];
      for (const h of group) {
        keys.add(households.held[h]!.key);
        for (const p of members[h]!) if (persons.held[p]!.state === 'current') inside.push({ features: features[p]!, entityId: personOf[p]! });
      }
      for (const [person, relation] of householdMembers(keys, inside)) yield { household: householdOf[group[0]!]!, person, relation };
    }
  }
  await copyBinary(client, 'household_member', ['household_id', 'person_id', 'relation'], rows(), (r, out) => {
    out.text(r.household);
    out.text(r.person);
    if (r.relation === undefined) out.null();
    else out.text(r.relation);
  });
}
