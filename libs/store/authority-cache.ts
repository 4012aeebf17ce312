import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import type { StoredAuthority } from './authority-store.js';

/** The rows change only when a hub starts with other connector folders; another process learns of it within this time. */
const KEPT_MS = 10_000;

/** What a room makes of the table of authority, read again every ten seconds at the most. */
export class AuthorityCache<T> {
  private kept: { at: number; made: Promise<T> } | undefined;

  constructor(
    private readonly db: Pick<pg.Pool, 'query'>,
    private readonly clock: Clock,
    private readonly make: (rows: readonly StoredAuthority[]) => T,
  ) {}

  current(): Promise<T> {
    const now = this.clock.now();
    if (this.kept === undefined || now - this.kept.at > KEPT_MS) {
      const kept = { at: now, made: this.read() };
      // A failed read is not kept: the next caller asks again.
      kept.made.catch(() => { if (this.kept === kept) this.kept = undefined; });
      this.kept = kept;
    }
    return this.kept.made;
  }

  private async read(): Promise<T> {
    return this.make((await this.db.query<StoredAuthority>('select system, field, rank, condition from authority')).rows);
  }
}
