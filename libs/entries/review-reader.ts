import type { DataSource } from 'typeorm';
import { inCommunity, type Account } from '#libs/access/account';
import { scopesOfRecord } from '#libs/access/secret-systems';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decodeSourceRecord, keyOf, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import type { AuthorityReader } from './authority-reader.js';
import { divisionsOfBody } from './visible-entities.js';

export type ReviewState = 'open' | 'link' | 'noLink' | 'askAtTheDoor' | 'obsolete';

export interface ReviewedRecord {
  key: RecordKey;
  /** Its entity as of now; absent when it was withdrawn from the crosswalk. */
  entityId?: EntityId;
  record: AnySourceRecord;
}

export interface VisibleReview {
  id: string;
  kind: string;
  recordType: RecordType;
  probability?: number;
  state: ReviewState;
  openedAt: string;
  decidedAt?: string;
  records: ReviewedRecord[];
}

export interface ReviewFilter {
  state: ReviewState;
  kind?: string;
  recordType?: RecordType;
}

interface ReviewRow {
  id: string;
  kind: string;
  record_type: RecordType;
  record_ids: string[];
  probability: number | null;
  state: ReviewState;
  opened_at: Date;
  decided_at: Date | null;
}

const COLUMNS = 'id, kind, record_type, record_ids, probability, state, opened_at, decided_at';
const BATCH = 100;
/** None of its records asks for a scope beyond these: what is hidden costs no question more than what does not exist. */
const OPEN = (scopes: string): string => `not exists (select from source_record s where s.id = any(record_ids) and not s.scopes <@ ${scopes}::text[])`;

/** Potential matches and contested IDs, as far as the reader may see every record in them; others do not exist for the reader. */
export class ReviewReader {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly authority: AuthorityReader,
  ) {}

  /** Oldest first, from after the page mark (time, id). */
  async list(filter: ReviewFilter, account: Account, after: readonly string[] | undefined, limit: number): Promise<VisibleReview[]> {
    const found: VisibleReview[] = [];
    for (let from = after; found.length < limit;) {
      const rows = await this.db.query<ReviewRow[]>(
        `select ${COLUMNS} from review where state = $1 and ($2::text is null or kind = $2) and ($3::text is null or record_type = $3)
            and ($4::timestamptz is null or (opened_at, id) > ($4, $5)) and ${OPEN('$7')} order by opened_at, id limit $6`,
        [filter.state, filter.kind ?? null, filter.recordType ?? null, from?.[0] ?? null, from?.[1] ?? '', BATCH, account.facetScopes]);
      found.push(...(await this.visible(rows, account)));
      if (rows.length < BATCH) break;
      from = markOf(rows.at(-1)!);
    }
    return found.slice(0, limit);
  }

  async find(id: string, account: Account): Promise<VisibleReview | undefined> {
    const rows = await this.db.query<ReviewRow[]>(`select ${COLUMNS} from review where id = $1 and ${OPEN('$2')}`, [id, account.facetScopes]);
    return (await this.visible(rows, account))[0];
  }

  /** Sets a review aside for a visit; false when it is decided already. The partition does not change. */
  async askAtTheDoor(id: string): Promise<boolean> {
    const rows = await this.db.query<unknown[]>(
      `with changed as (update review set state = 'askAtTheDoor' where id = $1 and state in ('open', 'askAtTheDoor') returning id) select id from changed`, [id]);
    return rows.length === 1;
  }

  private async visible(rows: readonly ReviewRow[], account: Account): Promise<VisibleReview[]> {
    const records = await this.recordsOf(rows.flatMap((r) => r.record_ids));
    const { secret } = await this.authority.current();
    return rows.flatMap((row) => {
      const own = row.record_ids.flatMap((id) => records.get(id) ?? []);
      const open = own.every((r) => scopesOfRecord(r.record, secret).every((s) => account.facetScopes.includes(s)));
      if (!open || !inCommunity(account, own.flatMap((r) => divisionsOfBody(r.record.body)))) return [];
      return [{
        id: row.id, kind: row.kind, recordType: row.record_type, state: row.state, openedAt: row.opened_at.toISOString(),
        records: own,
        ...(row.probability !== null && { probability: row.probability }),
        ...(row.decided_at !== null && { decidedAt: row.decided_at.toISOString() }),
      }];
    });
  }

  private async recordsOf(ids: readonly string[]): Promise<Map<string, ReviewedRecord>> {
    if (ids.length === 0) return new Map();
    const rows = await this.db.query<(StoredSourceRecord & { entity_id: string | null })[]>(
      `select ${SOURCE_RECORD_COLUMNS}, entity_id from source_record left join crosswalk on record_id = id where id = any($1)`, [ids]);
    return new Map(rows.map((row) => {
      const record = decodeSourceRecord(this.sealing, row);
      return [row.id, { key: keyOf(record), record, ...(row.entity_id !== null && { entityId: row.entity_id }) }];
    }));
  }
}

function markOf(row: ReviewRow): readonly string[] {
  return [row.opened_at.toISOString(), row.id];
}
