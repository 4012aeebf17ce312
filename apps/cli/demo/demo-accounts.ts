import type { RunningHub } from '#apps/hub/start-hub';
import { AccountStore } from '#libs/access/account-store';
import type { FirstAccount } from '#libs/access/first-accounts';
import { generatePassword } from '#libs/access/password';

/** Accounts with passwords made for this run: nobody kept those of an earlier one, so a demo that goes on gets new ones. */
export async function demoAccounts(hub: RunningHub): Promise<FirstAccount[]> {
  const created = await hub.createFirstAccounts();
  if (created.length > 0) return created;
  const { store, clock } = hub.parts;
  const accounts = new AccountStore(store.dataSource, clock);
  const renewed: FirstAccount[] = [];
  for (const { id, username, role } of await accounts.list(undefined, 100)) {
    if (username !== role) continue;
    const password = generatePassword();
    await accounts.setPassword(id, password);
    renewed.push({ username, role, password });
  }
  return renewed;
}
