import type { DataSource } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import type { Account, FacetScope, Role } from './account.js';
import { notFound, RequestRefused } from './request-refused.js';
import { hashPassword } from './password.js';

export interface NewAccount {
  username: string;
  displayName: string;
  role: Role;
  communities?: readonly string[];
  facetScopes?: readonly FacetScope[];
  departments?: readonly string[];
  password: string;
}

/** An account as an administrator sees it. */
export interface ListedAccount extends Account {
  disabled: boolean;
  createdAt: string;
}

interface AccountRow {
  id: string;
  username: string;
  display_name: string;
  role: Role;
  communities: string[];
  facet_scopes: FacetScope[];
  departments: string[];
  password_hash: string;
  disabled: boolean;
  created_at: Date;
}

const COLUMNS = 'id, username, display_name, role, communities, facet_scopes, departments, password_hash, disabled, created_at';

/** Accounts of people. A new password or a disabling ends every session of the account in the same transaction. */
export class AccountStore {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** The account that may sign in under this name, with its password hash; undefined when there is none or it is disabled. */
  async findForLogin(username: string): Promise<{ account: Account; passwordHash: string } | undefined> {
    const [row] = await this.db.query<AccountRow[]>(`select ${COLUMNS} from account where username = $1 and not disabled`, [username]);
    return row && { account: accountOf(row), passwordHash: row.password_hash };
  }

  /** In order of user name, from after `after`. */
  async list(after: string | undefined, limit: number): Promise<ListedAccount[]> {
    const rows = await this.db.query<AccountRow[]>(
      `select ${COLUMNS} from account where username > $1 order by username limit $2`, [after ?? '', limit]);
    return rows.map((row) => ({ ...accountOf(row), disabled: row.disabled, createdAt: row.created_at.toISOString() }));
  }

  async count(): Promise<number> {
    const [row] = await this.db.query<{ n: string }[]>('select count(*) as n from account');
    return Number(row!.n);
  }

  /** Throws RequestRefused 409 YICI_ACCOUNT_NAME_TAKEN. */
  async create(account: NewAccount): Promise<Account> {
    const now = this.clock.now();
    const rows = await this.db.query<AccountRow[]>(
      `insert into account (id, username, display_name, role, communities, facet_scopes, password_hash, created_at, departments)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (username) do nothing returning ${COLUMNS}`,
      [uuidv7(now), account.username, account.displayName, account.role, account.communities ?? [], account.facetScopes ?? [],
        await hashPassword(account.password), new Date(now), account.departments ?? []]);
    if (!rows[0]) {
      throw new RequestRefused(409, { code: 'YICI_ACCOUNT_NAME_TAKEN', message: '用户名已被使用。This user name is taken.', fix: 'Choose another user name.' });
    }
    return accountOf(rows[0]);
  }

  /** Throws RequestRefused 404. */
  async setPassword(id: string, password: string): Promise<void> {
    await this.changeAndSignOut(id, 'password_hash = $2', await hashPassword(password));
  }

  /** Throws RequestRefused 404. */
  async setDisabled(id: string, disabled: boolean): Promise<void> {
    await this.changeAndSignOut(id, 'disabled = $2', disabled);
  }

  private async changeAndSignOut(id: string, assignment: string, value: unknown): Promise<void> {
    await this.db.transaction(async (tx) => {
      const changed = await tx.query<unknown[]>(
        `with changed as (update account set ${assignment} where id = $1 returning id) select id from changed`, [id, value]);
      if (changed.length === 0) throw notFound('account');
      await tx.query('delete from session where account_id = $1', [id]);
    });
  }
}

/** An account without its password hash. */
function accountOf(row: Pick<AccountRow, 'id' | 'username' | 'display_name' | 'role' | 'communities' | 'facet_scopes' | 'departments'>): Account {
  return {
    id: row.id, username: row.username, displayName: row.display_name, role: row.role,
    communities: row.communities, facetScopes: row.facet_scopes, departments: row.departments,
  };
}
