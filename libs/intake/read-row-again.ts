import { TextDecoder } from 'node:util';
import type { TableSpec } from '#libs/connector-sdk/manifest';
import { columnNames } from '#libs/connector-sdk/connector';
import { parseJsonRow } from '#libs/connector-sdk/formats/json-lines';
import { memoryFile } from '#libs/connector-sdk/formats/memory-file';
import { readFormat } from '#libs/connector-sdk/formats/read-format';
import type { RawRow } from '#libs/connector-sdk/row';
import { YiciError } from '#libs/kernel/errors';

const DBF_ROW_COUNT_AT = 4;

/**
 * Reads the kept bytes of one row of a snapshot file once more, with the format as it is agreed now. `head`: what the file's
 * rows cannot be read without. Throws YICI_REPLAY_NEEDS_FILE where one row alone cannot be read again, and what the format throws.
 */
export async function readRowAgain(table: TableSpec, head: Buffer | undefined, bytes: Uint8Array, position: number): Promise<RawRow> {
  const { read } = table;
  if (read.format === 'json-lines') return readJsonAgain(table, bytes, position);
  for await (const rows of readFormat(memoryFile('row', fileAround(read, head, bytes)), read)) {
    const row = rows[0];
    if (row !== undefined) return { ...row, position };
  }
  throw needsFile();
}

/** A row that came as one JSON object: of a JSON lines file, a push, an exchange table. */
export function readJsonAgain(table: TableSpec, bytes: Uint8Array, position: number): RawRow {
  const { row, fault } = parseJsonRow(bytes, new TextDecoder('utf-8', { fatal: true }), new Set(columnNames(table.read)));
  return row === undefined ? { kind: 'dead', position, bytes, ...fault! } : { kind: 'row', position, bytes, values: row };
}

function fileAround(read: TableSpec['read'], head: Buffer | undefined, bytes: Uint8Array): Uint8Array {
  switch (read.format) {
    case 'delimited':
      if (read.header && head === undefined) throw needsFile();
      return Buffer.concat([head ?? Buffer.alloc(0), bytes, Buffer.from('\r\n')]);
    case 'dbf': {
      if (head === undefined) throw needsFile();
      const one = Buffer.from(head);
      one.writeUInt32LE(1, DBF_ROW_COUNT_AT);
      return Buffer.concat([one, bytes, Buffer.of(0x1a)]);
    }
    case 'xml-records': {
      const root = read.rootElement ?? 'records';
      const prolog = `<?xml version="1.0" encoding="${read.encoding === 'utf-8' ? 'UTF-8' : 'GBK'}"?><${root}>`;
      return Buffer.concat([Buffer.from(prolog), bytes, Buffer.from(`</${root}>`)]);
    }
    default:
      // A cell of a workbook refers to tables of its file.
      throw needsFile();
  }
}

function needsFile(): YiciError {
  return new YiciError({
    code: 'YICI_REPLAY_NEEDS_FILE', stage: 'decoding', message: 'This row cannot be read again without its file.',
    fix: 'Offer a corrected file: rows that were taken already have no effect twice.',
  });
}
