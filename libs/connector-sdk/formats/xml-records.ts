import type { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';
import type { RawRow, SnapshotFile } from '../row.js';
import { cutElements, type CutElement } from './cut-elements.js';
import { refuseFieldDrift } from './field-drift.js';
import type { XmlRecordsOptions } from './format-options.js';
import { BROKEN_BYTES, RowBatches, TOO_LONG, TRUNCATED, UNKNOWN_COLUMN, type RowFault } from './row-batches.js';
import { fatalDecoder, textChunks } from './text-chunks.js';
import { XmlFrame } from './xml-frame.js';

const MAX_RECORD_BYTES = 1024 * 1024;

const MALFORMED: RowFault = { code: 'YICI_ROW_MALFORMED_XML', reason: 'The record is not well-formed XML.' };
const REPEATED: RowFault = { code: 'YICI_ROW_DUPLICATE_KEY', reason: 'The record holds the same element twice.' };
const STRAY: RowFault = { code: 'YICI_ROW_STRAY_CONTENT', reason: 'There is content between two records that belongs to neither.' };

/**
 * Reads the record elements of an XML file one by one. The byte stream is cut at the records first, then each is decoded and parsed
 * on its own: a malformed one is dead with its bytes, the others go on. An element that a record leaves out is absent in its values.
 *
 * Throws YICI_SNAPSHOT_UNREADABLE when the file is empty, is no XML, declares another encoding or holds a DOCTYPE (entities are
 * never expanded), YICI_SNAPSHOT_SCHEMA_DRIFT when its root or all of its records have another shape.
 */
export async function* readXmlRecords(file: SnapshotFile, options: XmlRecordsOptions): AsyncGenerator<RawRow[]> {
  const batches = new RowBatches();
  const reader = new XmlRecordReader(options);
  const frame = new XmlFrame(file.name, options);
  const pieces = cutElements(textChunks(file, options.encoding), {
    onProlog: (prolog) => frame.begin(prolog),
    recordElement: options.recordElement,
    maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
  });
  let first = true;
  let closed = true;
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) {
      const end = closed ? frame.end(value) : 'closed';
      if (end !== 'closed') batches.dead(value.subarray(0, MAX_RECORD_BYTES), end === 'cut' ? TRUNCATED : STRAY);
      break;
    }
    if (first) {
      first = false;
      const records = value.slice(0, 200).map((p) => reader.read(p).values);
      refuseFieldDrift(records.flatMap((r) => (r ? [r] : [])), options.columns, file.name);
    }
    for (const piece of value) {
      closed = piece.kind !== 'unclosed';
      const { values, fault } = reader.read(piece);
      if (fault || !values) batches.dead(piece.bytes, fault ?? MALFORMED);
      else if (reader.hasUnknown(values)) batches.dead(piece.bytes, UNKNOWN_COLUMN);
      else batches.row(piece.bytes, values);
      if (batches.full) yield batches.take();
    }
  }
  const rest = batches.take();
  if (rest.length) yield rest;
}

/** Parses record after record with one parser, which is renewed after an error. */
export class XmlRecordReader {
  private readonly decoder: TextDecoder;
  private readonly known: ReadonlySet<string>;
  private parser: SaxesParser;
  private values: Record<string, string> = {};
  private repeated = false;
  private path: string[] = [];
  private text = '';
  private leaf = false;

  constructor(options: XmlRecordsOptions) {
    this.decoder = fatalDecoder(options.encoding);
    this.known = new Set(options.columns);
    this.parser = this.newParser();
  }

  read(piece: CutElement): { values?: Record<string, string>; fault?: RowFault } {
    if (piece.kind === 'tooLong') return { fault: TOO_LONG };
    if (piece.kind === 'stray') return { fault: STRAY };
    let text: string;
    try {
      text = this.decoder.decode(piece.bytes);
    } catch {
      return { fault: BROKEN_BYTES };
    }
    this.values = {};
    this.repeated = false;
    this.path = [];
    try {
      this.parser.write(text);
      if (this.path.length > 0 || piece.kind === 'unclosed') throw new Error('unclosed');
    } catch {
      this.parser = this.newParser();
      return { fault: MALFORMED };
    }
    return this.repeated ? { fault: REPEATED } : { values: this.values };
  }

  hasUnknown(values: Record<string, string>): boolean {
    for (const column in values) if (!this.known.has(column)) return true;
    return false;
  }

  private newParser(): SaxesParser {
    const parser = new SaxesParser({ fragment: true });
    parser.on('opentag', (tag) => {
      this.path.push(this.path.length === 0 ? '' : tag.name);
      const column = this.column();
      for (const name in tag.attributes) if (!name.startsWith('xmlns')) this.set(`${column}@${name}`, String(tag.attributes[name]));
      this.text = '';
      this.leaf = true;
    });
    parser.on('text', (text) => (this.text += text));
    parser.on('cdata', (text) => (this.text += text));
    parser.on('closetag', () => {
      const column = this.column();
      if (this.leaf && column !== '') this.set(column, this.text);
      this.leaf = false;
      this.text = '';
      this.path.pop();
    });
    parser.on('doctype', () => {
      throw new Error('doctype');
    });
    return parser;
  }

  private column(): string {
    return this.path.length === 2 ? this.path[1]! : this.path.slice(1).join('/');
  }

  private set(column: string, value: string): void {
    if (Object.hasOwn(this.values, column)) this.repeated = true;
    // The only name that would not become a column of its own; it is unknown to every connector anyway.
    this.values[column === '__proto__' ? '(__proto__)' : column] = value;
  }
}
