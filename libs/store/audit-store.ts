import type { Clock } from '#libs/kernel/clock';
import type { Sealing } from '#libs/platform/sealing';
import { canonicalJson } from './record-content.js';
import type { Transaction } from './unit-of-work.js';

export interface AuditEntry {
  /** Account id, `system:<id>`, or `command line`. */
  actor: string;
  /** `person.read`, `person.search`, `review.decide`, `export.crosswalk` … */
  action: string;
  /** Entity or entry id; never a personal value. */
  subject?: string;
  /** `scopes`: restricted facets of which subject and details tell; without all of them a reader is told the action alone. */
  detail?: Record<string, string | number | boolean | null | readonly string[]> & { scopes?: readonly string[] };
}

export interface AuditRow extends AuditEntry {
  id: number;
  at: Date;
}

interface Stored {
  id: string;
  at: Date;
  actor: string;
  action: string;
  subject: string | null;
  detail: AuditEntry['detail'] | null;
  previous: Buffer;
  digest: Buffer;
}

const FIRST = Buffer.alloc(16);
const AUDIT_LOCK = [0x79696369, 2] as const;

/**
 * Who read or changed what. Every row holds the keyed digest of the row before: an edit, a gap or an insertion shows, and
 * nobody without the hub's key can make a chain that verifies. Appending waits for other appends until the commit, so use it
 * in short transactions.
 */
export class AuditStore {
  constructor(private readonly sealing: Sealing, private readonly clock: Clock) {}

  async append(tx: Transaction, entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await tx.client.query('select pg_advisory_xact_lock($1, $2)', [...AUDIT_LOCK]);
    const last = await tx.client.query<{ id: string; digest: Buffer }>('select id, digest from audit_log order by id desc limit 1');
    let id = Number(last.rows[0]?.id ?? 0);
    let previous = last.rows[0]?.digest ?? FIRST;
    const at = new Date(this.clock.now());
    for (const entry of entries) {
      id += 1;
      const digest = this.digest(previous, { ...entry, id, at });
      await tx.client.query({
        name: 'audit_append',
        text: 'insert into audit_log (id, at, actor, action, subject, detail, previous, digest) values ($1, $2, $3, $4, $5, $6, $7, $8)',
        values: [id, at, entry.actor, entry.action, entry.subject ?? null, entry.detail ?? null, previous, digest],
      });
      previous = digest;
    }
  }

  /**
   * Newest first, before `beforeId`. Of a row that tells of a facet outside `openScopes` neither subject nor details are given, and
   * nobody finds it by its subject.
   */
  async list(tx: Transaction, filter: { subject?: string; beforeId?: number; openScopes: readonly string[]; limit: number }): Promise<AuditRow[]> {
    const result = await tx.client.query<Stored & { withheld: boolean }>(
      `select * from (select *, coalesce(not detail -> 'scopes' <@ to_jsonb($4::text[]), false) as withheld from audit_log where id < $2) as a
        where $1::text is null or (subject = $1 and not withheld) order by id desc limit $3`,
      [filter.subject ?? null, filter.beforeId ?? Number.MAX_SAFE_INTEGER, filter.limit, filter.openScopes]);
    return result.rows.map((stored) => (stored.withheld ? { ...toRow(stored), subject: undefined, detail: { withheld: true } } : toRow(stored)));
  }

  /** Walks the whole chain. Returns the id of the first row that does not follow from the one before; undefined: untouched. */
  async findBreak(tx: Transaction): Promise<number | undefined> {
    let previous: Buffer = FIRST;
    for (let id = 0; ;) {
      const page = await tx.client.query<Stored>('select * from audit_log where id > $1 order by id limit 1000', [id]);
      for (const stored of page.rows) {
        const row = toRow(stored);
        if (row.id !== id + 1 || !stored.previous.equals(previous) || !stored.digest.equals(this.digest(previous, row))) return id + 1;
        id = row.id;
        previous = stored.digest;
      }
      if (page.rows.length === 0) return undefined;
    }
  }

  private digest(previous: Buffer, { id, at, actor, action, subject, detail }: AuditRow): Buffer {
    const text = canonicalJson({ id, at: at.toISOString(), actor, action, subject: subject ?? null, detail: detail ?? null });
    return this.sealing.ref('audit', previous.toString('hex') + text);
  }
}

function toRow(s: Stored): AuditRow {
  return { id: Number(s.id), at: s.at, actor: s.actor, action: s.action, subject: s.subject ?? undefined, detail: s.detail ?? undefined };
}
