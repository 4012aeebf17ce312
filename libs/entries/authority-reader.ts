import type { DataSource } from 'typeorm';
import { guardedSystems, secretSystems, type SecretSystems } from '#libs/access/secret-systems';
import type { Clock } from '#libs/kernel/clock';
import { authorityTable, type AuthorityRow, type AuthorityTable } from '#libs/survivorship/authority';

/** Which source is believed for what, and which systems are secret. */
export interface Authority {
  table: AuthorityTable;
  secret: SecretSystems;
  /** Systems whose counts only their scope may see. */
  guarded: SecretSystems;
}

// The rows change only when a hub starts with other connector folders; another process learns of it within this time.
const KEPT_MS = 10_000;

/** The table of authority as the store holds it, kept for ten seconds. */
export class AuthorityReader {
  private kept: { at: number; authority: Promise<Authority> } | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  current(): Promise<Authority> {
    const now = this.clock.now();
    if (this.kept === undefined || now - this.kept.at > KEPT_MS) {
      const kept = { at: now, authority: this.read() };
      // A failed read is not kept: the next request asks again.
      kept.authority.catch(() => { if (this.kept === kept) this.kept = undefined; });
      this.kept = kept;
    }
    return this.kept.authority;
  }

  private async read(): Promise<Authority> {
    const rows = await this.db.query<AuthorityRow[]>('select system, field, rank, condition from authority');
    return { table: authorityTable(rows), secret: secretSystems(rows), guarded: guardedSystems(rows) };
  }
}
