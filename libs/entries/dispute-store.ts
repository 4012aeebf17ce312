import type { DataSource } from 'typeorm';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { Command } from '#libs/model/events';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';

export type DisputeState = 'open' | 'answered' | 'withdrawn';
export type DisputeOutcome = 'upheld' | 'corrected';
export type SettlementCommand = Extract<Command, { kind: 'settlement' }>;

/** What is said to be wrong, and why. */
export interface DisputeClaim {
  /** The record the disputed value was won by. */
  record: RecordKey;
  /** The value as it stood. */
  over: unknown;
  /** What is said to be right, as typed. */
  said?: string;
  grounds: string;
}

/** What the department answered. */
export interface DisputeAnswer {
  note?: string;
  /** The right value as typed; absent: upheld, or corrected in the department's own system. */
  value?: string;
  /** What resolution is told; absent when the answer brings no record. */
  settlement?: SettlementCommand;
}

export interface StoredDispute {
  id: string;
  recordType: RecordType;
  field: string;
  department: string;
  scopes: string[];
  accountId: string;
  state: DisputeState;
  outcome?: DisputeOutcome;
  claim: DisputeClaim;
  answer?: DisputeAnswer;
  openedAt: string;
  /** Last day to answer, yyyy-mm-dd. */
  dueOn: string;
  answeredAt?: string;
  answeredBy?: string;
  settledAt?: string;
  failureReason?: string;
}

export interface DisputeFilter {
  state?: DisputeState;
  /** Still open after this day, yyyy-mm-dd. */
  overdueOn?: string;
  /** Opened by this account. */
  accountId?: string;
  /** For one of these departments. */
  departments?: readonly string[];
  openScopes: readonly string[];
}

interface Row {
  id: string; record_type: RecordType; field: string; department: string; scopes: string[]; account_id: string; state: DisputeState; outcome: DisputeOutcome | null;
  sealed_claim: Buffer; sealed_answer: Buffer | null; opened_at: Date; due_on: string; answered_at: Date | null; answered_by: string | null; settled_at: Date | null; failure_reason: string | null;
}

const COLUMNS = `id, record_type, field, department, scopes, account_id, state, outcome, sealed_claim, sealed_answer, opened_at, due_on::text as due_on, answered_at, answered_by,
  settled_at, failure_reason`;

/** Disputes and their answers. Resolution says when a correction has been taken in. */
export class DisputeStore {
  constructor(private readonly db: DataSource, private readonly sealing: Sealing) {}

  /** False when the same field of the same record is disputed already. */
  async add(d: Pick<StoredDispute, 'id' | 'recordType' | 'field' | 'department' | 'scopes' | 'accountId' | 'claim' | 'openedAt' | 'dueOn'>): Promise<boolean> {
    const rows = await this.db.query<unknown[]>(
      `insert into dispute (id, record_type, record_ref, field, department, scopes, account_id, state, sealed_claim, opened_at, due_on)
       values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10) on conflict (record_ref, field) where state = 'open' do nothing returning id`,
      [d.id, d.recordType, recordRef(this.sealing, d.claim.record), d.field, d.department, d.scopes, d.accountId, this.sealing.sealJson(d.claim), d.openedAt, d.dueOn]);
    return rows.length === 1;
  }

  async find(id: string, openScopes: readonly string[]): Promise<StoredDispute | undefined> {
    const [row] = await this.db.query<Row[]>(`select ${COLUMNS} from dispute where id = $1 and scopes <@ $2::text[]`, [id, openScopes]);
    return row && this.disputeOf(row);
  }

  /** Newest first, from after the page mark (time, id). */
  async list(filter: DisputeFilter, after: readonly string[] | undefined, limit: number): Promise<StoredDispute[]> {
    const rows = await this.db.query<Row[]>(
      `select ${COLUMNS} from dispute where scopes <@ $1::text[] and ($2::text is null or state = $2) and ($3::date is null or (state = 'open' and due_on < $3))
          and ($4::text is null or account_id = $4) and ($5::text[] is null or department = any($5)) and ($6::timestamptz is null or (opened_at, id) < ($6, $7))
        order by opened_at desc, id desc limit $8`,
      [filter.openScopes, filter.state ?? null, filter.overdueOn ?? null, filter.accountId ?? null, filter.departments ?? null, after?.[0] ?? null, after?.[1] ?? '', limit]);
    return rows.map((row) => this.disputeOf(row));
  }

  /** Ends an open dispute; false when it is not open any more. */
  async end(id: string, end: { state: 'answered' | 'withdrawn'; outcome?: DisputeOutcome; answer?: DisputeAnswer; at: string; by: string }): Promise<boolean> {
    const rows = await this.db.query<unknown[]>(
      `with ended as (update dispute set state = $2, outcome = $3, sealed_answer = $4, answered_at = $5, answered_by = $6 where id = $1 and state = 'open' returning id) select id from ended`,
      [id, end.state, end.outcome ?? null, end.answer === undefined ? null : this.sealing.sealJson(end.answer), end.at, end.by]);
    return rows.length === 1;
  }

  /** Corrections answered before `before` that resolution has not taken in: their command may never have reached the log. */
  async unsettled(before: Date, limit: number): Promise<SettlementCommand[]> {
    const rows = await this.db.query<{ sealed_answer: Buffer }[]>(
      `select sealed_answer from dispute where state = 'answered' and outcome = 'corrected' and settled_at is null and sealed_answer is not null and answered_at < $1 order by answered_at limit $2`,
      [before, limit]);
    return rows.flatMap((row) => this.sealing.openJson<DisputeAnswer>(row.sealed_answer).settlement ?? []);
  }

  /** Open disputes about values of an entity, as far as the reader may know of them. */
  async openAbout(entityId: string, openScopes: readonly string[]): Promise<Pick<StoredDispute, 'id' | 'field' | 'openedAt' | 'dueOn'>[]> {
    const rows = await this.db.query<{ id: string; field: string; opened_at: Date; due_on: string }[]>(
      `select d.id, d.field, d.opened_at, d.due_on::text as due_on from crosswalk c join source_record s on s.id = c.record_id join dispute d on d.record_ref = s.record_ref
        where c.entity_id = $1 and d.state = 'open' and d.scopes <@ $2::text[] order by d.opened_at, d.id`, [entityId, openScopes]);
    return rows.map((r) => ({ id: r.id, field: r.field, openedAt: r.opened_at.toISOString(), dueOn: r.due_on }));
  }

  private disputeOf(row: Row): StoredDispute {
    return {
      id: row.id, recordType: row.record_type, field: row.field, department: row.department, scopes: row.scopes, accountId: row.account_id, state: row.state,
      claim: this.sealing.openJson<DisputeClaim>(row.sealed_claim), openedAt: row.opened_at.toISOString(), dueOn: row.due_on,
      ...(row.outcome !== null && { outcome: row.outcome }),
      ...(row.sealed_answer !== null && { answer: this.sealing.openJson<DisputeAnswer>(row.sealed_answer) }),
      ...(row.answered_at !== null && { answeredAt: row.answered_at.toISOString() }),
      ...(row.answered_by !== null && { answeredBy: row.answered_by }),
      ...(row.settled_at !== null && { settledAt: row.settled_at.toISOString() }),
      ...(row.failure_reason !== null && { failureReason: row.failure_reason }),
    };
  }
}
