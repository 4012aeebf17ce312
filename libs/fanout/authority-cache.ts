import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { authorityTable, type AuthorityRow, type AuthorityTable } from '#libs/survivorship/authority';

/** The rows change only when a hub starts with other folders; another process learns of it within this time. */
const KEPT_MS = 10_000;

/** The table of authority, read again every ten seconds. */
export class AuthorityCache {
  private kept: { at: number; table: AuthorityTable } | undefined;

  constructor(private readonly pool: pg.Pool, private readonly clock: Clock) {}

  async table(): Promise<AuthorityTable> {
    const now = this.clock.now();
    if (this.kept === undefined || now - this.kept.at > KEPT_MS) {
      const rows = await this.pool.query<AuthorityRow>('select system, field, rank, condition from authority');
      this.kept = { at: now, table: authorityTable(rows.rows) };
    }
    return this.kept.table;
  }
}
