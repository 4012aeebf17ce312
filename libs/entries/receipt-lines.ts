import type { Account } from '#libs/access/account';

/** One target system's line of a receipt, as fan-out words it. */
export interface ReceiptLine {
  target: string;
  name: string;
  nameEn: string;
  state: string;
  stateZh: string;
  stateEn: string;
  reasonCode?: string;
  /** Reason in words; absent when the state says it all. */
  zh?: string;
  en?: string;
  /** How many records of the target it concerns. */
  records: number;
  changedAt?: string;
}

/**
 * Reads the receipt of an entry, one line for each target; fan-out keeps them, the hub hands the function in. `openScopes`:
 * restricted facets the reader may see; the line of a system that owns one looks the same to everyone else.
 */
export type ReadReceipt = (entryId: string, openScopes: readonly string[]) => Promise<ReceiptLine[]>;

/** Receipts for one account. A class so that Nest can hand it in. */
export class ReceiptLines {
  constructor(private readonly read: ReadReceipt) {}

  of(entryId: string, account: Account): Promise<ReceiptLine[]> {
    return this.read(entryId, account.facetScopes);
  }
}
