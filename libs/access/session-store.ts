import type { DataSource } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import type { Sealing } from '#libs/platform/sealing';
import type { Account } from './account.js';
import { newSessionToken } from './session-token.js';

/** A working day: whoever signs in in the morning is not thrown out at noon, and nobody stays signed in over night. */
export const SESSION_SECONDS = 12 * 3600;

/** Sessions by blind index of their token: whoever reads the table can sign in as nobody. */
export class SessionStore {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
  ) {}

  /** Opens a session and, while at it, forgets those that have ended. */
  async open(accountId: string): Promise<{ token: string; expiresAt: string }> {
    const token = newSessionToken();
    const now = this.clock.now();
    const expires = new Date(now + SESSION_SECONDS * 1000);
    await this.db.query('insert into session (token_ref, account_id, created_at, expires_at) values ($1, $2, $3, $4)',
      [this.refOf(token), accountId, new Date(now), expires]);
    await this.db.query('delete from session where expires_at <= $1', [new Date(now)]);
    return { token, expiresAt: expires.toISOString() };
  }

  /** Whose session this is, as the account stands now; undefined when it has ended or the account is disabled. */
  async accountOf(token: string): Promise<Account | undefined> {
    const [row] = await this.db.query<Account[]>(
      `select a.id, a.username, a.display_name as "displayName", a.role, a.communities, a.facet_scopes as "facetScopes", a.departments
         from session s join account a on a.id = s.account_id
        where s.token_ref = $1 and s.expires_at > $2 and not a.disabled`, [this.refOf(token), new Date(this.clock.now())]);
    return row;
  }

  async close(token: string): Promise<void> {
    await this.db.query('delete from session where token_ref = $1', [this.refOf(token)]);
  }

  private refOf(token: string): Buffer {
    return this.sealing.ref('session', token);
  }
}
