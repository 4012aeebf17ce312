import { YiciError } from '#libs/kernel/errors';
import type { HubClient } from '../hub-client.js';

/** Variable in which the simulated party office finds its account, `user:password`: it uploads and downloads workbooks as people do. */
export const OFFICE_ACCOUNT = 'YICI_PARTY_VOLUNTEER_ACCOUNT';
const USERNAME = 'party-office';

/** An account for the party office, with the scope of its own records; that of an earlier run gets a new password. Returns `user:password`. */
export async function officeAccount(admin: HubClient): Promise<string> {
  const wanted = { username: USERNAME, displayName: '组织部 party office', role: 'worker', facetScopes: ['party'] };
  const created = await admin.post<{ password: string }>('/accounts', wanted).catch((error: unknown) => {
    if (error instanceof YiciError && error.code !== 'YICI_HUB_REFUSED') return undefined;
    throw error;
  });
  return `${USERNAME}:${created?.password ?? await renewed(admin)}`;
}

async function renewed(admin: HubClient): Promise<string> {
  const { items } = await admin.get<{ items: { id: string; username: string }[] }>('/accounts?limit=100');
  const known = items.find((a) => a.username === USERNAME);
  if (known === undefined) throw new YiciError({ code: 'YICI_DEMO_NO_OFFICE', stage: 'config', message: 'The party office could be given no account.', fix: 'The log file of the demo says why.' });
  return (await admin.post<{ password: string }>(`/accounts/${known.id}/password`)).password;
}
