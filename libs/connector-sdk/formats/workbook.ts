import type { TextDecoder } from 'node:util';
import type { RawRow, RowValue, SnapshotFile } from '../row.js';
import { cutElements, type CutElement } from './cut-elements.js';
import type { WorkbookOptions } from './format-options.js';
import { BROKEN_BYTES, RowBatches, TOO_LONG, type RowFault } from './row-batches.js';
import { columnDifferences, schemaDrift, unreadable } from './snapshot-fault.js';
import { fatalDecoder } from './text-chunks.js';
import { openWorkbook, type Sheet } from './workbook-archive.js';
import { readElements } from './workbook-elements.js';
import { XmlFrame } from './xml-frame.js';

const MAX_RECORD_BYTES = 1024 * 1024;
const HEADER_WITHIN = 5;

const MALFORMED: RowFault = { code: 'YICI_ROW_MALFORMED_XML', reason: 'The row of the workbook is damaged.' };
const BESIDE_COLUMNS: RowFault = { code: 'YICI_ROW_WRONG_COLUMN_COUNT', reason: 'The row has a value in a column without a heading.' };

type Cells = Map<number, { value: RowValue; text: string }>;

/**
 * Reads every sheet of an .xlsx, row by row. Title rows stand above the header; the header is found by its names, in any order,
 * each sheet with its own. A total row is void; an empty row is none. Number cells stay numbers: an ID kept as a number has lost its
 * last digits, a date is its serial. A row's bytes are its cells as JSON, `{"sheet","row","cells"}`, as its XML alone (references
 * into a table of texts) could not be read again; a damaged row keeps its XML. Positions run on over all sheets.
 *
 * Throws YICI_SNAPSHOT_UNREADABLE (see `openWorkbook`), YICI_SNAPSHOT_SCHEMA_DRIFT.
 */
export async function* readWorkbook(file: SnapshotFile, options: WorkbookOptions): AsyncGenerator<RawRow[]> {
  const { sheets, sharedTexts } = await openWorkbook(file);
  const batches = new RowBatches();
  for (const sheet of sheets) {
    const reader = new SheetReader(file.name, sheet, options, sharedTexts);
    for await (const pieces of sheetRows(file.name, sheet, options)) {
      for (const piece of pieces) {
        reader.read(piece, batches);
        if (batches.full) yield batches.take();
      }
    }
    reader.end();
  }
  const rest = batches.take();
  if (rest.length) yield rest;
}

async function* sheetRows(name: string, sheet: Sheet, options: WorkbookOptions): AsyncGenerator<CutElement[]> {
  const frame = new XmlFrame(name, { encoding: 'utf-8', rootElement: 'worksheet' });
  const pieces = cutElements(await sheet.open(), {
    onProlog: (prolog) => frame.begin(prolog),
    recordElement: 'row',
    maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
  });
  for (;;) {
    const { value, done } = await pieces.next().catch((cause: unknown) => {
      throw cause instanceof Error && cause.name === 'YiciError' ? cause : unreadable(`A sheet of ${name} is damaged.`, 'Save the workbook again as .xlsx.', cause);
    });
    if (done) {
      if (frame.end(value) === 'cut') throw unreadable(`A sheet of ${name} ends in the middle.`, 'Save the workbook again as .xlsx.');
      return;
    }
    yield value;
  }
}

class SheetReader {
  private readonly decoder: TextDecoder = fatalDecoder('utf-8');
  private columnAt: Map<number, string> | undefined;
  private rowsAbove = 0;

  constructor(
    private readonly fileName: string,
    private readonly sheet: Sheet,
    private readonly options: WorkbookOptions,
    private readonly sharedTexts: readonly string[],
  ) {}

  read(piece: CutElement, batches: RowBatches): void {
    const read = piece.kind === 'tooLong' ? TOO_LONG : piece.kind === 'complete' ? this.cells(piece.bytes) : MALFORMED;
    if ('code' in read) {
      if (!this.columnAt) throw schemaDrift(this.fileName, ['the rows above the data are damaged']);
      return batches.dead(piece.bytes, read);
    }
    if (read.cells.size === 0) return;
    if (!this.columnAt) return this.seekHeader(read.cells);
    const bytes = this.canonical(read);
    if (read.cells.get(Math.min(...read.cells.keys()))!.value === this.options.totalLabel) return batches.void(bytes, 'total');
    const values: Record<string, RowValue> = {};
    for (const column of this.options.columns) values[column] = '';
    for (const [at, cell] of read.cells) {
      const column = this.columnAt.get(at);
      if (column === undefined) return batches.dead(bytes, BESIDE_COLUMNS);
      values[column] = cell.value;
    }
    batches.row(bytes, values);
  }

  /** A sheet may be empty; one with rows must have had its header. */
  end(): void {
    if (!this.columnAt && this.rowsAbove > 0) throw schemaDrift(this.fileName, ['a sheet has no header row with the agreed columns']);
  }

  private seekHeader(cells: Cells): void {
    this.rowsAbove += 1;
    const names = new Map([...cells].map(([at, c]) => [at, c.text.trim()]));
    const known = [...names.values()].filter((n) => this.options.columns.includes(n)).length;
    if (known * 2 >= this.options.columns.length) {
      const details = columnDifferences([...names.values()], this.options.columns);
      if (details.length) throw schemaDrift(this.fileName, details);
      this.columnAt = names;
    } else if (this.rowsAbove >= (this.options.headerWithin ?? HEADER_WITHIN)) this.end();
  }

  private cells(bytes: Buffer): { row: string; cells: Cells } | RowFault {
    let text: string;
    try {
      text = this.decoder.decode(bytes);
    } catch {
      return BROKEN_BYTES;
    }
    const cells: Cells = new Map();
    let row = '';
    let column = -1;
    let type = 'n';
    try {
      readElements(text, (tag, attributes) => {
        if (tag === 'row') row = attributes['r'] ?? '';
        if (tag !== 'c') return;
        column = columnIndex(attributes['r'], column);
        type = attributes['t'] ?? 'n';
      }, (t, path) => {
        const leaf = path.at(-1);
        if ((leaf === 'v' && type !== 'inlineStr') || (leaf === 't' && !path.includes('rPh'))) {
          cells.set(column, { value: '', text: (cells.get(column)?.text ?? '') + t });
          if (leaf === 'v') cells.get(column)!.value = this.cellValue(type, cells.get(column)!.text);
          else cells.get(column)!.value = cells.get(column)!.text;
        }
      }, true);
    } catch {
      return MALFORMED;
    }
    for (const [at, cell] of cells) {
      if (cell.value === undefined || Number.isNaN(cell.value)) return MALFORMED;
      if (typeof cell.value === 'string') cell.text = cell.value;
      if (cell.text.trim() === '') cells.delete(at);
    }
    return { row, cells };
  }

  private cellValue(type: string, text: string): RowValue {
    if (type === 's') return this.sharedTexts[Number(text)]!;
    if (type === 'b') return text === '1';
    return type === 'n' ? Number(text) : text;
  }

  private canonical(read: { row: string; cells: Cells }): Buffer {
    const cells: Record<string, RowValue> = {};
    for (const [at, cell] of read.cells) cells[this.columnAt?.get(at) ?? `#${at + 1}`] = typeof cell.value === 'number' ? { number: cell.text } : cell.value;
    return Buffer.from(JSON.stringify({ sheet: this.sheet.name, row: read.row, cells }), 'utf8');
  }
}

/** `AB12` → 27; a cell without a reference follows the one before it. Throws for what is no reference: its row is damaged. */
function columnIndex(reference: string | undefined, before: number): number {
  if (reference === undefined) return before + 1;
  const letters = /^([A-Z]{1,3})\d{1,7}$/.exec(reference)?.[1];
  if (letters === undefined) throw new Error('no reference of a cell');
  let index = 0;
  for (const letter of letters) index = index * 26 + letter.charCodeAt(0) - 64;
  return index - 1;
}
