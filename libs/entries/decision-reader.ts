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

/** Decisions of stewards, with what became of them. */
export class DecisionReader {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
  ) {}

  /** Newest first, from after the page mark (time, id). */
  async list(after: readonly string[] | undefined, limit: number): Promise<StoredDecision[]> {
    const rows = await this.db.query<DecisionRow[]>(
      `${SELECT} where ($1::timestamptz is null or (d.decided_at, d.id) < ($1, $2)) order by d.decided_at desc, d.id desc limit $3`,
      [after?.[0] ?? null, after?.[1] ?? '', limit]);
    return rows.map((row) => this.decisionOf(row));
  }

  async find(id: string): Promise<StoredDecision | undefined> {
    const [row] = await this.db.query<DecisionRow[]>(`${SELECT} where d.id = $1`, [id]);
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
