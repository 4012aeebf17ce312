import type pg from 'pg';
import { systemClock } from '#libs/kernel/clock';
import type { RecordKey } from '#libs/kernel/record-key';
import { personModel } from '#libs/matching/match-model';
import type { Decision } from '#libs/matching/decisions';
import type { PersonFeatures } from '#libs/matching/person-features';
import { featuresOf, resolveFeatures, type Features, type Resolution } from '#libs/matching/resolve-all';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decisionsInForce } from '#libs/resolution/decision-reader';
import { goldenOf, householdMembers, searchRows, type Member } from '#libs/resolution/golden';
import { featuresOfRecord, indexedKeys } from '#libs/resolution/record-features';
import { pairRef } from '#libs/resolution/review-store';
import { AuthorityCache } from '#libs/store/authority-cache';
import { decodeSourceRecord, keyOf, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { authorityTable } from '#libs/survivorship/authority';

type Held = StoredSourceRecord & { entity_id: string; attached: boolean; probability: number | null };
interface Linked extends Member { id: number; key: RecordKey; entityId: string; probability: number | null }

/**
 * What stands in the store otherwise than it comes out when it is worked out from nothing but the source records and the decisions
 * there: who is one, golden records, what they are found by, members of households, blocking keys, attachments and open doubts.
 * Names and ids alone; empty of a hub at rest.
 */
export async function differentAnew(pool: pg.Pool, sealing: Sealing): Promise<string[]> {
  const { rows } = await pool.query<Held>(`select ${SOURCE_RECORD_COLUMNS}, c.entity_id, c.attached, c.probability from source_record s join crosswalk c on c.record_id = s.id`);
  const linked = rows.map((row): Linked => {
    const record = decodeSourceRecord(sealing, row);
    return { id: Number(row.id), key: keyOf(record), record, entityId: row.entity_id, attached: row.attached, probability: row.probability };
  });
  const decisions = await decisionsInForce({ client: pool as never }, sealing);
  const features = featuresOf(linked.map((l) => l.record));
  const resolution = resolveFeatures(features, decisions, personModel());
  return [
    ...clustersAnew(linked, features, resolution), ...(await entitiesAnew(pool, sealing, linked)), ...(await keysAnew(pool, sealing, linked)),
    ...(await doubtsAnew(pool, sealing, linked, decisions, features, resolution)),
  ];
}

function clustersAnew(linked: readonly Linked[], features: Features, { persons, households, dwellings }: Resolution): string[] {
  const clusters = (of: Iterable<readonly [RecordKey, string]>): Set<string> => new Set([...grouped([...of], ([, cluster]) => cluster).values()].map((all) => all.map(([key]) => key).sort().join(' + ')));
  const labelled = (records: readonly { key: RecordKey }[], { cluster }: { cluster: Int32Array }) => records.map(({ key }, i) => [key, records[cluster[i]!]!.key] as const);
  const fresh = clusters([...labelled(features.persons, persons), ...labelled(features.households, households), ...labelled(features.dwellings, dwellings)]);
  const stored = clusters(linked.map((l) => [l.key, l.entityId] as const));
  return [
    ...[...fresh].filter((c) => !stored.has(c)).map((c) => `should be one: ${c}`),
    ...[...stored].filter((c) => !fresh.has(c)).map((c) => `stands as one: ${c}`),
  ];
}

async function entitiesAnew(pool: pg.Pool, sealing: Sealing, linked: readonly Linked[]): Promise<string[]> {
  const different: string[] = [];
  const authority = await new AuthorityCache(pool, systemClock, authorityTable).current();
  const members = grouped(linked, (l) => l.entityId);
  const persons = linked.filter(({ record }) => record.recordType === 'person' && record.state === 'current' && record.test !== true)
    .map(({ record, entityId }) => ({ features: featuresOfRecord(record) as PersonFeatures, entityId }));
  const found = await lines(pool, `select entity_id as of, kind || ' ' || encode(value_ref, 'hex') || ' ' || array_to_string(scopes, '+') as line from entity_search`);
  const living = await lines(pool, `select household_id as of, person_id || ' ' || coalesce(relation, '') as line from household_member`);
  const { rows } = await pool.query<{ id: string; record_type: AnySourceRecord['recordType']; state: string; member_count: number; sealed_golden: Buffer }>('select id, record_type, state, member_count, sealed_golden from entity');
  for (const e of rows) {
    const own = e.state === 'active' ? members.get(e.id) ?? [] : [];
    const golden = own.length === 0 ? undefined : goldenOf(e.record_type, own, authority);
    const stored = sealing.openJson<object>(e.sealed_golden);
    if ((golden === undefined) === (e.state === 'active') || own.length !== e.member_count) different.push(`members ${e.id}`);
    if (golden !== undefined && canonical(golden.stored) !== canonical(stored)) different.push(`golden record ${e.id}`);
    const search = golden === undefined ? [] : searchRows(sealing, golden).map((s) => `${s.kind} ${s.ref.toString('hex')} ${s.scopes.join('+')}`);
    if (!same(search, found.get(e.id))) different.push(`search ${e.id}`);
    const lives = e.record_type !== 'household' ? [] : [...householdMembers(new Set(own.map((m) => m.key)), persons as Parameters<typeof householdMembers>[1])];
    if (!same(lives.map(([person, relation]) => `${person} ${relation ?? ''}`), living.get(e.id))) different.push(`household ${e.id}`);
  }
  const known = new Set(rows.map((e) => e.id));
  for (const id of new Set([...members.keys(), ...found.keys(), ...living.keys()])) if (!known.has(id)) different.push(`no entity ${id}`);
  return different;
}

async function keysAnew(pool: pg.Pool, sealing: Sealing, linked: readonly Linked[]): Promise<string[]> {
  const stored = await lines(pool, `select record_id::text as of, key || ' ' || token as line from blocking_key`);
  return linked.flatMap((l) => (same(indexedKeys(sealing, featuresOfRecord(l.record)).map((k) => `${k.hash} ${k.token}`), stored.get(String(l.id))) ? [] : [`blocking keys ${l.key}`]));
}

async function doubtsAnew(
  pool: pg.Pool, sealing: Sealing, linked: readonly Linked[], decisions: readonly Decision[], { persons }: Features, { persons: { potential, attached } }: Resolution,
): Promise<string[]> {
  const likely = new Map(attached.map((a) => [persons[a.index]!.key, a.probability]));
  const different = linked.filter((l) => l.attached && Math.fround(likely.get(l.key) ?? -1) !== Math.fround(l.probability ?? -2)).map((l) => `attachment ${l.key}`);
  const doubts = new Map(potential.map((p) => {
    const keys: [RecordKey, RecordKey] = [persons[p.a]!.key, persons[p.b]!.key];
    return [pairRef(sealing, keys).toString('hex'), { keys, decided: decisions.some((d) => keys.every((k) => d.records.includes(k))), line: `${p.reason} ${Math.fround(p.probability)}` }];
  }));
  const { rows } = await pool.query<{ ref: string; state: string; kind: string; probability: number }>(`select encode(pair_ref, 'hex') as ref, state, kind, probability from review`);
  const reviews = new Map(rows.map((r) => [r.ref, r]));
  for (const [ref, { keys, decided, line }] of doubts) {
    const r = reviews.get(ref);
    if (r === undefined || !(decided ? ['link', 'noLink'] : ['open', 'askAtTheDoor']).includes(r.state) || `${r.kind} ${Math.fround(r.probability)}` !== line) different.push(`doubt ${keys.join(' + ')}`);
  }
  for (const r of rows) if (['open', 'askAtTheDoor'].includes(r.state) && !doubts.has(r.ref)) different.push(`doubt for nothing ${r.ref}`);
  return different;
}

async function lines(pool: pg.Pool, sql: string): Promise<Map<string, string[]>> {
  const { rows } = await pool.query<{ of: string; line: string }>(sql);
  return new Map([...grouped(rows, (r) => r.of)].map(([of, all]) => [of, all.map((r) => r.line)]));
}

function grouped<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group === undefined) groups.set(by(item), [item]);
    else group.push(item);
  }
  return groups;
}

function same(fresh: readonly string[], stored: readonly string[] = []): boolean {
  return [...fresh].sort().join('\n') === [...stored].sort().join('\n');
}

/** Without the order of names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (v !== null && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v));
}
