import { statSync } from 'node:fs';
import path from 'node:path';
import type { Connector } from '#libs/connector-sdk/connector';
import { SnapshotReader, type SnapshotContext } from '#libs/connector-sdk/read-snapshot';
import type { SnapshotFile } from '#libs/connector-sdk/row';
import { cityFiles, fileDigest, type TableFile } from '#libs/connector-sdk/snapshot-files';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { SnapshotFileStore, type OfferedFile, type RowCounts } from '#libs/store/snapshot-file-store';
import { keyOf, recordRef } from '#libs/store/source-record-codec';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import type { CityDirectory } from './city-directory.js';
import { stopsConnector, type ConnectorStates, type Trouble } from './connector-states.js';
import { countRows, noRows, VersionCounter } from './count-rows.js';
import { fileChannel, fileHead, type FileMark } from './file-mark.js';
import type { TakeRows } from './take-rows.js';
import { PresentRecords, VanishedRecords } from './vanished-records.js';

export interface SnapshotIntakeParts {
  unitOfWork: UnitOfWork;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  takeRows: TakeRows;
  states: ConnectorStates;
}

/** A file written within this time may still be growing: the next look takes it. */
const SETTLED_MS = 2000;

/** What became of one offered file. */
export interface ReadOutcome {
  file: TableFile;
  refused?: { code: string; reason: string };
  /** It was read, and misses more than may vanish at once. */
  shrunk?: { code: string; reason: string };
}

/**
 * Reads the snapshot files of a city directory through the log. A file is known by the digest of its bytes: read once, resumed
 * behind its watermark after a kill, read anew when its content is new. A file with a fault of its own is refused as a whole, as a
 * bulk load does: it is read to its end once before anything of it is published.
 */
export class SnapshotIntake {
  private readonly files: SnapshotFileStore;
  private readonly vanished: VanishedRecords;
  /** Folder contents that were worked through to the end, by system. */
  private readonly done = new Map<string, string>();

  constructor(private readonly parts: SnapshotIntakeParts, private readonly settledMs = SETTLED_MS) {
    this.files = new SnapshotFileStore(parts.clock);
    this.vanished = new VanishedRecords(parts);
  }

  /**
   * Takes in what is new in one system's folder. Throws YICI_INTAKE_NOT_TAKEN and errors of the store: then nothing is lost
   * and the next call goes on. An aborted signal ends it between two batches.
   */
  async readSystem(connector: Connector, city: CityDirectory, signal: AbortSignal): Promise<void> {
    const folder = folderState(path.join(city.dir, connector.id), cityFiles(connector, city.dir).map((f) => f.name));
    if (folder.text === '' || this.done.get(connector.id) === `${city.snapshotDate} ${folder.text}`) return;
    const age = this.parts.clock.now() - folder.newest;
    // A time in the future is another machine's clock; waiting for it would be waiting for ever.
    if (age >= 0 && age < this.settledMs) return;
    const outcomes = await this.readFiles(connector, cityFiles(connector, city.dir), city, signal);
    if (signal.aborted) return;
    await this.parts.states.report(connector.id, 'snapshot', troubleOf(outcomes));
    this.done.set(connector.id, `${city.snapshotDate} ${folder.text}`);
  }

  /** The same for given files, whatever brought them; says of each what became of it, and reports no state. An aborted signal leaves the rest out. */
  async readFiles(connector: Connector, files: readonly SnapshotFile[], context: SnapshotContext, signal: AbortSignal): Promise<ReadOutcome[]> {
    const reader = new SnapshotReader(connector, files, context);
    const outcomes: ReadOutcome[] = [];
    for (const file of reader.files) {
      if (signal.aborted) break;
      outcomes.push({ file, ...(await this.readFile(connector, reader, file, context.observedAt, signal)) });
    }
    return outcomes;
  }

  private async readFile(connector: Connector, reader: SnapshotReader, file: TableFile, observedAt: string, signal: AbortSignal): Promise<Omit<ReadOutcome, 'file'>> {
    const { id: system } = connector;
    const { unitOfWork, logger } = this.parts;
    const digest = file.file.stamp?.identity ?? (await fileDigest(file.file));
    const known = await unitOfWork.run((tx) => this.files.find(tx.manager, digest));
    // Read, and what it misses was too much to be withdrawn: it may be offered again when more was agreed.
    if (known?.state === 'read' && known.reason === null) return {};
    const offered: OfferedFile = { digest, system, name: file.file.name, bytes: file.file.bytes };
    let counts: RowCounts;
    const present = file.table.whole === undefined ? undefined : new PresentRecords(this.parts.sealing);
    try {
      counts = await this.survey(reader, file, digest, present);
    } catch (error) {
      if (!(error instanceof YiciError)) throw error;
      if (known?.reason !== error.message) logger.warn('intake.fileRefused', { system, file: offered.name }, error);
      await unitOfWork.run((tx) => this.files.refuse(tx.manager, offered, error.message));
      return { refused: { code: error.code, reason: error.message } };
    }
    await unitOfWork.run((tx) => this.files.begin(tx.manager, offered));
    await this.publish(system, reader, file, digest, signal);
    if (signal.aborted) return {};
    const shrunk = present && isNewest(reader, file) ? await this.withdraw(connector, file, present, file.file.stamp?.observedAt ?? observedAt) : undefined;
    await unitOfWork.run((tx) => this.files.finish(tx.manager, offered, counts, shrunk?.reason));
    logger.info('intake.fileRead', { system, file: offered.name, ...counts });
    return shrunk === undefined ? {} : { shrunk };
  }

  /** Counts every row; throws what makes the whole file unreadable. See docs/decisions/0008. */
  private async survey(reader: SnapshotReader, file: TableFile, digest: string, present?: PresentRecords): Promise<RowCounts> {
    const { sealing } = this.parts;
    const counts = noRows();
    const versions = new VersionCounter((row) => recordRef(sealing, keyOf(row.records[0]!)));
    for await (const { rows } of reader.read(file, digest)) {
      countRows(rows, counts, (row) => {
        versions.count(row, counts);
        for (const record of row.records) present?.add(keyOf(record));
      });
    }
    return counts;
  }

  /** What a whole table no longer holds is withdrawn, behind everything that it holds. */
  private async withdraw(connector: Connector, file: TableFile, present: PresentRecords, observedAt: string): Promise<ReadOutcome['shrunk']> {
    const { takeRows, logger } = this.parts;
    try {
      const gone = await this.vanished.find(connector, file.table, present, observedAt);
      await takeRows.publish(gone.flatMap((o) => (o.kind === 'accepted' ? o.records : [])));
      if (gone.length > 0) logger.info('intake.recordsWithdrawn', { system: connector.id, table: file.table.id, records: gone.length });
      return undefined;
    } catch (error) {
      if (!(error instanceof YiciError) || error.code !== 'YICI_SOURCE_SHRUNK') throw error;
      logger.warn('intake.recordsMissing', { system: connector.id, table: file.table.id }, error);
      return { code: error.code, reason: error.message };
    }
  }

  private async publish(system: string, reader: SnapshotReader, file: TableFile, digest: string, signal: AbortSignal): Promise<void> {
    const { takeRows, unitOfWork } = this.parts;
    const channel = fileChannel(digest);
    const mark = await unitOfWork.run((tx) => takeRows.watermarks.find<FileMark>(tx.manager, system, channel));
    const head = mark?.head ?? (await fileHead(file.file, file.table.read));
    const reached = mark?.position ?? 0;
    for await (const batch of reader.read(file, digest)) {
      if (signal.aborted) return;
      const rows = batch.rows.filter((row) => row.position > reached);
      if (rows.length === 0) continue;
      const position = rows.at(-1)!.position;
      await takeRows.take(system, rows, { channel, position: { position, ...(head !== undefined && { head }), ...(file.file.stamp && { stamp: file.file.stamp }) } satisfies FileMark });
    }
  }
}

/** An older export says nothing of what is there now. */
function isNewest({ files }: SnapshotReader, { table, name, file }: TableFile): boolean {
  return file.stamp?.outdated !== true && !files.some((other) => other.table.id === table.id && (other.name.date ?? '') > (name.date ?? ''));
}

/** Names, sizes and times of the files: when they are as before, there is nothing new. */
function folderState(dir: string, names: readonly string[]): { text: string; newest: number } {
  const files = names.map((name) => ({ name, stat: statSync(path.join(dir, name), { throwIfNoEntry: false }) }));
  return {
    text: files.map(({ name, stat }) => `${name}:${stat?.size}:${stat?.mtimeMs}`).join('|'),
    newest: Math.max(0, ...files.map(({ stat }) => stat?.mtimeMs ?? 0)),
  };
}

/** A refused file stops the connector until a sound one of the same table and a later date lies there, or it was replaced. */
function troubleOf(outcomes: readonly ReadOutcome[]): Trouble | undefined {
  const stopping = outcomes.find(({ file, refused }) => refused !== undefined && stopsConnector(refused.code) && !outcomes.some((other) =>
    other.refused === undefined && other.file.table.id === file.table.id && (other.file.name.date ?? '') > (file.name.date ?? '')));
  const cause = stopping?.refused ?? outcomes.find((o) => o.shrunk !== undefined)?.shrunk;
  return cause && { state: 'stopped', ...cause };
}
