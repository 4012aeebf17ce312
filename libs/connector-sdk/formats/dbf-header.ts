import type { DbfColumn } from './format-options.js';
import { columnDifferences, schemaDrift, unreadable } from './snapshot-fault.js';

export const ROW_LIVE = 0x20;
export const ROW_DELETED = 0x2a;
export const DBASE_III = 0x03;
/** Language driver bytes for cp936: 0x4D (DOS) and 0x7A (Windows). */
export const CP936_DOS = 0x4d;
const CP936 = [CP936_DOS, 0x7a];
/** dBase III without and with memo, FoxPro, Visual FoxPro without and with autoincrement: one layout for the types we read. */
const VERSIONS = [DBASE_III, 0x83, 0xf5, 0x30, 0x31];
export const FIELD_BYTES = 32;
export const HEADER_END = 0x0d;

/** The header's first bytes: version, then the date. */
export const DBF_DATE_BYTES = 4;
/** Writers put the year as years since 1900, or as its last two digits. */
const OLDEST_YEAR = 80;

/** Day of last change as the header keeps it, `yyyymmdd`; undefined when it is none. */
export function dbfDate(head: Uint8Array): string | undefined {
  const [, year = 0, month = 0, day = 0] = head;
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return `${year >= OLDEST_YEAR ? 1900 + year : 2000 + year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
}

/** Bytes that a table's header says it has, without the mark at its end; undefined when it is no table. `head`: its first 32 bytes. */
export function dbfLength(head: Buffer): number | undefined {
  if (!VERSIONS.includes(head[0]!)) return undefined;
  return head.readUInt16LE(8) + head.readUInt32LE(4) * head.readUInt16LE(10);
}

export interface DbfHeader {
  rowCount: number;
  headerBytes: number;
  /** Bytes of one row, its mark included. */
  rowBytes: number;
  /** Where each column starts in a row. */
  offsets: ReadonlyMap<string, number>;
}

/**
 * Reads the header; undefined while `buffer` does not hold all of it yet.
 * Throws YICI_SNAPSHOT_UNREADABLE, YICI_SNAPSHOT_SCHEMA_DRIFT.
 */
export function dbfColumns(buffer: Buffer, name: string, agreed: readonly DbfColumn[]): DbfHeader | undefined {
  if (buffer.length < FIELD_BYTES) return undefined;
  if (!VERSIONS.includes(buffer[0]!)) throw unreadable(`${name} is not a dBase III or FoxPro table.`, 'Export it as DBF (dBase III).');
  if (!CP936.includes(buffer[29]!)) throw unreadable(`${name} is not marked as Chinese (cp936, language byte 0x4D).`, 'Export it with code page 936.');
  const headerBytes = buffer.readUInt16LE(8);
  const rowBytes = buffer.readUInt16LE(10);
  if (headerBytes < FIELD_BYTES + 1 || rowBytes < 1) throw unreadable(`${name} has a damaged header.`, 'Ask for the file again.');
  if (buffer.length < headerBytes) return undefined;

  const found: DbfColumn[] = [];
  const offsets = new Map<string, number>();
  let offset = 1;
  for (let at = FIELD_BYTES; at + FIELD_BYTES <= headerBytes && buffer[at] !== HEADER_END; at += FIELD_BYTES) {
    const column = columnAt(buffer, at);
    found.push(column);
    offsets.set(column.name, offset);
    offset += column.width;
  }
  const details = columnDifferences(found.map((c) => c.name), agreed.map((c) => c.name));
  for (const want of agreed) {
    const have = found.find((c) => c.name === want.name);
    if (have && shape(have) !== shape(want)) details.push(`${want.name} is ${shape(have)} instead of ${shape(want)}`);
  }
  if (details.length) throw schemaDrift(name, details);
  if (offset !== rowBytes) throw unreadable(`The columns of ${name} do not add up to its row length.`, 'Ask for the file again.');
  return { rowCount: buffer.readUInt32LE(4), headerBytes, rowBytes, offsets };
}

function columnAt(buffer: Buffer, at: number): DbfColumn {
  const raw = buffer.subarray(at, at + 11);
  const end = raw.indexOf(0);
  return {
    name: raw.toString('latin1', 0, end < 0 ? 11 : end).trim(),
    type: String.fromCharCode(buffer[at + 11]!) as DbfColumn['type'],
    width: buffer[at + 16]!,
    decimals: buffer[at + 17]!,
  };
}

/** `C(18)`, `N(2,0)`. */
function shape(column: DbfColumn): string {
  return column.type === 'N' ? `N(${column.width},${column.decimals ?? 0})` : `${column.type}(${column.width})`;
}
