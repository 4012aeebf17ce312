import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import type { RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from '#libs/store/unit-of-work';
import type { DeliveryState } from '#libs/model/receipt';
import type { Delivery, DeliveryAction, DeliveryOutcome, DeliveryPayload, NewDelivery } from './delivery.js';

interface Row {
  id: string; target: string; record_type: RecordType; target_ref: Buffer; entity_id: string; entity_version: number; cause: string; action: DeliveryAction; state: DeliveryState;
  reason_code: string | null; reason: string | null; attempts: number; next_attempt_at: Date | null; sealed_payload: Buffer | null; created_at: Date; changed_at: Date;
}

export interface DeliveryFilter {
  target?: string;
  state?: DeliveryState;
  cause?: string;
  entityId?: string;
  /** Targets left out. */
  without?: readonly string[];
  /** Only what entries of these communities (division prefixes) caused; empty or absent: all. */
  communities?: readonly string[];
  /** Id after which the page begins. */
  after?: string;
  limit: number;
}

/** A record we created is known to its delivery by our own ref, the entity id; to those for persons merged since, by theirs. */
const OF_RECORDS = `with recursive minted as (select own_ref, entity_id from minted_key where target = $1 and target_ref = any($2::bytea[])),
  up (id) as (select entity_id from minted union select e.merged_into from up u join entity e on e.id = u.id where e.merged_into is not null),
  own (id) as ((select own_ref from minted union select id from up) union select e.id from own o join entity e on e.merged_into = o.id)`;
/** Two searches, each by an index of its own: with an “or” every written delivery of the target would be read. */
const UNCONFIRMED = `state in ('written', 'pickedUp') and id in (
    select id from delivery where target = $1 and state in ('written', 'pickedUp') and target_ref = any($2::bytea[])
    union all select id from delivery where target = $1 and state in ('written', 'pickedUp') and action = 'create' and entity_id in (select id from own))`;

/** Deliveries, one row a change for one record of one target; the unique constraint makes a repeated event plan nothing twice. */
export class DeliveryStore {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing, private readonly clock: Clock) {}

  /** Adds what is new; returns how many. */
  async add(tx: Transaction, deliveries: readonly NewDelivery[]): Promise<number> {
    if (deliveries.length === 0) return 0;
    const now = this.clock.now();
    const added = await tx.client.query({
      name: 'delivery_add',
      text: `insert into delivery (id, target, record_type, target_ref, entity_id, entity_version, cause, action, state, reason_code, reason, next_attempt_at,
               sealed_payload, created_at, changed_at)
             select i, t, ty, r, e, v, c, a, s, rc, rs, case when due then $13::timestamptz end, p, $13, $13
             from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[], $12::bytea[], $14::text[])
               as u(i, t, r, e, v, c, a, s, rc, rs, due, p, ty)
             on conflict (target, record_type, target_ref, entity_id, entity_version, cause) do nothing`,
      values: [
        deliveries.map(() => uuidv7(now)), deliveries.map((d) => d.target), deliveries.map((d) => d.targetRef), deliveries.map((d) => d.entityId),
        deliveries.map((d) => d.entityVersion), deliveries.map((d) => d.cause), deliveries.map((d) => d.action), deliveries.map((d) => d.state),
        deliveries.map((d) => d.reasonCode ?? null), deliveries.map((d) => d.reason ?? null), deliveries.map((d) => d.due ?? false),
        deliveries.map((d) => this.sealed(d.payload)), new Date(now), deliveries.map((d) => d.recordType),
      ],
    });
    return added.rowCount ?? 0;
  }

  /** Due deliveries without these, oldest first, at most one a target record: order is kept per target key, whatever waits behind. */
  async due(target: string, limit: number, without: readonly string[] = []): Promise<Delivery[]> {
    const found = await this.pool.query<Row>({
      name: 'delivery_due',
      text: `select d.* from delivery d
             where d.target = $1 and d.state = 'waiting' and d.next_attempt_at is not null and d.next_attempt_at <= $2 and d.id <> all($4::text[]) and not exists (
               select from delivery e where e.target = d.target and e.target_ref = d.target_ref and e.state = 'waiting' and e.next_attempt_at is not null and e.id < d.id)
             order by d.id limit $3`,
      values: [target, new Date(this.clock.now()), limit, without],
    });
    return found.rows.map((r) => this.decode(r));
  }

  async settle(tx: Transaction, outcomes: readonly DeliveryOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await tx.client.query({
      name: 'delivery_settle',
      text: `update delivery d set state = u.s, reason_code = u.rc, reason = u.rs, next_attempt_at = u.at, sealed_payload = coalesce(u.p, d.sealed_payload),
               attempts = d.attempts + u.tried, changed_at = $8
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::int[]) as u(i, s, rc, rs, at, p, tried) where d.id = u.i`,
      values: [
        outcomes.map((o) => o.id), outcomes.map((o) => o.state), outcomes.map((o) => o.reasonCode ?? null), outcomes.map((o) => o.reason ?? null),
        outcomes.map((o) => o.nextAttemptAt ?? null), outcomes.map((o) => this.sealed(o.payload)), outcomes.map((o) => (o.attempted === false ? 0 : 1)),
        new Date(this.clock.now()),
      ],
    });
  }

  /** Whether there is anything for {@link unconfirmed} to find. */
  async anyUnconfirmed(target: string, refs: readonly Buffer[]): Promise<boolean> {
    const found = await this.pool.query({
      name: 'delivery_any_unconfirmed',
      text: `${OF_RECORDS} select from delivery where ${UNCONFIRMED} limit 1`,
      values: [target, refs],
    });
    return found.rows.length > 0;
  }

  /** Keeps what is known of deliveries that go on waiting. */
  async keep(tx: Transaction, deliveries: readonly { id: string; payload: DeliveryPayload }[]): Promise<void> {
    await tx.client.query({
      name: 'delivery_keep', text: 'update delivery d set sealed_payload = u.p from unnest($1::text[], $2::bytea[]) as u(i, p) where d.id = u.i',
      values: [deliveries.map((d) => d.id), deliveries.map((d) => this.sealed(d.payload))],
    });
  }

  /** Deliveries written to these target records and not yet read back. */
  async unconfirmed(tx: Transaction, target: string, refs: readonly Buffer[]): Promise<Delivery[]> {
    const found = await tx.client.query<Row>({
      name: 'delivery_unconfirmed',
      text: `${OF_RECORDS} select * from delivery where ${UNCONFIRMED} order by id for update`,
      values: [target, refs],
    });
    return found.rows.map((r) => this.decode(r));
  }

  /** Of these target records those, by ref in hex, that the hub created there: their first delivery is not known by their ref. */
  async created(tx: Transaction, target: string, refs: readonly Buffer[]): Promise<string[]> {
    const found = await tx.client.query<{ target_ref: Buffer }>({
      name: 'delivery_created', text: 'select distinct target_ref from minted_key where target = $1 and target_ref = any($2::bytea[])', values: [target, refs],
    });
    return found.rows.map((r) => r.target_ref.toString('hex'));
  }

  /** Written and not yet acknowledged, oldest first, from after `after`. What only found its value there already waits for nobody's answer. */
  async unacknowledged(target: string, after: string, limit: number): Promise<Delivery[]> {
    const found = await this.pool.query<Row>({
      name: 'delivery_unacknowledged', text: `select * from delivery where target = $1 and state = 'written' and reason_code is null and id > $2 order by id limit $3`,
      values: [target, after, limit],
    });
    return found.rows.map((r) => this.decode(r));
  }

  /** Of these target records those (by ref, hex) for which a write is due or tried again. */
  async dueFor(target: string, refs: readonly Buffer[]): Promise<Set<string>> {
    const found = await this.pool.query<{ target_ref: Buffer }>({
      name: 'delivery_due_for',
      text: `select distinct target_ref from delivery where target = $1 and state = 'waiting' and next_attempt_at is not null and target_ref = any($2::bytea[])`,
      values: [target, refs],
    });
    return new Set(found.rows.map((r) => r.target_ref.toString('hex')));
  }

  /**
   * Of the creates that wait at a target for these persons, as they are merged by now, the one that may go, by entity id: one
   * that was tried and whose end is not known goes before one that was not, then the oldest.
   */
  async firstCreates(target: string, entityIds: readonly string[]): Promise<Map<string, { id: string; nextAttemptAt: Date }>> {
    const found = await this.pool.query<{ entity_id: string; id: string; next_attempt_at: Date }>({
      name: 'delivery_first_creates',
      text: `with recursive hop (live, id) as (select i, i from unnest($2::text[]) as i union select h.live, e.id from hop h join entity e on e.merged_into = h.id)
             select distinct on (h.live) h.live as entity_id, d.id, d.next_attempt_at from hop h join delivery d on d.entity_id = h.id
             where d.target = $1 and d.action = 'create' and d.state = 'waiting' and d.next_attempt_at is not null
             order by h.live, (d.attempts > 0 or d.reason_code is not distinct from 'retrying') desc, d.id`,
      values: [target, entityIds],
    });
    return new Map(found.rows.map((r) => [r.entity_id, { id: r.id, nextAttemptAt: r.next_attempt_at }]));
  }

  /** Those of these deliveries that still are in this state; nobody else settles them before the transaction ends. */
  async still(tx: Transaction, state: DeliveryState, ids: readonly string[]): Promise<Set<string>> {
    const found = await tx.client.query<{ id: string }>({
      name: 'delivery_still', text: 'select id from delivery where id = any($1::text[]) and state = $2 order by id for update', values: [ids, state],
    });
    return new Set(found.rows.map((r) => r.id));
  }

  /** Deliveries of a target in one state, in their order: the oldest of those that are written, the newest of the others, at most so many; nobody else settles them before the transaction ends. */
  async hold(tx: Transaction, target: string, state: DeliveryState, limit: number): Promise<Delivery[]> {
    const order = state === 'written' ? 'asc' : 'desc';
    const found = await tx.client.query<Row>(`select * from delivery where target = $1 and state = $2 order by id ${order} limit $3 for update`, [target, state, limit]);
    return found.rows.map((r) => this.decode(r)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Of these target records those (by ref, hex) whose newest write the target has taken before `before`, with when it was
   * planned: it answered, or took the file or row. What still lies there to be taken is not lost.
   */
  async taken(target: string, refs: readonly Buffer[], before: Date): Promise<Map<string, Date>> {
    const found = await this.pool.query<Row & { ref: Buffer }>({
      name: 'delivery_taken',
      text: `select p.target_ref as ref, d.* from projection p join delivery d on d.id = p.delivery_id
             where p.target = $1 and p.target_ref = any($2::bytea[]) and d.state in ('written', 'pickedUp', 'confirmed') and d.changed_at < $3`,
      values: [target, refs, before],
    });
    return new Map(found.rows.filter((r) => r.state !== 'written' || this.decode(r).payload?.token === undefined).map((r) => [r.ref.toString('hex'), r.created_at]));
  }

  async list(filter: DeliveryFilter): Promise<Delivery[]> {
    const found = await this.pool.query<Row>(
      `select * from delivery where ($1::text is null or target = $1) and ($2::text is null or state = $2) and ($3::text is null or cause = $3)
       and ($4::text is null or entity_id = $4) and id > $5 and target <> all($7::text[])
       and ($8::text[] is null or exists (select from entry e join unnest($8::text[]) as c on starts_with(e.community, c) where e.id = delivery.cause))
       order by id limit $6`,
      [filter.target ?? null, filter.state ?? null, filter.cause ?? null, filter.entityId ?? null, filter.after ?? '', filter.limit, filter.without ?? [],
        filter.communities === undefined || filter.communities.length === 0 ? null : filter.communities]);
    return found.rows.map((r) => this.decode(r));
  }

  /** Makes deliveries of a target due again: those that wait for `reasonCode`, or one by id (a replay). Returns how many. */
  async release(tx: Transaction, which: { target: string; reasonCode: string } | { id: string }): Promise<number> {
    const now = new Date(this.clock.now());
    const done = 'id' in which
      ? await tx.client.query(
        `update delivery set state = 'waiting', reason_code = null, reason = null, next_attempt_at = $2, changed_at = $2 where id = $1 and state in ('rejected', 'waiting')`, [which.id, now])
      : await tx.client.query(
        `update delivery set reason_code = null, next_attempt_at = $3, changed_at = $3 where target = $1 and state = 'waiting' and reason_code = $2`, [which.target, which.reasonCode, now]);
    return done.rowCount ?? 0;
  }

  /** Why an entry could not be worked on; undefined for one that could. */
  async entryFailure(id: string): Promise<string | undefined> {
    const found = await this.pool.query<{ failure_reason: string | null }>({ name: 'entry_failure', text: `select failure_reason from entry where id = $1 and state = 'failed'`, values: [id] });
    return found.rows[0] && (found.rows[0].failure_reason ?? '');
  }

  /** The community of the entry and who made it; undefined when there is no such entry. */
  async entryOf(id: string): Promise<{ accountId: string; community?: string } | undefined> {
    const found = await this.pool.query<{ account_id: string; community: string | null }>('select account_id, community from entry where id = $1', [id]);
    const row = found.rows[0];
    return row && { accountId: row.account_id, community: row.community ?? undefined };
  }

  private sealed(payload: DeliveryPayload | undefined): Buffer | null {
    return payload === undefined ? null : this.sealing.sealJson(payload);
  }

  private decode(r: Row): Delivery {
    return {
      id: r.id, target: r.target, recordType: r.record_type, targetRef: r.target_ref, entityId: r.entity_id, entityVersion: r.entity_version, cause: r.cause, action: r.action, state: r.state,
      reasonCode: r.reason_code ?? undefined, reason: r.reason ?? undefined, attempts: r.attempts, nextAttemptAt: r.next_attempt_at ?? undefined,
      payload: r.sealed_payload === null ? undefined : this.sealing.openJson<DeliveryPayload>(r.sealed_payload), createdAt: r.created_at, changedAt: r.changed_at,
    };
  }
}
