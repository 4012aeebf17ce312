import type { AuditEntry, AuditRow, AuditStore } from '#libs/store/audit-store';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import type { Account } from './account.js';

/** What happened, in one word of a closed list. */
export type AuditAction =
  | 'session.open' | 'session.refused' | 'session.close'
  | 'account.create' | 'account.password' | 'account.disable' | 'account.enable'
  | 'person.search' | 'person.read' | 'person.history' | 'person.links' | 'household.read' | 'dwelling.read'
  | 'review.list' | 'review.read' | 'review.decide' | 'decision.preview' | 'decision.make' | 'decision.read' | 'decision.revoke'
  | 'entry.submit' | 'entry.read' | 'deadLetter.read' | 'deadLetter.replay' | 'audit.read' | 'audit.verify'
  | 'dispute.open' | 'dispute.list' | 'dispute.read' | 'dispute.answer' | 'dispute.withdraw' | 'dispute.term'
  | 'file.upload' | 'workbook.download' | 'receipt.read' | 'agreement.approve' | 'agreement.revoke' | 'connection.rehearse' | 'connection.approve' | 'connection.reconcile';

/** Something that was shown, and the restricted facets without which nobody may hear of it. */
export interface Seen {
  golden: { id: string };
  scopes: readonly string[];
}

/**
 * Writes who saw or changed what into the tamper-evident log, before the answer leaves: an access that cannot be logged is
 * refused, because the failed write fails the request. Subjects are ids of entities, entries, accounts; never a personal value.
 */
export class AccessLog {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditStore,
  ) {}

  /** `detail.scopes`: the restricted facets that subject and details tell of; auditors without them are told that it happened, not about whom. */
  note(account: Account, action: AuditAction, subject?: string, detail?: AuditEntry['detail']): Promise<void> {
    return this.append([{ actor: account.id, action, subject, detail }]);
  }

  /** One row for each thing that a list showed; one row without subject when it showed none. */
  noteEach(account: Account, action: AuditAction, subjects: readonly string[], detail?: AuditEntry['detail']): Promise<void> {
    const rows = subjects.map((subject) => ({ actor: account.id, action, subject, detail }));
    return this.append(rows.length > 0 ? rows : [{ actor: account.id, action, detail }]);
  }

  /** One row for each person, household or dwelling that was shown, withheld as it is itself; one row without subject when none was. */
  noteSeen(account: Account, action: AuditAction, seen: readonly Seen[], detail?: AuditEntry['detail']): Promise<void> {
    if (seen.length === 0) return this.note(account, action, undefined, detail);
    return this.append(seen.map(({ golden, scopes }) => ({
      actor: account.id, action, subject: golden.id, detail: scopes.length === 0 ? detail : { ...detail, scopes },
    })));
  }

  /** A caller who is not signed in; the user name tried is not kept, it may be a password typed in the wrong field. */
  noteStranger(action: AuditAction): Promise<void> {
    return this.append([{ actor: 'nobody', action }]);
  }

  /** Newest first, below id `before`, as far as a reader with these scopes may be told. */
  list(filter: { subject?: string; before?: number; openScopes: readonly string[]; limit: number }): Promise<AuditRow[]> {
    return this.work.run((tx) => this.audit.list(tx, { subject: filter.subject, beforeId: filter.before, openScopes: filter.openScopes, limit: filter.limit }));
  }

  /** The id of the first row that does not follow from the one before it; undefined while nobody has touched the log. */
  findBreak(): Promise<number | undefined> {
    return this.work.run((tx) => this.audit.findBreak(tx));
  }

  private append(entries: AuditEntry[]): Promise<void> {
    return this.work.run((tx) => this.audit.append(tx, entries));
  }
}
