import { open, stat } from 'node:fs/promises';
import { checkManifest } from '#libs/connector-sdk/formats/manifests';
import { dbfLength } from '#libs/connector-sdk/formats/dbf-header';
import type { TableSpec } from '#libs/connector-sdk/manifest';
import type { FileFetchSpec } from '#libs/connector-sdk/protocols/file-specs';
import type { RemoteFile, RemoteFolder } from '#libs/connector-sdk/remote-folder';
import { diskFile } from '#libs/connector-sdk/snapshot-files';
import { YiciError } from '#libs/kernel/errors';
import type { OfferMark } from '#libs/store/offered-files';
import type { Trouble } from './connector-states.js';
import type { FileOffers } from './file-offers.js';
import type { FileSpool } from './file-spool.js';

const MEGABYTE = 1024 * 1024;
/** A manifest is two lines. */
const LARGEST_COMPANION = 64 * 1024;
const DBF_HEAD_BYTES = 32;
/** Looks at an unchanged file after which it is no longer taken for one that is being written. */
const UNCHANGED = { withManifest: 2, without: 3 } as const;

interface Candidate {
  table: TableSpec;
  /** Sorts files of one table. */
  order: string;
  file: RemoteFile;
  companion?: RemoteFile;
  needsCompanion: boolean;
}

/** Why a file is not taken yet: it is looked at again. */
class NotWhole extends Error {}

/**
 * Looks into a system's folder and takes what is new and whole: its manifest is there and fits, or, without one, size and time stayed the same
 * between two looks and the table's own count fits its length. What is not whole is waited for; what stays so is refused, and taken anew when it changes.
 */
export class FileFetchLook {
  /** How often each file was seen as it is now. */
  private readonly seen = new Map<string, { fingerprint: string; looks: number }>();

  constructor(private readonly spec: FileFetchSpec, private readonly folder: RemoteFolder, private readonly spool: FileSpool, private readonly offers: FileOffers) {}

  /** Returns what the system's card should say; undefined when all is well. Throws what the folder throws, and YICI_INTAKE_NOT_TAKEN. */
  async look(signal: AbortSignal): Promise<Trouble | undefined> {
    const marks = await this.offers.marks();
    let waiting: Trouble | undefined;
    for (const candidate of await this.candidates()) {
      if (signal.aborted) return undefined;
      const fingerprint = fingerprintOf(candidate);
      if (marks.get(candidate.file.name)?.fingerprint === fingerprint) continue;
      try {
        await this.take(candidate, fingerprint, signal);
      } catch (error) {
        if (!(error instanceof NotWhole)) throw error;
        waiting = { state: 'running', code: 'YICI_FILE_AWAITED', reason: error.message };
      }
    }
    return (await this.offers.trouble()) ?? waiting;
  }

  private async candidates(): Promise<Candidate[]> {
    const names = await this.folder.names();
    const there = new Set(names.map((n) => n.normalize('NFC')));
    const found: Candidate[] = [];
    for (const name of names) {
      const known = this.offers.tableOf(name);
      if (known === undefined) continue;
      const file = await this.folder.describe(name);
      if (file === undefined) continue;
      const { complete } = known.table;
      const companionName = complete?.kind === 'companion' ? name.replace(/\.[^.]+$/, '') + complete.extension : undefined;
      const companion = companionName !== undefined && there.has(companionName) ? await this.folder.describe(companionName) : undefined;
      const order = `${known.name.date ?? ''} ${String(known.name.sequence ?? 0).padStart(9, '0')}`;
      found.push({ table: known.table, order, file, needsCompanion: companionName !== undefined, ...(companion && { companion }) });
    }
    return found.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  }

  private async take(candidate: Candidate, fingerprint: string, signal: AbortSignal): Promise<void> {
    const { file, companion, needsCompanion } = candidate;
    const looks = this.looksAt(file.name, fingerprint);
    if (needsCompanion && companion === undefined) throw new NotWhole(`The manifest of ${file.name} is not there yet; it is looked for again.`);
    if (!needsCompanion && looks < 2) throw new NotWhole(`${file.name} has just come or grown; it is read when it stays as it is.`);
    if (file.bytes > this.spec.maxMegabytes * MEGABYTE) {
      const reason = `${file.name} has ${file.bytes} bytes, more than the ${this.spec.maxMegabytes} MB agreed for it.`;
      await this.refuse(file, fingerprint, { code: 'YICI_FILE_TOO_LARGE', reason });
      return;
    }
    const path = await this.fetch(candidate, signal);
    const fault = await wholeness(candidate.table, path);
    if (fault === undefined) {
      await this.offers.take({ path, exportedAt: file.modifiedAt, fingerprint }, signal);
      return;
    }
    if (looks < (needsCompanion ? UNCHANGED.withManifest : UNCHANGED.without)) throw new NotWhole(`${fault} It is looked at again.`);
    await this.refuse(file, fingerprint, { code: 'YICI_FILE_INCOMPLETE', reason: fault });
  }

  private async refuse(file: RemoteFile, fingerprint: string, refused: NonNullable<OfferMark['refused']>): Promise<void> {
    const parts = this.offers.tableOf(file.name)!.name;
    await this.offers.remember(file.name, { fingerprint, digest: '', date: parts.date ?? '', edition: 1, refused });
  }

  private looksAt(name: string, fingerprint: string): number {
    const before = this.seen.get(name);
    const looks = before?.fingerprint === fingerprint ? before.looks + 1 : 1;
    this.seen.set(name, { fingerprint, looks });
    return looks;
  }

  /** The file and its manifest, as they were listed, in the spool. */
  private async fetch({ file, companion }: Candidate, signal: AbortSignal): Promise<string> {
    if (companion !== undefined) await this.fetchOne(companion, Math.min(companion.bytes, LARGEST_COMPANION), signal);
    const path = await this.fetchOne(file, file.bytes, signal);
    const after = await this.folder.describe(file.name);
    if (after?.bytes !== file.bytes || after.modifiedAt !== file.modifiedAt) throw new NotWhole(`${file.name} changed while it was fetched; it is fetched again.`);
    return path;
  }

  private async fetchOne(file: RemoteFile, maxBytes: number, signal: AbortSignal): Promise<string> {
    const coming = await this.spool.coming(file.name);
    try {
      await this.folder.fetch(file.name, coming, { maxBytes, signal });
    } catch (error) {
      if (error instanceof YiciError && error.code === 'YICI_FILE_TOO_LARGE') throw new NotWhole(`${file.name} grew while it was fetched; it is fetched again.`);
      throw error;
    }
    if ((await stat(coming)).size !== file.bytes) throw new NotWhole(`${file.name} came shorter than it was listed; it is fetched again.`);
    return this.spool.keep(file.name, file.modifiedAt);
  }
}

function fingerprintOf({ file, companion }: Candidate): string {
  return [file, ...(companion === undefined ? [] : [companion])].map((f) => `${f.bytes}:${f.modifiedAt}`).join('|');
}

/** Why a fetched file is not whole, in a sentence; undefined when it is. Faults of its rows are the reader's to tell. */
async function wholeness(table: TableSpec, path: string): Promise<string | undefined> {
  if (table.read.format === 'dbf') return dbfFault(path);
  if (table.complete?.kind !== 'companion') return undefined;
  try {
    await checkManifest([diskFile(path)], table.complete, table.read);
    return undefined;
  } catch (error) {
    if (error instanceof YiciError && error.code === 'YICI_SNAPSHOT_NOT_READY') return error.message;
    if (error instanceof YiciError) return undefined;
    throw error;
  }
}

async function dbfFault(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(DBF_HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, DBF_HEAD_BYTES, 0);
    const length = bytesRead < DBF_HEAD_BYTES ? undefined : dbfLength(head);
    const { size } = await file.stat();
    // Without a header there is nothing to fit; the mark at the end (0x1A) is not written by everybody.
    if (length === undefined || size === length || size === length + 1) return undefined;
    return `The header of ${diskFile(path).name} stands for ${length} bytes, the file has ${size}.`;
  } finally {
    await file.close();
  }
}
