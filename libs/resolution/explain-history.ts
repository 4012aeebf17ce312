import type pg from 'pg';
import { YiciError } from '#libs/kernel/errors';
import type { EntityId } from '#libs/kernel/ids';
import { parseRecordKey, type RecordKey, type RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';
import { sameValue } from '#libs/survivorship/same-value';
import type { StoredGolden } from './golden.js';

/** Who or what caused a change: a record, a worker's entry, or several records taken together. */
export interface Cause {
  record?: RecordKey;
  /** How many records came in the same batch, when not one alone. */
  batch?: number;
  /** User name of the worker whose entry it was. */
  by?: string;
}

/** One thing that happened to an entity. Records that came from or went to another entity name it. */
export type HistoryEvent = { at: string } & (
  | { kind: 'created' | 'changed'; version: number; changed: string[]; joined: { record: RecordKey; from?: EntityId }[]; left: { record: RecordKey; to?: EntityId }[]; cause: Cause }
  | { kind: 'merged'; other: EntityId }
  | { kind: 'ended'; into: EntityId }
  | { kind: 'link' | 'noLink' | 'revoke'; decision: string; records: RecordKey[]; by: string; reason?: string; revoked: boolean }
);

/** The history of a golden record. */
export interface EntityHistory {
  asked: EntityId;
  /** Where the asked id leads: itself, or the id it was merged into. */
  id: EntityId;
  /** Ids between the two, in order; empty when it was never merged. */
  redirects: EntityId[];
  recordType: RecordType;
  version: number;
  members: { record: RecordKey; linkedAt: string; attached: boolean; probability?: number }[];
  /** Oldest first. */
  events: HistoryEvent[];
}

interface EntityRow { id: string; record_type: RecordType; version: number; state: string; merged_into: string | null; recorded_at: Date; sealed_golden: Buffer }
interface VersionRow { version: number; recorded_from: Date; recorded_to: Date; cause: string; sealed_golden: Buffer }
interface MemberRow { sealed_key: Buffer; linked_at: Date; attached: boolean; probability: number | null }
interface PastLink { sealed_key: Buffer; entity_id: string; to_time: Date; now_at: string }
interface DecisionRow { id: string; kind: 'link' | 'noLink' | 'revoke'; sealed_records: Buffer; actor: string; reason: string | null; decided_at: Date; revoked: boolean }

/** How a golden record came to be what it is: its versions, links, merges and decisions, told from what the store kept. */
export class HistoryExplainer {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing) {}

  /** Throws YICI_ENTITY_UNKNOWN. */
  async explain(asked: EntityId): Promise<EntityHistory> {
    const path = await this.redirects(asked);
    const entity = path.at(-1)!;
    const [members, versions, past, absorbed] = await Promise.all([this.members(entity.id), this.versions(entity.id), this.pastLinks(entity.id), this.absorbed(entity.id)]);
    const keys = [...new Set([...members.map((m) => m.record), ...past.map((p) => this.sealing.openText(p.sealed_key))])];
    const events: HistoryEvent[] = [
      ...(await this.versionEvents(entity, versions, past)),
      ...absorbed.map((a): HistoryEvent => ({ at: a.recorded_at.toISOString(), kind: 'merged', other: a.id })),
      ...path.slice(0, -1).map((e): HistoryEvent => ({ at: e.recorded_at.toISOString(), kind: 'ended', into: e.merged_into! })),
      ...(await this.decisions(keys)),
    ];
    return {
      asked, id: entity.id, redirects: path.slice(1, -1).map((e) => e.id), recordType: entity.record_type, version: entity.version, members,
      events: events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    };
  }

  private async redirects(asked: EntityId): Promise<EntityRow[]> {
    // The depth bound only stops a circle that must not exist.
    const { rows } = await this.pool.query<EntityRow>(
      `with recursive path as (
         select e.*, 0 as depth from entity e where id = $1
         union all select e.*, p.depth + 1 from path p join entity e on e.id = p.merged_into where p.depth < 1000)
       select id, record_type, version, state, merged_into, recorded_at, sealed_golden from path order by depth`, [asked]);
    if (rows.length === 0) {
      throw new YiciError({ code: 'YICI_ENTITY_UNKNOWN', stage: 'serving', message: 'The store holds no person, household or dwelling with this id.', fix: 'yici export crosswalk lists the ids.' });
    }
    return rows;
  }

  private async members(id: EntityId): Promise<EntityHistory['members']> {
    const { rows } = await this.pool.query<MemberRow>(
      'select s.sealed_key, c.linked_at, c.attached, c.probability from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = $1 order by c.linked_at, c.record_id', [id]);
    return rows.map((r) => ({
      record: this.sealing.openText(r.sealed_key), linkedAt: r.linked_at.toISOString(), attached: r.attached, ...(r.probability !== null && { probability: r.probability }),
    }));
  }

  private async versions(id: EntityId): Promise<VersionRow[]> {
    return (await this.pool.query<VersionRow>('select version, recorded_from, recorded_to, cause, sealed_golden from entity_version where entity_id = $1 order by version', [id])).rows;
  }

  /** Links of records that were here before, and of those that came here from elsewhere. */
  private async pastLinks(id: EntityId): Promise<PastLink[]> {
    return (await this.pool.query<PastLink>(
      `select s.sealed_key, h.entity_id, h.to_time, c.entity_id as now_at from crosswalk_history h join source_record s on s.id = h.record_id join crosswalk c on c.record_id = h.record_id
        where h.entity_id = $1 or c.entity_id = $1 order by h.to_time`, [id])).rows;
  }

  private async absorbed(id: EntityId): Promise<EntityRow[]> {
    return (await this.pool.query<EntityRow>('select * from entity where merged_into = $1', [id])).rows;
  }

  private async versionEvents(entity: EntityRow, versions: readonly VersionRow[], past: readonly PastLink[]): Promise<HistoryEvent[]> {
    const open = (sealed: Buffer): StoredGolden => this.sealing.openJson<StoredGolden>(sealed);
    const states = [...versions.map((v) => ({ version: v.version, from: v.recorded_from, golden: open(v.sealed_golden) })), { version: entity.version, from: entity.recorded_at, golden: open(entity.sealed_golden) }];
    const events: HistoryEvent[] = [];
    for (const [i, state] of states.entries()) {
      const before = states[i - 1];
      const moved = past.filter((p) => Math.abs(p.to_time.getTime() - state.from.getTime()) < 1000).map((p) => ({ record: this.sealing.openText(p.sealed_key), from: p.entity_id, to: p.now_at }));
      const had = new Set(before?.golden.members ?? []);
      const has = new Set(state.golden.members);
      events.push({
        at: state.from.toISOString(), kind: before === undefined ? 'created' : 'changed', version: state.version,
        changed: before === undefined ? [] : changedPaths(before.golden, state.golden),
        joined: [...has].filter((k) => !had.has(k)).map((record) => ({ record, ...named('from', moved.find((m) => m.record === record && m.from !== entity.id)?.from) })),
        left: [...had].filter((k) => !has.has(k)).map((record) => ({ record, ...named('to', moved.find((m) => m.record === record && m.from === entity.id)?.to) })),
        cause: before === undefined ? {} : await this.causeOf(versions[i - 1]!.cause),
      });
    }
    return events;
  }

  /** `record <blind index, hex>` or `batch of <n>`, as the updater wrote it. */
  private async causeOf(text: string): Promise<Cause> {
    const ref = /^record ([0-9a-f]+)$/.exec(text)?.[1];
    if (ref === undefined) return { batch: Number(/^batch of (\d+)$/.exec(text)?.[1] ?? 0) };
    const { rows } = await this.pool.query<{ sealed_key: Buffer }>('select sealed_key from source_record where record_ref = $1', [Buffer.from(ref, 'hex')]);
    if (rows[0] === undefined) return {};
    const record = this.sealing.openText(rows[0].sealed_key);
    const { system, naturalKey } = parseRecordKey(record);
    const by = system === 'hub' ? await this.enteredBy(naturalKey) : undefined;
    return { record, ...(by !== undefined && { by }) };
  }

  private async enteredBy(entryId: string): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ username: string }>('select a.username from entry e join account a on a.id = e.account_id where e.id = $1', [entryId]);
    return rows[0]?.username;
  }

  private async decisions(keys: readonly RecordKey[]): Promise<HistoryEvent[]> {
    const { rows } = await this.pool.query<DecisionRow>(
      `select d.id, d.kind, d.sealed_records, coalesce(a.username, d.actor) as actor, d.reason, d.decided_at,
              exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id) as revoked
         from steward_decision d left join account a on a.id = d.actor where d.record_refs && $1::bytea[]`, [keys.map((k) => recordRef(this.sealing, k))]);
    return rows.map((r) => ({
      at: r.decided_at.toISOString(), kind: r.kind, decision: r.id, records: this.sealing.openJson<RecordKey[]>(r.sealed_records), by: r.actor, revoked: r.revoked,
      ...(r.reason !== null && { reason: r.reason }),
    }));
  }
}

function named<K extends string>(key: K, id: EntityId | undefined): Partial<Record<K, EntityId>> {
  return id === undefined ? {} : ({ [key]: id } as Record<K, EntityId>);
}

function changedPaths(before: StoredGolden, after: StoredGolden): string[] {
  const paths = new Set([...Object.keys(before.fields), ...Object.keys(after.fields)]);
  return [...paths].filter((p) => !sameValue(before.fields[p]?.value, after.fields[p]?.value)).sort();
}
