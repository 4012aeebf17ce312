import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { entityId, type EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { GoldenRecordChanged } from '#libs/model/events';
import { householdMembers } from '#libs/resolution/golden';
import { copyBinary } from '#libs/store/copy';
import { clusterGroups } from './cluster-groups.js';
import type { GoldenJob, GoldenMaker, GoldenRow, MemberRow } from './golden-maker.js';

/** The records of one type with their final clusters, by position. */
export interface Clustered {
  recordType: RecordType;
  /** Record ids. */
  ids: readonly number[];
  /** Of each record; they know its key. */
  features: readonly { key: RecordKey }[];
  cluster: Int32Array;
  /** Attached records: position → probability. */
  attached: ReadonlyMap<number, number>;
}

export interface EntityParts {
  clock: Clock;
  golden: GoldenMaker;
  encode: (event: GoldenRecordChanged) => { topic: string; key: string; event: Uint8Array };
}

/** Entities worked on together: their records are read back, their rows copied. 2,000 persons with their texts take 30 MB. */
const CHUNK = 2_000;

type Group = { members: Int32Array };

interface Made extends GoldenRow {
  id: EntityId;
  group: Group;
}

/**
 * Golden records of one type with their links, search rows and events, chunk by chunk: the server reads the next chunk and
 * the maker works on this one while the one before is copied. Record texts are read back from the store: holding those of a
 * city of 100,000 would take 500 MB. Returns the entity of each record, by position.
 */
export async function copyEntities(client: pg.ClientBase, parts: EntityParts, input: Clustered, onEntities: (n: number) => void): Promise<EntityId[]> {
  const entityOf = new Array<EntityId>(input.ids.length);
  const groups = clusterGroups(input.cluster);
  let before: { chunk: readonly Group[]; golden: Promise<GoldenRow[]> } | undefined;
  const finish = async (): Promise<void> => {
    if (before === undefined) return;
    const { chunk } = before;
    const made = (await before.golden).map((golden, i): Made => ({ ...golden, id: entityId(input.recordType, parts.clock.now()), group: chunk[i]! }));
    for (const { id, group } of made) for (const i of group.members) entityOf[i] = id;
    await copyChunk(client, parts, input, made);
    onEntities(made.length);
  };
  let next = readMembers(client, input, groups.slice(0, CHUNK));
  for (let at = 0; at < groups.length; at += CHUNK) {
    const chunk = groups.slice(at, at + CHUNK);
    const golden = parts.golden.make(jobOf(input, chunk, await next));
    // A failure is met where the chunk is finished; until then it is nobody's.
    golden.catch(() => undefined);
    next = readMembers(client, input, groups.slice(at + CHUNK, at + 2 * CHUNK));
    await finish();
    before = { chunk, golden };
  }
  await next;
  await finish();
  return entityOf;
}

async function readMembers(client: pg.ClientBase, input: Clustered, groups: readonly Group[]): Promise<Map<number, MemberRow>> {
  if (groups.length === 0) return new Map();
  const ids = groups.flatMap((g) => Array.from(g.members, (i) => input.ids[i]!));
  const result = await client.query<MemberRow>({
    name: 'load_members',
    text: 'select id, version_order, source_time, observed_at, origin_source, origin_position, sealed_body from source_record where id = any($1::bigint[])', values: [ids],
  });
  return new Map(result.rows.map((r) => [Number(r.id), r]));
}

function jobOf(input: Clustered, groups: readonly Group[], rows: ReadonlyMap<number, MemberRow>): GoldenJob {
  return {
    recordType: input.recordType,
    entities: groups.map(({ members }) => ({
      members: Array.from(members, (i) => ({ key: input.features[i]!.key, row: rows.get(input.ids[i]!)!, attached: members.length > 1 && input.attached.has(i) })),
    })),
  };
}

async function copyChunk(client: pg.ClientBase, parts: EntityParts, input: Clustered, made: readonly Made[]): Promise<void> {
  const now = parts.clock.now();
  await copyBinary(client, 'entity', ['id', 'record_type', 'version', 'state', 'valid_from', 'recorded_at', 'member_count', 'sealed_golden', 'open_to'], made, (e, out) => {
    out.text(e.id);
    out.text(input.recordType);
    out.int4(1);
    out.text('active');
    out.timestamptz(e.validFrom);
    out.timestamptz(now);
    out.int4(e.group.members.length);
    out.bytea(e.sealed);
    out.textArray(e.openTo);
  });
  const links = made.flatMap((e) => Array.from(e.group.members, (i) => ({ e, i })));
  await copyBinary(client, 'crosswalk', ['record_id', 'entity_id', 'attached', 'probability', 'linked_at'], links, ({ e, i }, out) => {
    const probability = e.group.members.length > 1 ? input.attached.get(i) : undefined;
    out.int8(input.ids[i]!);
    out.text(e.id);
    out.bool(probability !== undefined);
    if (probability === undefined) out.null();
    else out.float4(probability);
    out.timestamptz(now);
  });
  const search = made.flatMap((e) => e.search.map((row) => ({ e, row })));
  await copyBinary(client, 'entity_search', ['entity_id', 'kind', 'value_ref', 'scopes'], search, ({ e, row }, out) => {
    out.text(e.id);
    out.text(row.kind);
    out.bytea(row.ref);
    out.textArray(row.scopes);
  });
  await copyBinary(client, 'outbox', ['topic', 'key', 'initial', 'event'], made, (e, out) => {
    const { topic, key, event } = parts.encode({ entityId: e.id, recordType: input.recordType, version: 1, changed: [], kind: 'created', causes: [], initial: true });
    out.text(topic);
    out.text(key);
    out.bool(true);
    out.bytea(event);
  });
}

/** Who lives in which household: from the memberships that current person records state. `members`: persons by household, by position. */
export async function copyHouseholdMembers(
  client: pg.ClientBase, persons: { features: readonly PersonFeatures[]; withdrawn: readonly boolean[]; entityOf: readonly EntityId[] },
  members: readonly (readonly number[])[], households: Pick<Clustered, 'features' | 'cluster'> & { entityOf: readonly EntityId[] },
): Promise<void> {
  function* rows(): Iterable<{ household: EntityId; person: EntityId; relation: string | undefined }> {
    for (const { members: group } of clusterGroups(households.cluster)) {
      const keys = new Set<RecordKey>();
      const inside: { features: PersonFeatures; entityId: EntityId }[] = [];
      for (const h of group) {
        keys.add(households.features[h]!.key);
        for (const p of members[h]!) if (!persons.withdrawn[p]!) inside.push({ features: persons.features[p]!, entityId: persons.entityOf[p]! });
      }
      for (const [person, relation] of householdMembers(keys, inside)) yield { household: households.entityOf[group[0]!]!, person, relation };
    }
  }
  await copyBinary(client, 'household_member', ['household_id', 'person_id', 'relation'], rows(), (r, out) => {
    out.text(r.household);
    out.text(r.person);
    if (r.relation === undefined) out.null();
    else out.text(r.relation);
  });
}
