import { createHash, getHashes } from 'node:crypto';
import { sm3 } from 'sm-crypto-v2';
import type { SnapshotFile } from '../row.js';
import { cutElements } from './cut-elements.js';
import { cutLines } from './cut-lines.js';
import { MAX_RECORD_BYTES } from './delimited.js';
import type { CompanionManifest, FormatOptions, ManifestOptions, TotalManifest, XmlRecordsOptions } from './format-options.js';
import { notReady, unreadable } from './snapshot-fault.js';
import { textChunks } from './text-chunks.js';
import { XmlFrame } from './xml-frame.js';

/** A companion file holds a count and a digest; one that is larger is something else. */
const MAX_COMPANION_BYTES = 4096;

/**
 * Checks that every file of a snapshot is complete before a row of it is read. `files` are all files of one table in one snapshot
 * (a declared `<total>` is over all of them). Counts are data rows, malformed ones included, header not.
 *
 * Throws YICI_SNAPSHOT_NOT_READY when the manifest is missing, unreadable or does not fit.
 */
export async function checkManifest(files: readonly SnapshotFile[], manifest: ManifestOptions, options: FormatOptions): Promise<void> {
  if (manifest.kind === 'companion') {
    for (const file of files) await checkCompanion(file, manifest, options);
  } else if (options.format === 'xml-records') await checkTotal(files, manifest, options);
}

/** Text of a companion file whose first line is the row count and whose second is the SM3 of `data` in hex (`.OK`). */
export function companionText(count: number, data?: Uint8Array): string {
  return data === undefined ? `${count}\n` : `${count}\n${sm3(data)}\n`;
}

async function checkCompanion(file: SnapshotFile, manifest: CompanionManifest, options: FormatOptions): Promise<void> {
  const name = file.name.replace(/\.[^.]+$/, '') + manifest.extension;
  const companion = file.beside(name);
  if (!companion) throw notReady(`${name} is missing beside ${file.name}.`, 'Wait until the system has finished its export.');
  if (companion.bytes > MAX_COMPANION_BYTES) throw notReady(`${name} is too large to be a manifest.`, 'Ask for the export again.');
  const lines = (await allBytes(companion)).toString('latin1').split(/\r?\n/).map((l) => l.trim());
  const measured = await measure(file, options, manifest.lines.includes('sm3'));
  manifest.lines.forEach((kind, i) => {
    const declared = lines[i] ?? '';
    if (!(kind === 'count' ? /^\d+$/ : /^[0-9a-fA-F]{64}$/).test(declared)) {
      throw notReady(`Line ${i + 1} of ${name} is not the ${kind === 'count' ? 'row count' : 'SM3 digest'} it should be.`, 'Ask for the export again.');
    }
    if (kind === 'count' && Number(declared) !== measured.count) {
      throw notReady(`${name} names ${declared} rows, ${file.name} has ${measured.count}.`, 'The file is still being written or was cut off; wait, or ask for the export again.');
    }
    if (kind === 'sm3' && declared.toLowerCase() !== measured.sm3) {
      throw notReady(`The SM3 digest in ${name} does not fit ${file.name}.`, 'The file was changed or cut off on its way; ask for the export again.');
    }
  });
}

/** Counts the data rows with the very cutter that the reader uses, and digests the bytes in the same pass. */
async function measure(file: SnapshotFile, options: FormatOptions, digest: boolean): Promise<{ count: number; sm3?: string }> {
  if (options.format !== 'delimited' && options.format !== 'json-lines') throw unreadable(`No row count is agreed for ${options.format} files.`, 'Remove `complete` from connector.yaml.');
  const hash = digest ? sm3Stream() : undefined;
  const encoding = options.format === 'delimited' ? options.encoding : 'utf-8';
  const quoted = options.format === 'delimited' && options.quoting === 'rfc4180';
  const lines = cutLines(textChunks(file, encoding, hash?.update), {
    maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
    quotedBy: quoted ? { delimiter: options.delimiter.charCodeAt(0) } : undefined,
  });
  let count = options.format === 'delimited' && options.header ? -1 : 0;
  for await (const block of lines) count += block.length;
  return { count: Math.max(count, 0), sm3: hash?.digest() };
}

async function checkTotal(files: readonly SnapshotFile[], manifest: TotalManifest, options: XmlRecordsOptions): Promise<void> {
  let declared: number | undefined;
  let found = 0;
  for (const file of files) {
    const frame = new XmlFrame(file.name, options);
    const pieces = cutElements(textChunks(file, options.encoding), {
      onProlog: (prolog) => frame.begin(prolog),
      recordElement: options.recordElement,
      maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
    });
    for await (const block of pieces) found += block.filter((p) => p.kind !== 'stray').length;
    const text = frame.textOf(manifest.element) ?? '';
    if (!/^\d+$/.test(text)) throw notReady(`${file.name} does not say in <${manifest.element}> how many records there are.`, 'Ask for the export again.');
    if (declared !== undefined && declared !== Number(text)) {
      throw notReady(`${file.name} names another total than the files before it.`, 'The files are of two exports; remove the older ones or ask for the export again.');
    }
    declared = Number(text);
  }
  if (declared !== undefined && declared !== found) {
    throw notReady(`<${manifest.element}> names ${declared} records, the files hold ${found}.`, 'A file is missing or cut off; wait, or ask for the export again.');
  }
}

async function allBytes(file: SnapshotFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.open() as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Node's own SM3 (OpenSSL 3) streams at some hundred MB/s; a build without it falls back to gathering the file for sm-crypto. */
function sm3Stream(): { update(chunk: Buffer): void; digest(): string } {
  if (getHashes().includes('sm3')) {
    const hash = createHash('sm3');
    return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('hex') };
  }
  const chunks: Buffer[] = [];
  return { update: (chunk) => void chunks.push(chunk), digest: () => sm3(Buffer.concat(chunks)) };
}
