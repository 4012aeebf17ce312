import type { Account } from '#libs/access/account';
import type { ReceiptLine } from '#libs/model/receipt';

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
