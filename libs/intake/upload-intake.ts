import { randomBytes } from 'node:crypto';
import { stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type pg from 'pg';
import type { Account } from '#libs/access/account';
import { notFound, RequestRefused } from '#libs/access/request-refused';
import type { Connector } from '#libs/connector-sdk/connector';
import type { FileUploadSpec } from '#libs/connector-sdk/protocols/file-specs';
import { streamToFile } from '#libs/connector-sdk/protocols/file-transfer';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { OfferMark } from '#libs/store/offered-files';
import { SnapshotFileStore, type RowCounts } from '#libs/store/snapshot-file-store';
import type { ConnectorStates } from './connector-states.js';
import { FileOffers, type FileOfferParts } from './file-offers.js';
import { FileSpool } from './file-spool.js';
import type { SnapshotIntake } from './snapshot-intake.js';
import { readAlone } from './sole-reader.js';

export interface UploadIntakeParts extends FileOfferParts {
  pool: pg.Pool;
  logger: Logger;
  states: ConnectorStates;
  spoolDir: string;
}

interface Desk {
  connector: Connector;
  spec: FileUploadSpec;
  spool: FileSpool;
  offers: FileOffers;
}

const MEGABYTE = 1024 * 1024;
const SIDE = 'live.file-upload';
/** An office's line may be slow; the server's own limit of a request is shorter. */
const LONGEST_SILENCE_MS = 30_000;

/** Workbooks that offices upload, each by the live spec of its folder; read as snapshot files are. */
export class UploadIntake {
  private readonly desks = new Map<string, Desk>();
  private readonly stop = new AbortController();
  private readonly files: SnapshotFileStore;
  /** One reading after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(connectors: readonly Connector[], intake: SnapshotIntake, private readonly parts: UploadIntakeParts) {
    this.files = new SnapshotFileStore(parts.clock);
    for (const connector of connectors) {
      const spec = connector.manifest.mode === 'live' ? connector.manifest.live.find((s) => s.protocol === 'file-upload') : undefined;
      if (spec === undefined) continue;
      this.desks.set(connector.id, { connector, spec, spool: new FileSpool(parts.spoolDir, connector.id, spec.keepDays), offers: new FileOffers(connector, 'file-upload', intake, parts) });
    }
  }

  /** Reads on what was uploaded and not read to its end before a kill. */
  start(): void {
    for (const desk of this.desks.values()) {
      this.inTurn(() => this.resume(desk)).catch((error: unknown) => this.parts.logger.warn('intake.uploadsPaused', { system: desk.connector.id }, error));
    }
  }

  /** Lets a running batch end; the rest is read after the next start. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.last;
  }

  /**
   * Takes one file and reads it to its end. Throws RequestRefused: 404 where this account may upload nothing (or nobody may), 400 a name that is not agreed,
   * 413 too large, 415 a legacy .xls, 422 a workbook that cannot be read; retriable errors (503) when the hub cannot take records.
   */
  async receive(account: Account, system: string, name: string, body: Readable, declaredBytes: number | undefined): Promise<RowCounts> {
    const desk = this.deskFor(account, system);
    const fileName = agreedName(desk, name);
    if (declaredBytes !== undefined && declaredBytes > desk.spec.maxMegabytes * MEGABYTE) throw tooLarge(desk.spec);
    const tag = `.${randomBytes(6).toString('hex')}`;
    const coming = await desk.spool.coming(fileName, tag);
    try {
      await this.spooled(desk, body, coming);
    } catch (error) {
      await unlink(coming).catch(() => undefined);
      throw error instanceof YiciError && error.code === 'YICI_FILE_TOO_LARGE' ? tooLarge(desk.spec) : error;
    }
    return this.inTurn(async () => {
      const path = await desk.spool.keep(fileName, this.parts.clock.now(), tag);
      const mark = await readAlone(this.parts.pool, `upload ${system}`, () => this.read(desk, path));
      if (mark === undefined) throw busy();
      return this.countsOf(mark);
    });
  }

  private deskFor(account: Account, system: string): Desk {
    const desk = this.desks.get(system);
    // The answer is the same whether there is no such desk or the account may not know of it.
    if (desk === undefined || !mayUse(account, desk.connector)) throw notFound('upload');
    return desk;
  }

  /** The rest of a body that is too large is let pass: only a request that was read is answered. */
  private async spooled(desk: Desk, body: Readable, to: string): Promise<void> {
    const copy = new PassThrough();
    body.once('error', (error) => copy.destroy(error));
    body.once('close', () => {
      if (!body.readableEnded) copy.destroy(new Error('the upload broke off'));
    });
    body.pipe(copy);
    try {
      await streamToFile(copy, 'The file', to, { maxBytes: desk.spec.maxMegabytes * MEGABYTE, signal: this.stop.signal }, LONGEST_SILENCE_MS);
    } catch (error) {
      body.unpipe(copy);
      body.resume();
      throw error instanceof YiciError ? error : brokenOff(error);
    }
  }

  private async read(desk: Desk, path: string): Promise<OfferMark | undefined> {
    const { mtimeMs, size } = await stat(path);
    const mark = await desk.offers.take({ path, exportedAt: mtimeMs, fingerprint: `${size}:${Math.trunc(mtimeMs)}` }, this.stop.signal);
    if (mark !== undefined) await this.parts.states.report(desk.connector.id, SIDE, await desk.offers.trouble());
    await desk.spool.clear(this.parts.clock.now());
    return mark;
  }

  private async resume(desk: Desk): Promise<void> {
    const marks = await desk.offers.marks();
    for (const name of await desk.spool.names()) {
      const file = path.join(desk.spool.dir, name);
      const { mtimeMs, size } = await stat(file);
      if (this.stop.signal.aborted || desk.offers.tableOf(name) === undefined || marks.get(name)?.fingerprint === `${size}:${Math.trunc(mtimeMs)}`) continue;
      await readAlone(this.parts.pool, `upload ${desk.connector.id}`, () => this.read(desk, file));
    }
    await this.parts.states.report(desk.connector.id, SIDE, await desk.offers.trouble());
  }

  private async countsOf({ refused, identity }: OfferMark): Promise<RowCounts> {
    if (refused !== undefined) throw new RequestRefused(422, { code: refused.code, message: refused.reason, fix: 'Correct the workbook and upload it again.' });
    const row = await this.parts.unitOfWork.run((tx) => this.files.find(tx.manager, identity!));
    const { rowsRead, rowsAccepted, rowsSuperseded, rowsVoid, rowsDead } = row!;
    return { read: Number(rowsRead), accepted: Number(rowsAccepted), superseded: Number(rowsSuperseded), void: Number(rowsVoid), dead: Number(rowsDead) };
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }
}

/** A roster is of the whole city: an account that sees a part of it may not replace it. Facts of a restricted system need its scope. */
function mayUse(account: Account, { manifest }: Connector): boolean {
  if (account.communities.length > 0) return false;
  if (manifest.restricted.length === 0) return account.role === 'admin' || account.role === 'steward';
  return manifest.restricted.every((facet) => (account.facetScopes as readonly string[]).includes(facet));
}

function agreedName(desk: Desk, name: string): string {
  const plain = name.normalize('NFC');
  if (desk.offers.tableOf(plain) !== undefined && plain === path.basename(plain)) return plain;
  if (/\.xls$/i.test(plain)) {
    throw new RequestRefused(415, {
      code: 'YICI_UPLOAD_LEGACY_XLS', message: '请用 .xlsx 格式。An .xls workbook cannot be read safely.', fix: 'Open it in a spreadsheet program and save it as .xlsx.',
    });
  }
  const agreed = desk.connector.manifest.snapshot.tables.map((t) => t.file).join(', ');
  throw new RequestRefused(400, { code: 'YICI_UPLOAD_NAME', message: `文件名与约定不符。The name of the file is not one that was agreed (${agreed}).`, fix: 'Name the file as agreed and upload it again.' });
}

function tooLarge(spec: FileUploadSpec): RequestRefused {
  return new RequestRefused(413, { code: 'YICI_FILE_TOO_LARGE', message: `文件过大。The file has more than ${spec.maxMegabytes} MB.`, fix: 'Remove what does not belong in the roster (pictures, other sheets).' });
}

function brokenOff(cause: unknown): RequestRefused {
  return new RequestRefused(400, { code: 'YICI_UPLOAD_BROKEN_OFF', message: '上传中断。The upload broke off.', fix: 'Upload the file again.', cause });
}

function busy(): YiciError {
  return new YiciError({ code: 'YICI_INTAKE_NOT_TAKEN', stage: 'receiving', retriable: true, message: 'Another file of this system is being read, or the hub is stopping.', fix: 'Upload it again in a minute; what was taken has no effect twice.' });
}
