import type { RawRow, RowValues } from '../row.js';

const MAX_ROWS = 400;
/** A batch of rows that are each near the record limit must not add up to hundreds of MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Numbers the data rows of a file from 1 and gathers them into batches, bounded in rows and bytes. */
export class RowBatches {
  private rows: RawRow[] = [];
  private bytes = 0;
  private position = 0;

  row(bytes: Uint8Array, values: RowValues, cut?: readonly string[]): void {
    this.add(cut ? { kind: 'row', position: ++this.position, bytes, values, cut } : { kind: 'row', position: ++this.position, bytes, values });
  }

  void(bytes: Uint8Array, why: string): void {
    this.add({ kind: 'void', position: ++this.position, bytes, why });
  }

  /** Copies the bytes: a dead letter may be held long after the chunk it lies in. */
  dead(bytes: Uint8Array, fault: RowFault): void {
    this.add({ kind: 'dead', position: ++this.position, bytes: Buffer.from(bytes), code: fault.code, reason: fault.reason });
  }

  get full(): boolean {
    return this.rows.length >= MAX_ROWS || this.bytes >= MAX_BYTES;
  }

  get count(): number {
    return this.position;
  }

  /** The rows gathered since the last call. */
  take(): RawRow[] {
    const rows = this.rows;
    this.rows = [];
    this.bytes = 0;
    return rows;
  }

  private add(row: RawRow): void {
    this.rows.push(row);
    this.bytes += row.bytes.length;
  }
}

/** Why one row is dead; the words are for a clerk and hold no personal value. */
export interface RowFault {
  code: string;
  reason: string;
}

export const BROKEN_BYTES: RowFault = { code: 'YICI_ROW_BROKEN_BYTES', reason: 'The row holds bytes that are no characters of the agreed encoding.' };
export const NUL_CHARACTER: RowFault = { code: 'YICI_ROW_NUL_CHARACTER', reason: 'The row holds a NUL character or half of a surrogate pair, which no text has.' };
export const TOO_LONG: RowFault = {
  code: 'YICI_ROW_TOO_LONG',
  reason: 'The row is longer than the record limit; only its beginning is kept here, the rest is in the file.',
};
export const UNKNOWN_COLUMN: RowFault = { code: 'YICI_ROW_UNKNOWN_COLUMN', reason: 'The record has a field that is not among the agreed ones.' };
export const TRUNCATED: RowFault = { code: 'YICI_ROW_TRUNCATED', reason: 'The file ends in the middle; what should follow is missing.' };
