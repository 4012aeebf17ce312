import type { SharingAgreement } from '#libs/fanout/agreement-store';
import type { Rehearsal } from '#libs/fanout/first-connections';
import type { HubClient } from '../hub-client.js';

export interface Connected {
  rehearsal: Rehearsal;
  /** Deliveries that became due with the approval. */
  due: number;
}

/** Approves, as the administrator and through the API, every agreement the folders propose; returns how many there were. */
export async function approveAgreements(admin: HubClient): Promise<number> {
  return (await admin.post<SharingAgreement[]>('/agreements/approve', { state: 'proposed' })).length;
}

/** The first connection of a target: rehearse, show, approve. */
export async function connect(admin: HubClient, target: string): Promise<Connected> {
  const rehearsal = await admin.post<Rehearsal>(`/connections/${target}/rehearse`);
  const { due } = await admin.post<{ due: number }>(`/connections/${target}/approve`, { deliver: true });
  return { rehearsal, due };
}
