import { ConfigurationError, YiciError } from '#libs/kernel/errors';
import type { OutValue } from '#libs/mapping/encode-value';
import type { Connector } from '../connector.js';
import { companionText } from '../formats/manifests.js';
import { writeCsv, writeDelimited, writeLines } from '../formats/write-delimited.js';
import { writeDbf } from '../formats/write-dbf.js';
import type { TableSpec } from '../manifest.js';
import type { OutgoingItem } from '../target-channel.js';
import type { FileDropSpec } from './file-specs.js';

/** Files of one drop, by their extensions; the last one tells the system that the others are whole. */
export interface DropFile {
  /** Replaces the extension of the agreed name; undefined: the file itself. */
  extension?: string;
  bytes: Buffer;
}

/** How items become the files of a drop. */
export interface DropRows {
  /** Why this item cannot be written, by column; undefined when it can. Asked before anything is written. */
  fault(item: OutgoingItem): string | undefined;
  /** The same items at the same time give the same bytes. `day` is `yyyy-mm-dd`. */
  files(items: readonly OutgoingItem[], day: string): DropFile[];
  /** Rows of a file of this kind, one char a byte: what stands around them (header, day) left out. */
  rowsOf(file: Buffer): string[];
  /** Extensions of the files that go along with each. */
  readonly companions: readonly string[];
}

/** The rows that a folder's `rows:` asks for. Throws ConfigurationError when the folder lacks what they need. */
export function dropRows(connector: Connector, spec: FileDropSpec): DropRows {
  switch (spec.rows) {
    case 'tickets':
      return written((items) => [{ bytes: writeCsv(items.flatMap((i) => (i.rows ?? []).map(texts)), connector.manifest.limits.encoding) }], (file) => linesOf(file).slice(1));
    case 'field-lines':
      return written((items) => [{ bytes: writeLines(items.flatMap(fieldLines), connector.manifest.limits.encoding) }], linesOf);
    case 'table':
      return tableRows(connector, spec);
  }
}

function tableRows(connector: Connector, spec: FileDropSpec): DropRows {
  const table = connector.manifest.snapshot.tables.find((t) => t.id === spec.table);
  const key = connector.mappingOut.person?.key;
  if (table === undefined || key === undefined) throw new ConfigurationError(`connector ${connector.id}`, ['connector.yaml: file-drop needs a table of the snapshot section and a key in mapping.out.yaml']);
  const whole = keyIsWhole(connector, key);
  const row = (item: OutgoingItem): Record<string, string> => ({ ...item.carried, ...(whole && item.naturalKey !== undefined && { [key]: item.naturalKey }), ...texts(item.columns) });
  const rows = written((items, day) => {
    const bytes = tableBytes(table, items.map(row), day);
    return table.complete?.kind === 'companion' ? [{ bytes }, manifestOf(table.complete, items.length, bytes)] : [{ bytes }];
  }, (file) => (table.read.format === 'dbf' ? recordsOf(file) : linesOf(file).slice(table.read.format === 'delimited' && table.read.header ? 1 : 0)));
  return {
    ...rows,
    companions: table.complete?.kind === 'companion' ? [table.complete.extension] : [],
    // Without its key a row would change nobody, or everybody.
    fault: (item) => ((row(item)[key] ?? '') === '' ? `${key}: the system's own key is not known in full` : rows.fault(item)),
  };
}

/** Whether the natural key is the key column itself; where it is only part of it, the column goes along by `carry`. */
function keyIsWhole({ manifest }: Connector, column: string): boolean {
  const { key } = manifest.records.find((r) => r.type === 'person' && !r.derived)!;
  return key.columns.length === 1 && key.columns[0] === column && key.slice === undefined;
}

function tableBytes({ read }: TableSpec, rows: readonly Record<string, string>[], day: string): Buffer {
  if (read.format === 'dbf') return writeDbf(read.columns, rows, day);
  if (read.format === 'delimited') return writeDelimited(read, rows);
  throw new ConfigurationError('file-drop', [`rows of a ${read.format} file cannot be dropped`]);
}

function manifestOf(complete: Extract<NonNullable<TableSpec['complete']>, { kind: 'companion' }>, count: number, bytes: Buffer): DropFile {
  return { extension: complete.extension, bytes: Buffer.from(companionText(count, complete.lines.includes('sm3') ? bytes : undefined), 'latin1') };
}

function fieldLines({ naturalKey, columns, held }: OutgoingItem): string[][] {
  return Object.entries(columns).map(([column, value]) => [naturalKey ?? '', column, held?.[column] ?? '', text(value)]);
}

function linesOf(file: Buffer): string[] {
  return file.toString('latin1').split(/\r?\n/).filter((line) => line !== '');
}

const DBF_HEADER_BYTES = 32;

/** Rows of a dBase III file: its header tells where they begin and how long each is. What only bears such a name has none. */
function recordsOf(file: Buffer): string[] {
  if (file.length < DBF_HEADER_BYTES) return [];
  const [begin, length] = [file.readUInt16LE(8), file.readUInt16LE(10)];
  const rows: string[] = [];
  for (let at = begin; length > 0 && at + length <= file.length; at += length) rows.push(file.toString('latin1', at, at + length));
  return rows;
}

/** An item that cannot be written alone cannot be written among others. */
function written(files: DropRows['files'], rowsOf: DropRows['rowsOf']): DropRows {
  return {
    files,
    rowsOf,
    companions: [],
    fault: (item) => {
      try {
        files([item], '2000-01-01');
        return undefined;
      } catch (error) {
        if (!(error instanceof YiciError) || error instanceof ConfigurationError) throw error;
        return error.message;
      }
    },
  };
}

function texts(columns: Readonly<Record<string, OutValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(columns).map(([column, value]) => [column, text(value)]));
}

function text(value: OutValue): string {
  return value === null ? '' : Array.isArray(value) ? value.join(',') : String(value as string | number | boolean);
}
