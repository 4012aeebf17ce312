import type { TextDecoder } from 'node:util';
import type { RawRow, RowValue, SnapshotFile } from '../row.js';
import { cutLines } from './cut-lines.js';
import { refuseFieldDrift } from './field-drift.js';
import type { JsonLinesOptions } from './format-options.js';
import { jsonTextFault } from './json-text-fault.js';
import { BROKEN_BYTES, NUL_CHARACTER, RowBatches, TOO_LONG, UNKNOWN_COLUMN, type RowFault } from './row-batches.js';
import { refuseEmpty } from './snapshot-fault.js';
import { fatalDecoder, textChunks } from './text-chunks.js';

const MAX_RECORD_BYTES = 1024 * 1024;
const MAX_DEPTH = 16;

const MALFORMED: RowFault = { code: 'YICI_ROW_MALFORMED_JSON', reason: 'The line is not well-formed JSON.' };
const NOT_AN_OBJECT: RowFault = { code: 'YICI_ROW_NOT_AN_OBJECT', reason: 'The line is JSON, but not an object.' };

export type JsonRow = { [column: string]: RowValue };

/**
 * Reads JSON objects, one a line, UTF-8; each line has its own fate. A field that a record leaves out is absent in its values,
 * a field that is not agreed kills the record. When all of the first records lack a column or share a new one, that is schema drift.
 *
 * Throws YICI_SNAPSHOT_SCHEMA_DRIFT, YICI_SNAPSHOT_UNREADABLE.
 */
export async function* readJsonLines(file: SnapshotFile, options: JsonLinesOptions): AsyncGenerator<RawRow[]> {
  refuseEmpty(file);
  const batches = new RowBatches();
  const decoder = fatalDecoder('utf-8');
  const known = new Set(options.columns);
  let first = true;
  for await (const block of cutLines(textChunks(file, 'utf-8'), { maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES })) {
    if (first) {
      first = false;
      const rows = block.slice(0, 200).map((l) => parseJsonRow(l.bytes, decoder, undefined, options.maxDepth));
      refuseFieldDrift(rows.flatMap((r) => (r.row ? [r.row] : [])), options.columns, file.name);
    }
    for (const line of block) {
      const read = line.fault ? { fault: TOO_LONG } : parseJsonRow(line.bytes, decoder, known, options.maxDepth);
      if (read.row) batches.row(line.bytes, read.row);
      else batches.dead(line.bytes, read.fault!);
      if (batches.full) yield batches.take();
    }
  }
  const rest = batches.take();
  if (rest.length) yield rest;
}

/**
 * Parses one JSON object from its bytes. Refused, with the reason: broken UTF-8, NUL, malformed text, anything but an object,
 * a number of 16 or more digits, a repeated key, nesting beyond `maxDepth`, and, when `known` is given, a key that is not in it
 * (so `__proto__` never becomes a column). `decoder` must be fatal.
 */
export function parseJsonRow(bytes: Uint8Array, decoder: TextDecoder, known?: ReadonlySet<string>, maxDepth = MAX_DEPTH): { row?: JsonRow; fault?: RowFault } {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { fault: BROKEN_BYTES };
  }
  const fault = jsonTextFault(text, maxDepth);
  if (fault) return { fault };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: MALFORMED };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: NOT_AN_OBJECT };
  if (text.includes('\\u') && hasUnstorableText(value)) return { fault: NUL_CHARACTER };
  const row = value as JsonRow;
  if (known) for (const key in row) if (!known.has(key)) return { fault: UNKNOWN_COLUMN };
  return { row };
}

/** NUL and halves of surrogate pairs come in as escapes; no store keeps them. */
function hasUnstorableText(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || /\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([k, v]) => hasUnstorableText(k) || hasUnstorableText(v));
}
