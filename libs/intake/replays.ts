import { decodeEvent } from '#libs/bus/cloud-event';
import type { Batch, Log } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import { fileNamePattern } from '#libs/connector-sdk/file-name';
import { dbfDate } from '#libs/connector-sdk/formats/dbf-header';
import type { TableSpec } from '#libs/connector-sdk/manifest';
import { eventAgain } from '#libs/connector-sdk/open-doors';
import type { RawRow } from '#libs/connector-sdk/row';
import { TableMapper, tableOfStream, type RowOrigin, type RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC, type Topic } from '#libs/model/events';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { findCity } from '#libs/store/city-store';
import type { DeadLetter } from '#libs/store/dead-letter-store';
import { SnapshotFileEntity } from '#libs/store/entities';
import type { Transaction, UnitOfWork } from '#libs/store/unit-of-work';
import type { Divisions } from '#libs/values/divisions';
import { fileChannel, type FileMark } from './file-mark.js';
import { readJsonAgain, readRowAgain } from './read-row-again.js';
import type { TakeRows } from './take-rows.js';

export interface ReplayParts {
  connectors: readonly Connector[];
  divisions: Divisions;
  unitOfWork: UnitOfWork;
  log: Log;
  sealing: Sealing;
  takeRows: TakeRows;
  logger: Logger;
}

/** Letters of these stages are rows that could not be read. Those of `resolving` are messages for the log; those of `sending` are fan-out's. */
const STAGES = new Set(['decoding', 'mapping']);

/** Rows of streams are JSON objects, or what the table's own format holds for one row. */
const OPENING_BRACE = 0x7b;

/** A row as it was kept, and where it came from. */
interface KeptRow {
  table: TableSpec;
  origin: RowOrigin;
  read(): RawRow | Promise<RawRow>;
}

/** Reads dead rows once more, with the mapping as it is now, after its cause was mended. */
export class Replays {
  private readonly connectors: ReadonlyMap<string, Connector>;

  constructor(private readonly parts: ReplayParts) {
    this.connectors = new Map(parts.connectors.map((c) => [c.id, c]));
  }

  /** Commands of kind `replay`; others, and letters of other rooms, are for others. */
  async commands(batch: Batch): Promise<void> {
    for (const message of batch.messages) {
      const id = this.letterOf(message.value);
      if (id !== undefined) await this.replay(id);
    }
  }

  /**
   * Harmless to repeat. A row that can be read now is published and its letter marked; one that still cannot keeps its letter, with
   * the reason of today.
   */
  async replay(id: string): Promise<void> {
    const { unitOfWork, takeRows, logger } = this.parts;
    const letter = await unitOfWork.run((tx) => takeRows.deadLetters.find(tx, id));
    const topic = letter?.stage === 'resolving' ? topicOf(letter) : undefined;
    if (letter !== undefined && topic !== undefined) return this.publishAgain(letter, topic);
    const connector = letter && this.connectors.get(letter.system);
    if (letter === undefined || connector === undefined || !STAGES.has(letter.stage)) return;
    const outcome = await this.outcomeOf(letter, connector);
    if (outcome.kind === 'dead') {
      logger.info('intake.replayFailed', { system: letter.system, letter: id, code: outcome.code });
      await unitOfWork.run((tx) => takeRows.deadLetters.keepReason(tx, id, outcome));
      return;
    }
    if (outcome.kind === 'accepted') await takeRows.publish(outcome.records);
    await unitOfWork.run((tx) => takeRows.deadLetters.markReplayed(tx, id));
    logger.info('intake.replayed', { system: letter.system, letter: id, outcome: outcome.kind });
  }

  /**
   * A message that resolution set aside goes onto its topic again, as it is: its id is the same, and it had no effect yet. Its
   * place behind all others does no harm, for versions are ordered by their source. Failing again makes a letter of its own.
   */
  private async publishAgain(letter: DeadLetter, topic: Topic): Promise<void> {
    await this.parts.log.publish(topic, [{ key: letter.id, value: letter.bytes }]);
    await this.parts.unitOfWork.run((tx) => this.parts.takeRows.deadLetters.markReplayed(tx, letter.id));
  }

  private letterOf(value: Uint8Array): string | undefined {
    try {
      const { data } = decodeEvent(this.parts.sealing, TOPIC.command, value);
      return data.kind === 'replay' ? data.deadLetterId : undefined;
    } catch (error) {
      // Resolution reads the same topic and sets such a message aside.
      if (error instanceof YiciError && !error.retriable) return undefined;
      throw error;
    }
  }

  private async outcomeOf(letter: DeadLetter, connector: Connector): Promise<RowOutcome> {
    try {
      const kept = await this.keptRow(letter, connector);
      // A looked-up row is in another file: without it the record would lose values in silence.
      if (kept.table.lookup.length > 0) throw needsOthers();
      const event = eventAgain(connector, this.parts.divisions, letter.bytes, letter.origin.position, kept.origin);
      if (event !== undefined) return event;
      const mapper = new TableMapper(connector, kept.table.id, this.parts.divisions);
      return mapper.outcome(await kept.read(), kept.origin);
    } catch (error) {
      if (!(error instanceof YiciError) || error.retriable) throw error;
      return {
        kind: 'dead', source: letter.origin.source, position: letter.origin.position, recordType: letter.recordType as 'person', code: error.code,
        stage: error.stage === 'decoding' ? 'decoding' : 'mapping', reason: [error.message, error.fix].join(' '), bytes: letter.bytes,
      };
    }
  }

  private keptRow(letter: DeadLetter, connector: Connector): Promise<KeptRow> {
    const { source, position } = letter.origin;
    const observedAt = letter.createdAt.toISOString();
    const live = tableOfStream(source);
    if (live === undefined) return this.parts.unitOfWork.run((tx) => this.rowOfFile(tx, letter, connector));
    const table = connector.manifest.snapshot.tables.find((t) => t.id === live);
    if (table === undefined) throw unknownOrigin();
    const read = (): RawRow | Promise<RawRow> => letter.bytes[0] === OPENING_BRACE ? readJsonAgain(table, letter.bytes, position) : readRowAgain(table, undefined, letter.bytes, position);
    return Promise.resolve({ table, origin: { source, observedAt, fileDate: '' }, read });
  }

  private async rowOfFile(tx: Transaction, letter: DeadLetter, connector: Connector): Promise<KeptRow> {
    const { source, position } = letter.origin;
    const file = await tx.manager.findOneBy(SnapshotFileEntity, { digest: source });
    const mark = await this.parts.takeRows.watermarks.find<FileMark>(tx.manager, letter.system, fileChannel(source));
    const city = await findCity(tx.client);
    for (const table of file === null || city === undefined ? [] : connector.manifest.snapshot.tables) {
      const name = fileNamePattern(table.file)(file!.name);
      if (name === undefined) continue;
      // Times of the snapshot, as the first reading stamped them: a replay must not look newer than what came after it.
      const head = mark?.head === undefined ? undefined : Buffer.from(mark.head, 'base64');
      const inHeader = table.read.format === 'dbf' && head !== undefined ? dbfDate(head) : undefined;
      const { fileDate, observedAt } = mark?.stamp ?? { fileDate: name.date ?? inHeader ?? city!.snapshotDate.replaceAll('-', ''), observedAt: `${city!.snapshotDate}T00:00:00+08:00` };
      const origin = { source, observedAt, fileDate };
      return { table, origin, read: () => readRowAgain(table, head, letter.bytes, position) };
    }
    throw unknownOrigin();
  }
}

/** Letters of the resolving stage name topic and partition. */
function topicOf(letter: DeadLetter): Topic | undefined {
  const topic = letter.origin.source.split('/', 1)[0];
  return Object.values(TOPIC).find((t) => t === topic);
}

function needsOthers(): YiciError {
  return new YiciError({
    code: 'YICI_REPLAY_NEEDS_FILE', stage: 'mapping', message: 'This row is read together with rows of another table, which a replay does not have.',
    fix: 'Offer a corrected file: rows that were taken already have no effect twice.',
  });
}

function unknownOrigin(): YiciError {
  return new YiciError({
    code: 'YICI_REPLAY_ORIGIN_UNKNOWN', stage: 'mapping', message: 'The file or table of this row is not known any more.',
    fix: 'Offer a corrected file: rows that were taken already have no effect twice.',
  });
}
