import type { DataSource } from 'typeorm';
import type { Account } from '#libs/access/account';
import type { Sealing } from '#libs/platform/sealing';
import type { AuthorityReader } from './authority-reader.js';

export interface ListedDeadLetter {
  id: string;
  system: string;
  recordType: string;
  code: string;
  stage: string;
  reason: string;
  /** File digest or stream name, and the position in it. */
  originSource: string;
  originPosition: number;
  createdAt: string;
  replayedAt?: string;
}

/** With what was received; columns that must never enter the hub are masked in it already. */
export interface OpenedDeadLetter extends ListedDeadLetter {
  naturalKey?: string;
  /** The original bytes, base64. */
  bytes: string;
}

interface DeadLetterRow {
  id: string;
  system: string;
  record_type: string;
  code: string;
  stage: string;
  reason: string;
  origin_source: string;
  origin_position: string;
  created_at: Date;
  replayed_at: Date | null;
}

const COLUMNS = 'id, system, record_type, code, stage, reason, origin_source, origin_position, created_at, replayed_at';

/** Dead letters of the systems the account may know of. */
export class DeadLetterReader {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly authority: AuthorityReader,
  ) {}

  /** Newest first, from after the page mark (time, id). */
  async list(filter: { system?: string; code?: string }, account: Account, after: readonly string[] | undefined, limit: number): Promise<ListedDeadLetter[]> {
    const rows = await this.db.query<DeadLetterRow[]>(
      `select ${COLUMNS} from dead_letter where ($1::text is null or system = $1) and ($2::text is null or code = $2) and not system = any($3)
          and ($4::timestamptz is null or (created_at, id) < ($4, $5)) order by created_at desc, id desc limit $6`,
      [filter.system ?? null, filter.code ?? null, await this.hiddenSystems(account), after?.[0] ?? null, after?.[1] ?? '', limit]);
    return rows.map(listed);
  }

  async find(id: string, account: Account): Promise<OpenedDeadLetter | undefined> {
    const [row] = await this.db.query<(DeadLetterRow & { sealed_natural_key: Buffer | null; sealed_bytes: Buffer })[]>(
      `select ${COLUMNS}, sealed_natural_key, sealed_bytes from dead_letter where id = $1 and not system = any($2)`,
      [id, await this.hiddenSystems(account)]);
    return row && {
      ...listed(row),
      ...(row.sealed_natural_key !== null && { naturalKey: this.sealing.openText(row.sealed_natural_key) }),
      bytes: this.sealing.open(row.sealed_bytes).toString('base64'),
    };
  }

  private async hiddenSystems(account: Account): Promise<string[]> {
    // A row of a mixed system may hold the restricted fact, readable or not.
    const { guarded } = await this.authority.current();
    return [...guarded].filter(([, scope]) => !account.facetScopes.includes(scope)).map(([system]) => system);
  }
}

function listed(row: DeadLetterRow): ListedDeadLetter {
  return {
    id: row.id, system: row.system, recordType: row.record_type, code: row.code, stage: row.stage, reason: row.reason,
    originSource: row.origin_source, originPosition: Number(row.origin_position), createdAt: row.created_at.toISOString(),
    ...(row.replayed_at !== null && { replayedAt: row.replayed_at.toISOString() }),
  };
}
