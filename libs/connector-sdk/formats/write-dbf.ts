import { YiciError } from '#libs/kernel/errors';
import { CP936_DOS, DBASE_III, FIELD_BYTES, HEADER_END, ROW_LIVE } from './dbf-header.js';
import { encodeText } from './encode-text.js';
import type { DbfColumn } from './format-options.js';

const END_OF_FILE = 0x1a;

/**
 * A dBase III table in cp936 (language byte 0x4D): header, rows padded with spaces (numbers on the left), 0x1A. `date` is the
 * day of last change, `yyyy-mm-dd`. A value that is absent is blank.
 *
 * Throws YICI_TEXT_UNMAPPABLE for a character outside GBK, YICI_TEXT_TOO_WIDE for a value wider than its column; nothing is cut.
 */
export function writeDbf(columns: readonly DbfColumn[], rows: readonly Readonly<Record<string, string | undefined>>[], date: string): Buffer {
  const rowBytes = columns.reduce((sum, c) => sum + c.width, 1);
  const headerBytes = FIELD_BYTES * (columns.length + 1) + 1;
  const out = Buffer.alloc(headerBytes + rowBytes * rows.length + 1);
  const [year, month, day] = date.split('-').map(Number);
  out.set([DBASE_III, year! - 1900, month!, day!]);
  out.writeUInt32LE(rows.length, 4);
  out.writeUInt16LE(headerBytes, 8);
  out.writeUInt16LE(rowBytes, 10);
  out[29] = CP936_DOS;
  columns.forEach((column, i) => {
    const at = FIELD_BYTES * (i + 1);
    out.write(column.name, at, 10, 'latin1');
    out.write(column.type, at + 11, 'latin1');
    out[at + 16] = column.width;
    out[at + 17] = column.decimals ?? 0;
  });
  out[headerBytes - 1] = HEADER_END;

  rows.forEach((row, i) => {
    let at = headerBytes + i * rowBytes;
    out.fill(ROW_LIVE, at, at + rowBytes);
    at += 1;
    for (const column of columns) {
      const bytes = encodeText(row[column.name] ?? '', 'gbk');
      if (bytes.length > column.width) throw tooWide(column);
      out.set(bytes, column.type === 'N' ? at + column.width - bytes.length : at);
      at += column.width;
    }
  });
  out[out.length - 1] = END_OF_FILE;
  return out;
}

function tooWide(column: DbfColumn): YiciError {
  return new YiciError({
    code: 'YICI_TEXT_TOO_WIDE',
    stage: 'sending',
    message: `A value is wider than the ${column.width} bytes of ${column.name}.`,
    fix: 'Shorten the value in the hub, or enter it in the target by hand.',
  });
}
