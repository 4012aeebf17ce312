import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import type { RowCounts } from '#libs/store/snapshot-file-store';

export function noRows(): RowCounts {
  return { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 };
}

/**
 * Counts rows by what became of them, so that read = accepted + superseded + void + dead. A row counts by its first record
 * (others are derived from it). Which versions supersede each other is `keep`'s to say: it is given each accepted row and
 * counts it, for a load that keeps the records also knows which one stands.
 */
export function countRows(rows: readonly RowOutcome[], counts: RowCounts, keep: (row: RowOutcome & { kind: 'accepted' }) => void): void {
  for (const row of rows) {
    counts.read += 1;
    if (row.kind === 'accepted') keep(row);
    else counts[row.kind] += 1;
  }
}

/**
 * Counts the accepted rows of one file: of several versions of one record one stands, whichever it is, and the others are
 * superseded. Holds 16 bytes a record, not the records.
 */
export class VersionCounter {
  private readonly seen = new Set<string>();

  constructor(private readonly refOf: (row: RowOutcome & { kind: 'accepted' }) => Buffer) {}

  count(row: RowOutcome & { kind: 'accepted' }, counts: RowCounts): void {
    const ref = this.refOf(row).toString('latin1');
    if (this.seen.has(ref)) counts.superseded += 1;
    else {
      this.seen.add(ref);
      counts.accepted += 1;
    }
  }
}
