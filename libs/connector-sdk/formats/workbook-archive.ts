import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import type { SnapshotFile } from '../row.js';
import { unreadable } from './snapshot-fault.js';
import { readElements } from './workbook-elements.js';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;
/** Parts held in memory whole: the lists of sheets and shared texts. */
const MAX_PART_BYTES = 64 * 1024 * 1024;
/** A roster inflates 5 to 40 times; a zip bomb a thousand times. */
const MAX_RATIO = 200;
const SMALL = 10 * 1024 * 1024;

const SAVE_AGAIN = 'Open it in a spreadsheet program and save it again as .xlsx.';

export interface Sheet {
  name: string;
  open(): Promise<AsyncIterable<Buffer>>;
}

/** A workbook opened: its sheets in order and its shared texts. */
export interface WorkbookArchive {
  sheets: Sheet[];
  sharedTexts: readonly string[];
}

/**
 * Opens an .xlsx. The sizes its directory declares are added up before anything is inflated, and yauzl stops an entry that
 * inflates beyond what it declared, so a zip bomb costs nothing.
 *
 * Throws YICI_SNAPSHOT_UNREADABLE: a legacy .xls, an encrypted or broken file, a bomb, a DOCTYPE in any part.
 */
export async function openWorkbook(file: SnapshotFile): Promise<WorkbookArchive> {
  const bytes = await wholeFile(file);
  refuseOtherContainers(bytes, file.name);
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true });
    const entries = new Map<string, Entry>();
    let inflated = 0;
    for await (const entry of zip.eachEntry()) {
      entries.set(entry.fileName, entry);
      inflated += entry.uncompressedSize;
    }
    if (inflated > MAX_INFLATED_BYTES || (inflated > SMALL && inflated > bytes.length * MAX_RATIO)) {
      throw unreadable(`${file.name} would inflate to ${inflated} bytes, more than any roster; it may be a zip bomb.`, 'Check where the file comes from; do not open it.');
    }
    return await describe(zip, entries, file.name);
  } catch (error) {
    throw isOurs(error) ? error : unreadable(`${file.name} is not a sound .xlsx workbook.`, SAVE_AGAIN, error);
  }
}

async function describe(zip: ZipFile, entries: Map<string, Entry>, name: string): Promise<WorkbookArchive> {
  const part = async (path: string): Promise<Buffer | undefined> => {
    const entry = entries.get(path);
    if (!entry) return undefined;
    if (entry.uncompressedSize > MAX_PART_BYTES) throw unreadable(`A part of ${name} is larger than any roster needs.`, SAVE_AGAIN);
    const chunks: Buffer[] = [];
    for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const workbook = await part('xl/workbook.xml');
  const relations = await part('xl/_rels/workbook.xml.rels');
  if (!workbook || !relations) throw unreadable(`${name} is not an .xlsx workbook.`, SAVE_AGAIN);

  const targets = new Map<string, string>();
  readElements(relations, (tag, attributes) => {
    if (tag === 'Relationship') targets.set(attributes['Id'] ?? '', attributes['Target'] ?? '');
  });
  const sheets: Sheet[] = [];
  readElements(workbook, (tag, attributes) => {
    if (tag !== 'sheet') return;
    const target = targets.get(attributes['r:id'] ?? '') ?? '';
    const entry = entries.get(target.startsWith('/') ? target.slice(1) : `xl/${target}`);
    if (!entry) throw unreadable(`A sheet of ${name} is missing in the file.`, SAVE_AGAIN);
    sheets.push({ name: attributes['name'] ?? '', open: () => zip.openReadStreamPromise(entry) });
  });
  if (sheets.length === 0) throw unreadable(`${name} has no sheet.`, SAVE_AGAIN);
  const shared = await part('xl/sharedStrings.xml');
  return { sheets, sharedTexts: shared ? sharedTexts(shared) : [] };
}

/** Texts of `<si>`, rich runs joined, phonetic guides left out. */
function sharedTexts(part: Buffer): string[] {
  const texts: string[] = [];
  readElements(part, (tag) => {
    if (tag === 'si') texts.push('');
  }, (text, path) => {
    if (path.at(-1) === 't' && !path.includes('rPh')) texts[texts.length - 1] += text;
  });
  return texts;
}

async function wholeFile(file: SnapshotFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of file.open() as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw unreadable(`${file.name} is larger than ${MAX_FILE_BYTES} bytes.`, 'Split the roster into several workbooks.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseOtherContainers(bytes: Buffer, name: string): void {
  if (bytes.subarray(0, 4).toString('hex') === 'd0cf11e0') {
    throw unreadable(`${name} is a legacy .xls (or a password-protected) workbook.`, 'Open it in a spreadsheet program and save it as .xlsx without a password.');
  }
  if (bytes.length === 0) throw unreadable(`${name} is empty.`, 'Upload the file again.');
  if (bytes.subarray(0, 2).toString('latin1') !== 'PK') throw unreadable(`${name} is not an .xlsx workbook.`, SAVE_AGAIN);
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === 'YiciError';
}
