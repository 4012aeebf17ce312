import { encodeEvent } from '#libs/bus/cloud-event';
import type { Log } from '#libs/bus/log';
import type { DeadRow, RowOutcome } from '#libs/connector-sdk/table-mapper';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import type { Sealing } from '#libs/platform/sealing';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { contentText } from '#libs/store/record-content';
import { keyOf, recordRef } from '#libs/store/source-record-codec';
import { StreamRowStore, type StreamRows } from '#libs/store/stream-row-store';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import { WatermarkStore } from '#libs/store/watermark-store';
import { isFileChannel } from './file-mark.js';

export interface TakeParts {
  log: Pick<Log, 'publish'>;
  unitOfWork: UnitOfWork;
  sealing: Sealing;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** Stream of what a system pushes: it has no watermark. */
const PUSHED = 'push';

/** Where a source stands once the rows are taken. */
export interface MovedWatermark {
  channel: string;
  /** Absent: its watermark stays. */
  position?: object;
}

/**
 * Takes rows into the hub, whatever brought them: accepted records are published first; when the log has acknowledged them,
 * dead letters and watermark are stored in one transaction. A kill in between publishes the same events again, under the
 * same ids, and the inbox of resolution drops them.
 */
export class TakeRows {
  readonly deadLetters: DeadLetterStore;
  readonly watermarks: WatermarkStore;
  private readonly streamRows: StreamRowStore;
  private readonly rows;

  constructor(private readonly parts: TakeParts) {
    this.deadLetters = new DeadLetterStore(parts.sealing, parts.clock);
    this.watermarks = new WatermarkStore(parts.clock);
    this.streamRows = new StreamRowStore(parts.clock);
    this.rows = parts.metrics.counter('yici_intake_rows_total', 'Rows taken, by what became of them.', ['system', 'outcome']);
  }

  /** Throws a retriable YICI_INTAKE_NOT_TAKEN when log or store are away: then the same rows are to be offered again. */
  async take(system: string, outcomes: readonly RowOutcome[], moved?: MovedWatermark): Promise<void> {
    const dead = outcomes.filter((o) => o.kind === 'dead');
    try {
      await this.publish(outcomes.flatMap((o) => (o.kind === 'accepted' ? o.records : [])));
      await this.store(system, outcomes, dead, moved);
    } catch (cause) {
      throw new YiciError({
        code: 'YICI_INTAKE_NOT_TAKEN', stage: 'receiving', retriable: true, cause,
        message: 'The hub cannot take records at the moment.', fix: 'Send the same again; what was taken already has no effect twice.',
      });
    }
    for (const o of outcomes) this.rows.inc({ system, outcome: o.kind });
  }

  /** Resolves when every record is durable on the log. */
  async publish(records: readonly AnySourceRecord[]): Promise<void> {
    if (records.length === 0) return;
    const { sealing, clock, log } = this.parts;
    const time = new Date(clock.now()).toISOString();
    await log.publish(TOPIC.sourceRecordAccepted, records.map((record) => ({
      key: recordRef(sealing, keyOf(record)).toString('hex'),
      value: encodeEvent(sealing, { id: eventId(sealing, record), type: TOPIC.sourceRecordAccepted, source: '/intake', time, data: { record } }),
    })));
  }

  private async store(system: string, outcomes: readonly RowOutcome[], dead: readonly DeadRow[], moved: MovedWatermark | undefined): Promise<void> {
    const { unitOfWork } = this.parts;
    const added = await unitOfWork.run(async (tx) => {
      // Rows of files are counted by the file.
      const stream = moved?.channel ?? PUSHED;
      if (!isFileChannel(stream)) await this.streamRows.add(tx, system, stream, counted(outcomes));
      const ids = await this.deadLetters.add(tx, dead.map((row) => {
        const { recordType, naturalKey, code, stage, reason, source, position, bytes } = row;
        return { system, recordType, code, stage, reason, origin: { source, position }, bytes, ...(naturalKey !== undefined && { naturalKey }) };
      }));
      if (moved?.position !== undefined) await this.watermarks.move(tx.manager, system, moved.channel, moved.position);
      return ids;
    });
    const raised = dead.flatMap(({ recordType, code, stage }, i) => (added[i] === undefined ? [] : [{ id: added[i], system, recordType, code, stage }]));
    if (raised.length > 0) await this.tell(raised);
  }

  /** The letters stand in the store; whoever watches the topic hears of them sooner. */
  private async tell(raised: readonly { id: string; system: string; recordType: string; code: string; stage: string }[]): Promise<void> {
    const { sealing, clock, log, logger } = this.parts;
    const time = new Date(clock.now()).toISOString();
    await log.publish(TOPIC.deadLetter, raised.map((data) => ({
      key: data.id, value: encodeEvent(sealing, { id: data.id, type: TOPIC.deadLetter, source: '/intake', time, data }),
    }))).catch((error: unknown) => logger.warn('intake.deadLettersNotTold', { letters: raised.length }, error));
  }
}

function counted(outcomes: readonly RowOutcome[]): StreamRows {
  const of = (kind: RowOutcome['kind']): number => outcomes.filter((o) => o.kind === kind).length;
  return { read: outcomes.length, accepted: of('accepted'), void: of('void'), dead: of('dead') };
}

/**
 * The same whenever the same row gives the same record: keyed hash of where the row stands (file digest or stream, position),
 * which record it became, and its version. The version is in it because one row of an exchange table becomes another version
 * when a row that it looks up changes, and because a mended mapping reads a dead row anew.
 */
function eventId(sealing: Sealing, record: AnySourceRecord): string {
  const { source, position } = record.origin;
  return `read-${sealing.ref('event', `${source} ${position} ${keyOf(record)} ${record.order} ${contentText(record)}`).toString('hex')}`;
}
