import type { DataSource } from 'typeorm';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';

/** A steward's decision, as it stands in the append-only list. */
export interface StoredDecision {
  id: string;
  kind: 'link' | 'noLink' | 'revoke';
  records: RecordKey[];
  /** The decision this one revokes. */
  revokes?: string;
  /** A later decision that revoked this one. */
  revokedBy?: string;
  actor: string;
  reason?: string;
  decidedAt: string;
}

interface DecisionRow {
  id: string;
  kind: StoredDecision['kind'];
  sealed_records: Buffer;
  revokes: string | null;
  revoked_by: string | null;
  actor: string;
  reason: string | null;
  decided_at: Date;
}

const SELECT = `select d.id, d.kind, d.sealed_records, d.revokes, r.id as revoked_by, d.actor, d.reason, d.decided_at
  from steward_decision d left join steward_decision r on r.kind = 'revoke' and r.revokes = d.id`;
/** None of its records asks for a scope beyond these: what is hidden costs no question more than what does not exist. */
const OPEN = (scopes: string): string => `not exists (select from source_record s where s.record_ref = any(d.record_refs) and not s.scopes <@ ${scopes}::text[])`;

/** Decisions of stewards, with what became of them. */
export class DecisionReader {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
  ) {}

  /** Newest first, from after the page mark (time, id). */
  async list(openScopes: readonly string[], after: readonly string[] | undefined, limit: number): Promise<StoredDecision[]> {
    const rows = await this.db.query<DecisionRow[]>(
      `${SELECT} where ($1::timestamptz is null or (d.decided_at, d.id) < ($1, $2)) and ${OPEN('$4')} order by d.decided_at desc, d.id desc limit $3`,
      [after?.[0] ?? null, after?.[1] ?? '', limit, openScopes]);
    return rows.map((row) => this.decisionOf(row));
  }

  async find(id: string, openScopes: readonly string[]): Promise<StoredDecision | undefined> {
    const [row] = await this.db.query<DecisionRow[]>(`${SELECT} where d.id = $1 and ${OPEN('$2')}`, [id, openScopes]);
    return row && this.decisionOf(row);
  }

  private decisionOf(row: DecisionRow): StoredDecision {
    return {
      id: row.id, kind: row.kind, records: this.sealing.openJson<RecordKey[]>(row.sealed_records), actor: row.actor, decidedAt: row.decided_at.toISOString(),
      ...(row.revokes !== null && { revokes: row.revokes }),
      ...(row.revoked_by !== null && { revokedBy: row.revoked_by }),
      ...(row.reason !== null && { reason: row.reason }),
    };
  }
}
