import type { DataSource } from 'typeorm';
import { guardedSystems, secretSystems, type SecretSystems } from '#libs/access/secret-systems';
import type { Clock } from '#libs/kernel/clock';
import { AuthorityCache } from '#libs/store/authority-cache';
import { poolOf } from '#libs/store/data-source';
import { authorityTable, type AuthorityTable } from '#libs/survivorship/authority';

/** Which source is believed for what, and which systems are secret. */
interface Authority {
  table: AuthorityTable;
  secret: SecretSystems;
  /** Systems whose counts only their scope may see. */
  guarded: SecretSystems;
}

/** The table of authority as the readers of this room ask it. */
export class AuthorityReader extends AuthorityCache<Authority> {
  constructor(db: DataSource, clock: Clock) {
    super(poolOf(db), clock, (rows) => ({ table: authorityTable(rows), secret: secretSystems(rows), guarded: guardedSystems(rows) }));
  }
}
