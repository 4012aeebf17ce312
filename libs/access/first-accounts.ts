import { ROLES, type Role } from './account.js';
import type { AccountStore } from './account-store.js';
import { generatePassword } from './password.js';

export interface FirstAccount {
  username: string;
  role: Role;
  /** Shown once by the caller and kept nowhere. */
  password: string;
}

const DISPLAY_NAMES: Record<Role, string> = { admin: '管理员', steward: '数据管家', worker: '社区工作者', statistician: '统计员', auditor: '审计员' };

/**
 * One account a role with a random password each, for a hub that has no account yet; empty when it has one. There is no
 * default password. The workers' account sees the whole city until an administrator limits another one.
 */
export async function createFirstAccounts(accounts: AccountStore): Promise<FirstAccount[]> {
  if ((await accounts.count()) > 0) return [];
  const created: FirstAccount[] = [];
  for (const role of ROLES) {
    const password = generatePassword();
    await accounts.create({ username: role, displayName: DISPLAY_NAMES[role], role, password });
    created.push({ username: role, role, password });
  }
  return created;
}
