import type { TextDecoder } from 'node:util';
import type { RawRow, SnapshotFile } from '../row.js';
import { cutLines, type CutLine } from './cut-lines.js';
import { splitSwallowedBar } from './cut-column.js';
import type { DelimitedOptions } from './format-options.js';
import { BROKEN_BYTES, NUL_CHARACTER, RowBatches, TOO_LONG, type RowFault } from './row-batches.js';
import { columnDifferences, refuseEmpty, schemaDrift } from './snapshot-fault.js';
import { fatalDecoder, textChunks } from './text-chunks.js';

export const MAX_RECORD_BYTES = 1024 * 1024;

/** Rows of a file without header that must agree on another column count before that is called schema drift. */
const DRIFT_SAMPLE = 20;

const WRONG_COUNT: RowFault = { code: 'YICI_ROW_WRONG_COLUMN_COUNT', reason: 'The row does not have the agreed number of columns.' };
const MALFORMED_QUOTES: RowFault = { code: 'YICI_ROW_MALFORMED_QUOTES', reason: 'A quoted field of the row has text behind its closing quote.' };
const UNCLOSED_QUOTE: RowFault = { code: 'YICI_ROW_UNCLOSED_QUOTE', reason: 'A quoted field begins in the row and is never closed.' };

/**
 * Reads RFC 4180 CSV, unquoted CSV and pipe-joined text, each row decoded on its own, so that broken bytes kill one row.
 * csv-parse is not used: it works on decoded text and could neither keep a row's own bytes nor go on behind a broken one.
 * A quote inside an unquoted field is text. A file with a header only has no rows; one of zero bytes is no export.
 *
 * Throws YICI_SNAPSHOT_SCHEMA_DRIFT when the header lacks, repeats, renames or adds columns (another order is fine), or when a
 * file without header agrees on another number of columns; YICI_SNAPSHOT_UNREADABLE for UTF-16 and the like.
 */
export async function* readDelimited(file: SnapshotFile, options: DelimitedOptions): AsyncGenerator<RawRow[]> {
  refuseEmpty(file);
  const batches = new RowBatches();
  let layout: RowLayout | undefined = options.header ? undefined : new RowLayout(options.columns, options);
  const lines = cutLines(textChunks(file, options.encoding), {
    maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
    quotedBy: options.quoting === 'rfc4180' ? { delimiter: options.delimiter.charCodeAt(0) } : undefined,
  });
  let first = true;
  for await (const block of lines) {
    let from = 0;
    if (first) {
      first = false;
      if (layout) refuseOtherWidth(block, layout, file.name);
      else {
        layout = new RowLayout(headerColumns(block[0]!, options, file.name), options);
        from = 1;
      }
    }
    for (let i = from; i < block.length; i++) {
      layout!.read(block[i]!, batches);
      if (batches.full) yield batches.take();
    }
  }
  const rest = batches.take();
  if (rest.length) yield rest;
}

/** Where each agreed column stands in the rows of this file. */
class RowLayout {
  private readonly decoder: TextDecoder;
  private readonly places: number[];
  private readonly freeAt: number;

  constructor(readonly found: readonly string[], private readonly options: DelimitedOptions) {
    this.decoder = fatalDecoder(options.encoding);
    this.places = options.columns.map((c) => found.indexOf(c));
    this.freeAt = options.free === undefined ? -1 : found.indexOf(options.free);
  }

  read(line: CutLine, batches: RowBatches): void {
    if (line.fault) return batches.dead(line.bytes, line.fault === 'tooLong' ? TOO_LONG : UNCLOSED_QUOTE);
    const fields = this.split(line.bytes);
    if (Array.isArray(fields)) return batches.row(line.bytes, this.values(fields));
    if (this.options.cutColumn && (fields === BROKEN_BYTES || fields === WRONG_COUNT)) {
      const repaired = splitSwallowedBar(line.bytes, this.found, this.options, this.decoder);
      if (repaired) return batches.row(line.bytes, this.values(repaired), [this.options.cutColumn]);
    }
    batches.dead(line.bytes, fields);
  }

  /** The fields in file order, or why the row cannot be split. */
  split(bytes: Uint8Array): string[] | RowFault {
    let text: string;
    try {
      text = this.decoder.decode(bytes);
    } catch {
      return BROKEN_BYTES;
    }
    if (text.includes('\0')) return NUL_CHARACTER;
    const { delimiter } = this.options;
    let fields: string[] | undefined;
    if (this.options.quoting === 'none' || !text.includes('"')) fields = text.split(delimiter);
    else fields = splitQuoted(text, delimiter);
    if (!fields) return MALFORMED_QUOTES;
    const extra = fields.length - this.found.length;
    if (extra > 0 && this.freeAt >= 0) {
      fields.splice(this.freeAt, extra + 1, fields.slice(this.freeAt, this.freeAt + extra + 1).join(delimiter));
    }
    return fields.length === this.found.length ? fields : WRONG_COUNT;
  }

  private values(fields: readonly string[]): Record<string, string> {
    const { columns } = this.options;
    const values: Record<string, string> = {};
    for (let i = 0; i < columns.length; i++) values[columns[i]!] = fields[this.places[i]!]!;
    return values;
  }
}

/** Fields of one RFC 4180 record; undefined when text follows a closing quote. */
function splitQuoted(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  let i = 0;
  for (;;) {
    let end: number;
    if (text[i] === '"') {
      end = text.indexOf('"', i + 1);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      if (end < 0) return undefined;
      fields.push(text.slice(i + 1, end).replaceAll('""', '"'));
      end += 1;
      if (end < text.length && text[end] !== delimiter) return undefined;
    } else {
      end = text.indexOf(delimiter, i);
      if (end < 0) end = text.length;
      fields.push(text.slice(i, end));
    }
    if (end >= text.length) return fields;
    i = end + 1;
  }
}

function headerColumns(line: CutLine, options: DelimitedOptions, name: string): string[] {
  const found = line.fault ? [] : headerFields(line.bytes, options);
  const details = columnDifferences(found, options.columns);
  if (details.length) throw schemaDrift(name, details);
  return found;
}

function headerFields(bytes: Uint8Array, options: DelimitedOptions): string[] {
  try {
    const text = fatalDecoder(options.encoding).decode(bytes);
    const fields = options.quoting === 'none' ? text.split(options.delimiter) : splitQuoted(text, options.delimiter);
    return (fields ?? []).map((f) => f.trim());
  } catch {
    return [];
  }
}

/** A new or dropped column shows in a file without header only as another width of all its rows. */
function refuseOtherWidth(block: readonly CutLine[], layout: RowLayout, name: string): void {
  const sample = block.slice(0, 200);
  const wrong = sample.filter((l) => layout.split(l.bytes) === WRONG_COUNT).length;
  if (sample.length >= DRIFT_SAMPLE && wrong * 2 > sample.length) {
    throw schemaDrift(name, [`most rows do not have ${layout.found.length} columns`]);
  }
}
