import type { TextDecoder } from 'node:util';
import type { RawRow, SnapshotFile } from '../row.js';
import { dbfColumns, ROW_DELETED, ROW_LIVE, type DbfHeader } from './dbf-header.js';
import type { DbfColumn, DbfOptions } from './format-options.js';
import { wholeCharacters } from './gb18030-bytes.js';
import { BROKEN_BYTES, NUL_CHARACTER, RowBatches, TRUNCATED, type RowFault } from './row-batches.js';
import { unreadable } from './snapshot-fault.js';
import { fatalDecoder } from './text-chunks.js';

const END_OF_FILE = 0x1a;
const SPACE = 0x20;
const NONE = Buffer.alloc(0);
/** Bytes kept of what follows the last row. */
const MAX_TAIL = 64 * 1024;

const UNKNOWN_MARK: RowFault = { code: 'YICI_ROW_UNKNOWN_MARK', reason: 'The row begins with a byte that means neither live nor deleted.' };
const BEYOND_COUNT: RowFault = { code: 'YICI_ROW_BEYOND_COUNT', reason: 'The file goes on after the number of rows its header names.' };

/**
 * Streams a dBase III / FoxPro table in cp936. Rows marked deleted (0x2A) are void. Padding (spaces, NULs) is trimmed; a text
 * column filled to its last byte with half a character at its end keeps its whole characters and is marked cut.
 * A file shorter than its header says yields its whole rows and one dead row for what is missing.
 *
 * Throws YICI_SNAPSHOT_UNREADABLE for anything that is no such table, YICI_SNAPSHOT_SCHEMA_DRIFT for other columns, types or widths.
 */
export async function* readDbf(file: SnapshotFile, options: DbfOptions): AsyncGenerator<RawRow[]> {
  const batches = new RowBatches();
  let buffer: Buffer = NONE;
  let table: { header: DbfHeader; rows: DbfRows } | undefined;
  for await (const chunk of file.open() as AsyncIterable<Buffer>) {
    buffer = buffer.length ? Buffer.concat([buffer, chunk]) : chunk;
    if (!table) {
      const header = dbfColumns(buffer, file.name, options.columns);
      if (!header) continue;
      table = { header, rows: new DbfRows(header, options.columns) };
      buffer = buffer.subarray(header.headerBytes);
    }
    const { header, rows } = table;
    let at = 0;
    for (; batches.count < header.rowCount && buffer.length - at >= header.rowBytes; at += header.rowBytes) {
      rows.read(buffer.subarray(at, at + header.rowBytes), batches);
      if (batches.full) yield batches.take();
    }
    buffer = buffer.subarray(at);
    if (batches.count >= header.rowCount && buffer.length > MAX_TAIL) break;
  }
  if (!table) throw unreadable(`${file.name} is empty or ends within its header.`, 'Ask for the file again.');
  if (batches.count < table.header.rowCount) batches.dead(buffer, TRUNCATED);
  else if (buffer.length > 0 && buffer[0] !== END_OF_FILE) batches.dead(buffer.subarray(0, MAX_TAIL), BEYOND_COUNT);
  const rest = batches.take();
  if (rest.length) yield rest;
}

class DbfRows {
  private readonly decoder: TextDecoder = fatalDecoder('gb18030');
  private readonly columns: (DbfColumn & { offset: number })[];

  constructor(header: DbfHeader, agreed: readonly DbfColumn[]) {
    this.columns = agreed.map((c) => ({ ...c, offset: header.offsets.get(c.name)! }));
  }

  read(row: Buffer, batches: RowBatches): void {
    if (row[0] === ROW_DELETED) return batches.void(row, 'deleted');
    if (row[0] !== ROW_LIVE) return batches.dead(row, UNKNOWN_MARK);
    const values: Record<string, string> = {};
    let cut: string[] | undefined;
    for (const column of this.columns) {
      const field = row.subarray(column.offset, column.offset + column.width);
      const length = unpadded(field);
      const text = this.text(field.subarray(0, length));
      if (text === undefined) return batches.dead(row, BROKEN_BYTES);
      if (text.value.includes('\0')) return batches.dead(row, NUL_CHARACTER);
      if (text.cut) {
        // Half a character followed by padding was not cut by the column's width: it is broken.
        if (length < column.width || column.type !== 'C') return batches.dead(row, BROKEN_BYTES);
        (cut ??= []).push(column.name);
      }
      values[column.name] = column.type === 'C' ? text.value : text.value.trim();
    }
    batches.row(row, values, cut);
  }

  private text(field: Buffer): { value: string; cut?: boolean } | undefined {
    if (field.every((b) => b < 0x80)) return { value: field.toString('latin1') };
    try {
      return { value: this.decoder.decode(field) };
    } catch {
      const whole = wholeCharacters(field);
      if (whole < 0 || whole === field.length) return undefined;
      try {
        return { value: this.decoder.decode(field.subarray(0, whole)), cut: true };
      } catch {
        return undefined;
      }
    }
  }
}

function unpadded(field: Buffer): number {
  let length = field.length;
  while (length > 0 && (field[length - 1] === SPACE || field[length - 1] === 0)) length -= 1;
  return length;
}
