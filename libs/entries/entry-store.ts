import type { DataSource } from 'typeorm';
import type { Command } from '#libs/model/events';
import type { Sealing } from '#libs/platform/sealing';
import type { EntryKind } from './entry-requests.js';

export type EntryCommand = Extract<Command, { kind: 'entry' }>;

export interface StoredEntry {
  id: string;
  kind: EntryKind;
  accountId: string;
  community?: string;
  state: 'accepted' | 'resolved' | 'failed';
  entityId?: string;
  submittedAt: string;
  resolvedAt?: string;
  /** Of a failed entry; no personal value. */
  failure?: { code: string; reason: string };
  command: EntryCommand;
  /** SHA-256 of the request, to tell a repeated request from another one under the same id. */
  requestDigest: string;
}

interface EntryRow {
  id: string;
  kind: EntryKind;
  account_id: string;
  community: string | null;
  state: StoredEntry['state'];
  entity_id: string | null;
  sealed_entry: Buffer;
  submitted_at: Date;
  resolved_at: Date | null;
  failure_code: string | null;
  failure_reason: string | null;
}

const COLUMNS = 'id, kind, account_id, community, state, entity_id, sealed_entry, submitted_at, resolved_at, failure_code, failure_reason';

/** What workers entered. Resolution moves the state on. */
export class EntryStore {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
  ) {}

  /** False when an entry with this id is there already. */
  async add(entry: Pick<StoredEntry, 'id' | 'kind' | 'accountId' | 'community' | 'submittedAt' | 'command' | 'requestDigest'>): Promise<boolean> {
    const rows = await this.db.query<unknown[]>(
      `insert into entry (id, kind, account_id, community, state, sealed_entry, submitted_at) values ($1, $2, $3, $4, 'accepted', $5, $6)
       on conflict (id) do nothing returning id`,
      [entry.id, entry.kind, entry.accountId, entry.community ?? null,
        this.sealing.sealJson({ command: entry.command, requestDigest: entry.requestDigest }), entry.submittedAt]);
    return rows.length === 1;
  }

  async find(id: string): Promise<StoredEntry | undefined> {
    const [row] = await this.db.query<EntryRow[]>(`select ${COLUMNS} from entry where id = $1`, [id]);
    return row && this.entryOf(row);
  }

  /** Newest first, of one account or of all, from after the page mark (time, id). */
  async list(accountId: string | undefined, after: readonly string[] | undefined, limit: number): Promise<StoredEntry[]> {
    const rows = await this.db.query<EntryRow[]>(
      `select ${COLUMNS} from entry where ($1::text is null or account_id = $1) and ($2::timestamptz is null or (submitted_at, id) < ($2, $3))
        order by submitted_at desc, id desc limit $4`, [accountId ?? null, after?.[0] ?? null, after?.[1] ?? '', limit]);
    return rows.map((row) => this.entryOf(row));
  }

  /** Accepted before `before` and not resolved yet: their command may never have reached the log. */
  async unresolved(before: Date, limit: number): Promise<StoredEntry[]> {
    const rows = await this.db.query<EntryRow[]>(
      `select ${COLUMNS} from entry where state = 'accepted' and submitted_at < $1 order by submitted_at limit $2`, [before, limit]);
    return rows.map((row) => this.entryOf(row));
  }

  private entryOf(row: EntryRow): StoredEntry {
    const sealed = this.sealing.openJson<{ command: EntryCommand; requestDigest: string }>(row.sealed_entry);
    return {
      id: row.id, kind: row.kind, accountId: row.account_id, state: row.state, submittedAt: row.submitted_at.toISOString(), ...sealed,
      ...(row.community !== null && { community: row.community }),
      ...(row.entity_id !== null && { entityId: row.entity_id }),
      ...(row.resolved_at !== null && { resolvedAt: row.resolved_at.toISOString() }),
      ...(row.failure_code !== null && { failure: { code: row.failure_code, reason: row.failure_reason ?? '' } }),
    };
  }
}
