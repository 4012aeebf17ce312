import type { Account } from './account.js';

/** What happened, in one word of a closed list. */
export type AuditAction =
  | 'session.open' | 'session.refused' | 'session.close'
  | 'account.create' | 'account.password' | 'account.disable' | 'account.enable'
  | 'person.search' | 'person.read' | 'person.history' | 'household.read' | 'dwelling.read'
  | 'review.read' | 'review.decide' | 'decision.revoke'
  | 'entry.submit' | 'entry.read' | 'deadLetter.read' | 'deadLetter.replay' | 'audit.read' | 'audit.verify';

export interface AuditEntry {
  /** Account id, or a fixed word for a caller without account. */
  actor: string;
  action: AuditAction;
  /** Entity id, entry id, account id … never a value that describes a resident. */
  subject?: string;
  detail?: Record<string, string | number | boolean>;
}

/**
 * Writes who saw or changed what into the tamper-evident log, before the answer leaves: an access that cannot be logged is
 * refused, because the failed write fails the request.
 */
export class AccessLog {
  constructor(private readonly append: (entry: AuditEntry) => Promise<void>) {}

  async note(account: Account, action: AuditAction, subject?: string, detail?: AuditEntry['detail']): Promise<void> {
    await this.append({ actor: account.id, action, ...(subject !== undefined && { subject }), ...(detail && { detail }) });
  }

  /** A caller who is not signed in; the user name tried is not kept, it may be a password typed in the wrong field. */
  async noteStranger(action: AuditAction): Promise<void> {
    await this.append({ actor: 'nobody', action });
  }
}
