import { cutElements, type CutElement } from '../formats/cut-elements.js';
import type { XmlRecordsOptions } from '../formats/format-options.js';
import { refuseFieldDrift } from '../formats/field-drift.js';
import { BROKEN_BYTES, UNKNOWN_COLUMN } from '../formats/row-batches.js';
import { unreadable } from '../formats/snapshot-fault.js';
import { XmlFrame } from '../formats/xml-frame.js';
import { XmlRecordReader } from '../formats/xml-records.js';
import type { RawRow } from '../row.js';
import { positionOfId, RowIds } from './row-ids.js';

/** Fewer records than this are no witnesses of a changed schema: each is judged alone. */
const WITNESSES = 5;
const MAX_RECORD_BYTES = 1024 * 1024;

/** A row of an answer, with a name that is the same whenever the same bytes come again. */
export interface SoapRow {
  raw: RawRow;
  /** By {@link RowIds}, within its answer. */
  id: string;
}

export interface SoapRows {
  rows: SoapRow[];
  /** Record elements, malformed ones included. */
  records: number;
  /** Text of an element before the first record: result code, total. */
  textOf(element: string): string | undefined;
}

/** Reads the records of answers with the very reader of the snapshot files, so that both give the same records. */
export class SoapRowReader {
  private readonly reader: XmlRecordReader;
  /** The last records of which at least half of the columns came: the witnesses of a drift, over several short answers. */
  private recent: object[] = [];

  constructor(private readonly options: XmlRecordsOptions) {
    this.reader = new XmlRecordReader(options);
  }

  /**
   * `document` is one whole answer without its envelope, `root` its outermost element. Throws YICI_SNAPSHOT_UNREADABLE
   * (a DOCTYPE, no XML, cut off) and YICI_SNAPSHOT_SCHEMA_DRIFT: then nothing of it may be taken.
   */
  async read(document: Buffer, root: string): Promise<SoapRows> {
    const frame = new XmlFrame('The answer', { encoding: this.options.encoding, rootElement: root });
    const rows: SoapRow[] = [];
    const seen: object[] = [];
    const ids = new RowIds();
    const pieces = cutElements(once(document), {
      onProlog: (prolog) => frame.begin(prolog), recordElement: this.options.recordElement, maxRecordBytes: this.options.maxRecordBytes ?? MAX_RECORD_BYTES,
    });
    let records = 0;
    let last: CutElement | undefined;
    for (;;) {
      const { value, done } = await pieces.next();
      if (done) {
        // An unclosed record at the end has swallowed the containers' end tags; without those the answer was cut off.
        const whole = last?.kind === 'unclosed' ? last.bytes.includes(`</${root}`) : frame.end(value) === 'closed';
        if (!whole) throw unreadable('The answer ends in the middle, or holds something beside its records.', 'It is asked again by itself; if it lasts, ask the owner of the system.');
        break;
      }
      for (const piece of value) {
        last = piece;
        if (piece.kind !== 'stray') records += 1;
        const { values, fault } = this.reader.read(piece);
        if (values !== undefined) seen.push(values);
        const id = ids.of(piece.bytes);
        const position = positionOfId(id);
        if (values !== undefined && !this.reader.hasUnknown(values)) rows.push({ id, raw: { kind: 'row', position, bytes: piece.bytes, values } });
        // Copied: a dead letter may be held long after the answer it lies in.
        else rows.push({ id, raw: { kind: 'dead', position, bytes: Buffer.from(piece.bytes), ...(fault ?? (values === undefined ? BROKEN_BYTES : UNKNOWN_COLUMN)) } });
      }
    }
    this.refuseDrift(seen);
    return { rows, records, textOf: (element) => frame.textOf(element) };
  }

  private refuseDrift(seen: readonly object[]): void {
    const { columns } = this.options;
    const witnesses = seen.filter((r) => columns.filter((c) => Object.hasOwn(r, c)).length * 2 >= columns.length);
    // Rows of another shape all through are no witnesses; enough of them are a drift of their own.
    if (witnesses.length === 0) return seen.length >= WITNESSES ? refuseFieldDrift(seen, columns, 'the answer') : undefined;
    const judged = [...this.recent, ...witnesses].slice(-Math.max(WITNESSES, witnesses.length));
    if (judged.length >= WITNESSES) refuseFieldDrift(judged, columns, 'the answer');
    this.recent = judged.slice(-WITNESSES);
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
