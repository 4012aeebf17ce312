import type { Connector } from '#libs/connector-sdk/connector';
import { fileNamePattern } from '#libs/connector-sdk/file-name';
import type { FileStamp } from '#libs/connector-sdk/row';
import { diskFile, fileDateOf, fileDigest, type TableFile } from '#libs/connector-sdk/snapshot-files';
import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';
import { offeredDate, offerMarks, type OfferChannel, type OfferFault, type OfferMark } from '#libs/store/offered-files';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import type { Divisions } from '#libs/values/divisions';
import type { Trouble } from './connector-states.js';
import type { ReadOutcome, SnapshotIntake } from './snapshot-intake.js';
import type { TakeRows } from './take-rows.js';

export interface FileOfferParts {
  unitOfWork: UnitOfWork;
  takeRows: TakeRows;
  divisions: Divisions;
  clock: Clock;
}

/** A file that lies in the hub's spool, whole. */
export interface OfferedFile {
  path: string;
  /** When its system wrote it, milliseconds since 1970. */
  exportedAt: number;
  fingerprint: string;
}

const CHINA_OFFSET_MS = 8 * 3_600_000;

/**
 * Files of one system that came by fetching or uploading, known by their names. They are read as snapshot files are (digests, refused as a
 * whole, resumed after a kill); a name and date that comes again with new content is a later edition and stands over the earlier one.
 */
export class FileOffers {
  constructor(private readonly connector: Connector, private readonly channel: OfferChannel, private readonly intake: SnapshotIntake, private readonly parts: FileOfferParts) {}

  /** By file name. */
  async marks(): Promise<Map<string, OfferMark>> {
    const { unitOfWork, takeRows } = this.parts;
    return unitOfWork.run((tx) => offerMarks(takeRows.watermarks, tx.manager, this.connector.id, this.channel));
  }

  /** Which table's rows a file of this name holds; undefined: none. */
  tableOf(name: string): Pick<TableFile, 'table' | 'name'> | undefined {
    for (const table of this.connector.manifest.snapshot.tables) {
      const parts = fileNamePattern(table.file)(name);
      if (parts !== undefined) return { table, name: parts };
    }
    return undefined;
  }

  /** Reads a file to its end and remembers what became of it; undefined when the signal ended it before (then it goes on next time). */
  async take(offered: OfferedFile, signal: AbortSignal): Promise<OfferMark | undefined> {
    const { clock, divisions } = this.parts;
    const file = diskFile(offered.path);
    const found = this.tableOf(file.name)!;
    const digest = await fileDigest(file);
    const exported = Math.min(offered.exportedAt, clock.now());
    const date = (await fileDateOf({ ...found, file })) ?? new Date(exported + CHINA_OFFSET_MS).toISOString().slice(0, 10).replaceAll('-', '');
    const marks = await this.marks();
    const edition = editionOf(marks.get(file.name), date, digest);
    // An export that says again what an earlier one said, after another in between, is a statement of its own.
    const repeated = [...marks].some(([name, mark]) => name !== file.name && mark.digest === digest);
    const outdated = [...marks].some(([name, mark]) => mark.refused === undefined && mark.date > date && this.tableOf(name)?.table.id === found.table.id);
    const stamp: FileStamp = {
      fileDate: offeredDate({ date, edition }), observedAt: new Date(exported).toISOString(), ...(outdated && { outdated }),
      identity: edition === 1 && !repeated ? digest : sha256Hex(`${digest} ${repeated ? file.name : ''} ${edition}`),
    };
    const outcomes = await this.intake.readFiles(this.connector, [{ ...file, stamp }], { divisions, snapshotDate: date, observedAt: stamp.observedAt }, signal);
    if (signal.aborted) return undefined;
    const said = outdated && found.table.whole !== undefined ? { outdated } as const : {};
    return this.remember(file.name, { fingerprint: offered.fingerprint, digest, identity: stamp.identity, date, edition, takenAt: clock.now(), ...said, ...faultsOf(outcomes) });
  }

  async remember(name: string, mark: OfferMark): Promise<OfferMark> {
    const { unitOfWork, takeRows } = this.parts;
    await unitOfWork.run((tx) => takeRows.watermarks.move(tx.manager, this.connector.id, `${this.channel}:${name}`, mark));
    return mark;
  }

  /** A file that was refused, or misses too much, stops the connector until a sound one of the same table and a later date came, or it was replaced. */
  async trouble(): Promise<Trouble | undefined> {
    const marks = [...(await this.marks())].map(([name, mark]) => ({ name, mark, table: this.tableOf(name)?.table.id }));
    const stopping = marks.find(({ mark, table }) => faultOf(mark) !== undefined && !marks.some((other) =>
      faultOf(other.mark) === undefined && other.table === table && other.mark.date > mark.date));
    if (stopping !== undefined) return { state: 'stopped', ...faultOf(stopping.mark)! };
    const last = marks.filter(({ mark }) => mark.takenAt !== undefined).sort((a, b) => b.mark.takenAt! - a.mark.takenAt!)[0];
    return last?.mark.outdated && { state: 'running', code: 'YICI_FILE_OUTDATED', reason: `${last.name} came after an export of a later date: what that one says stands, and nothing that is missing here was withdrawn.` };
  }
}

function faultOf({ refused, shrunk }: OfferMark): OfferFault | undefined {
  return refused ?? shrunk;
}

function editionOf(before: OfferMark | undefined, date: string, digest: string): number {
  if (before === undefined || before.date !== date || before.digest === '') return 1;
  return before.digest === digest ? before.edition : before.edition + 1;
}

function faultsOf([outcome]: readonly ReadOutcome[]): Pick<OfferMark, 'refused' | 'shrunk'> {
  const own = ({ code, reason }: OfferFault): OfferFault => ({ code: fileCode(code), reason });
  return { ...(outcome?.refused && { refused: own(outcome.refused) }), ...(outcome?.shrunk && { shrunk: own(outcome.shrunk) }) };
}

/** The same fault of a file that came by itself: its reader remembers it, whatever becomes of other snapshots. */
export function fileCode(code: string): string {
  return code === 'YICI_SNAPSHOT_NOT_READY' ? 'YICI_FILE_INCOMPLETE' : code.replace(/^YICI_(SNAPSHOT|SOURCE)_/, 'YICI_FILE_');
}
