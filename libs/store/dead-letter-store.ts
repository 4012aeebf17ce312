import { uuidv7 } from '#libs/kernel/ids';
import type { Clock } from '#libs/kernel/clock';
import type { Stage } from '#libs/kernel/errors';
import type { Origin } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from './unit-of-work.js';

export interface NewDeadLetter {
  system: string;
  /** person, household, dwelling, or `unknown`. */
  recordType: string;
  /** When it could be read. */
  naturalKey?: string;
  code: string;
  stage: Stage;
  /** A sentence without personal values. */
  reason: string;
  origin: Origin;
  /** The original bytes, `never:` columns masked where the row could be split. */
  bytes: Uint8Array;
}

export interface DeadLetter extends NewDeadLetter {
  id: string;
  createdAt: Date;
  replayedAt?: Date;
}

export interface DeadLetterFilter {
  system?: string;
  code?: string;
  /** Id after which the page begins. */
  after?: string;
  limit: number;
}

interface Row {
  id: string;
  system: string;
  record_type: string;
  sealed_natural_key: Buffer | null;
  code: string;
  stage: Stage;
  reason: string;
  origin_source: string;
  origin_position: string;
  sealed_bytes: Buffer;
  created_at: Date;
  replayed_at: Date | null;
}

/** What could not be read or written, with its original bytes sealed. */
export class DeadLetterStore {
  constructor(private readonly sealing: Sealing, private readonly clock: Clock) {}

  /** Adds what is new: one letter a (system, origin, code). Returns the ids added, in the order given, undefined for known ones. */
  async add(tx: Transaction, letters: readonly NewDeadLetter[]): Promise<(string | undefined)[]> {
    if (letters.length === 0) return [];
    const now = this.clock.now();
    const ids = letters.map(() => uuidv7(now));
    const key = (l: NewDeadLetter) => (l.naturalKey === undefined ? null : l.naturalKey);
    const added = await tx.client.query<{ id: string }>({
      name: 'dead_letter_add',
      text: `insert into dead_letter (id, system, record_type, natural_key_ref, sealed_natural_key, code, stage, reason, origin_source,
               origin_position, sealed_bytes, created_at)
             select *, $12::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::text[],
               $9::text[], $10::bigint[], $11::bytea[])
             on conflict (system, origin_source, origin_position, code) do nothing returning id`,
      values: [
        ids, letters.map((l) => l.system), letters.map((l) => l.recordType),
        letters.map((l) => (key(l) === null ? null : this.sealing.ref('record', `${l.system}:${l.recordType}:${key(l)}`))),
        letters.map((l) => (key(l) === null ? null : this.sealing.seal(key(l)!))),
        letters.map((l) => l.code), letters.map((l) => l.stage), letters.map((l) => l.reason), letters.map((l) => l.origin.source),
        letters.map((l) => l.origin.position), letters.map((l) => this.sealing.seal(l.bytes)), new Date(now),
      ],
    });
    const fresh = new Set(added.rows.map((r) => r.id));
    return ids.map((id) => (fresh.has(id) ? id : undefined));
  }

  /** A page in order of id (time of arrival). */
  async list(tx: Transaction, filter: DeadLetterFilter): Promise<DeadLetter[]> {
    const result = await tx.client.query<Row>(
      `select * from dead_letter where ($1::text is null or system = $1) and ($2::text is null or code = $2) and id > $3 order by id limit $4`,
      [filter.system ?? null, filter.code ?? null, filter.after ?? '', filter.limit]);
    return result.rows.map((r) => this.decode(r));
  }

  async find(tx: Transaction, id: string): Promise<DeadLetter | undefined> {
    const result = await tx.client.query<Row>('select * from dead_letter where id = $1', [id]);
    return result.rows[0] && this.decode(result.rows[0]);
  }

  /** A replay has put its bytes through the flow again. */
  async markReplayed(tx: Transaction, id: string): Promise<void> {
    await tx.client.query('update dead_letter set replayed_at = $2 where id = $1', [id, new Date(this.clock.now())]);
  }

  /** A replay failed again: the letter stays, with the reason of today. Its code stays where another letter of the row has the new one. */
  async keepReason(tx: Transaction, id: string, why: Pick<NewDeadLetter, 'code' | 'stage' | 'reason'>): Promise<void> {
    await tx.client.query(
      `update dead_letter d set stage = $3, reason = $4, code = case when exists (
           select from dead_letter o where o.system = d.system and o.origin_source = d.origin_source and o.origin_position = d.origin_position and o.code = $2 and o.id <> d.id)
         then d.code else $2 end
        where id = $1`, [id, why.code, why.stage, why.reason]);
  }

  private decode(r: Row): DeadLetter {
    return {
      id: r.id, system: r.system, recordType: r.record_type, code: r.code, stage: r.stage, reason: r.reason, createdAt: r.created_at,
      naturalKey: r.sealed_natural_key ? this.sealing.openText(r.sealed_natural_key) : undefined,
      origin: { source: r.origin_source, position: Number(r.origin_position) },
      bytes: this.sealing.open(r.sealed_bytes), replayedAt: r.replayed_at ?? undefined,
    };
  }
}
