import type { Account } from '#libs/access/account';
import type { AuthorityReader } from './authority-reader.js';

/** One target system's line of a receipt. */
export interface ReceiptLine {
  target: string;
  state: string;
  reasonCode?: string;
  /** Reason in words. */
  zh?: string;
  en?: string;
  changedAt?: string;
}

/** Reads the receipt of an entry, one line for each target; fan-out keeps them, the hub hands it in. */
export type ReadReceipt = (entryId: string) => Promise<ReceiptLine[]>;

/** Receipts as an account may see them: the light of a guarded system looks the same to everyone outside its scope. */
export class ReceiptLines {
  constructor(
    private readonly read: ReadReceipt,
    private readonly authority: AuthorityReader,
  ) {}

  async of(entryId: string, account: Account): Promise<ReceiptLine[]> {
    const { guarded } = await this.authority.current();
    const lines = await this.read(entryId);
    const closed = [...guarded].filter(([, scope]) => !account.facetScopes.includes(scope)).map(([system]) => system);
    return [...lines.filter((l) => !closed.includes(l.target)), ...closed.map(withheld)].sort((a, b) => (a.target < b.target ? -1 : 1));
  }
}

function withheld(target: string): ReceiptLine {
  return {
    target, state: 'withheld', reasonCode: 'YICI_RECEIPT_WITHHELD',
    zh: '该系统的情况不予显示，无论有无记录。', en: 'What this system holds is not shown, whether it has a record or not.',
  };
}
