import { DbfWriter, type DbfField } from '../formats/dbf-writer.js';

/** A dBase III table as a desk program sees it. */
export interface DbfTable {
  fields: DbfField[];
  /** Day of last change, yyyymmdd. */
  date: string;
  /** Each row with its mark. */
  rows: Buffer[];
}

const DELETED = 0x2a;
const decoder = new TextDecoder('gb18030', { fatal: true });

/** Reads a table; a sentence when it is none. */
export function readTable(bytes: Buffer): DbfTable | string {
  if (bytes.length < 33 || bytes[0] !== 0x03) return '不是 dBase III 表';
  const [count, headerBytes, rowBytes] = [bytes.readUInt32LE(4), bytes.readUInt16LE(8), bytes.readUInt16LE(10)];
  if (bytes[29] !== 0x4d) return '代码页不是 936';
  const fields: DbfField[] = [];
  for (let at = 32; at + 32 <= headerBytes && bytes[at] !== 0x0d; at += 32) {
    const end = bytes.indexOf(0, at);
    fields.push({ name: bytes.toString('latin1', at, Math.min(end, at + 11)), type: bytes.toString('latin1', at + 11, at + 12) as DbfField['type'], length: bytes[at + 16]! });
  }
  if (bytes.length < headerBytes + count * rowBytes) return '行数与表头不符';
  const date = `${1900 + bytes[1]!}${String(bytes[2]!).padStart(2, '0')}${String(bytes[3]!).padStart(2, '0')}`;
  return { fields, date, rows: Array.from({ length: count }, (_, i) => bytes.subarray(headerBytes + i * rowBytes, headerBytes + (i + 1) * rowBytes)) };
}

/** Values of a row by field; undefined when it is deleted or holds broken characters. */
export function rowCells(fields: readonly DbfField[], row: Buffer): Record<string, string> | undefined {
  if (row[0] === DELETED) return undefined;
  const cells: Record<string, string> = {};
  let at = 1;
  for (const { name, length } of fields) {
    const text = cellText(row.subarray(at, at + length));
    if (text === undefined) return undefined;
    cells[name] = text;
    at += length;
  }
  return cells;
}

/** A name that its field cut may end in half a character: what is whole of it is shown. */
function cellText(field: Buffer): string | undefined {
  for (const length of [field.length, field.length - 1]) {
    try {
      return decoder.decode(field.subarray(0, length)).trim();
    } catch {
      // Half a character at the end, or broken bytes: the second try tells.
    }
  }
  return undefined;
}

/** Bytes of a table of these rows, each as bytes or as values. */
export function tableBytes(fields: readonly DbfField[], rows: readonly (Buffer | Readonly<Record<string, string>>)[], date: string): Buffer {
  const parts: Buffer[] = [];
  const file = { write: (data: Buffer | string) => void parts.push(Buffer.from(data as Buffer)), close: () => undefined };
  const writer = new DbfWriter(file as unknown as ConstructorParameters<typeof DbfWriter>[0], fields);
  writer.header(rows.length, { year: Number(date.slice(0, 4)), month: Number(date.slice(4, 6)), date: Number(date.slice(6)) });
  for (const row of rows) {
    if (Buffer.isBuffer(row)) file.write(row);
    else writer.record(fields.map((f) => row[f.name] ?? ''));
  }
  writer.close();
  return Buffer.concat(parts);
}
