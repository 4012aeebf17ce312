import type pg from 'pg';
import type { Log } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import type { LiveBatch, LiveMark, LiveSource } from '#libs/connector-sdk/live-source';
import { openSource, type PolledSpec } from '#libs/connector-sdk/open-source';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { WakeUp } from '#libs/platform/wake-up';
import { heldPositions } from '#libs/store/held-records';
import type { UnitOfWork } from '#libs/store/unit-of-work';
import { liveTrouble, type ConnectorStates, type Side, type Trouble } from './connector-states.js';
import { pauseAfter } from './pause-after.js';
import { ReadSoFar } from './read-so-far.js';
import { readAlone } from './sole-reader.js';
import type { TakeRows } from './take-rows.js';
import { PresentRecords, VanishedRecords } from './vanished-records.js';

export interface PollerParts extends ConnectionParts {
  pool: pg.Pool;
  log: Pick<Log, 'positions'>;
  sealing: Sealing;
  unitOfWork: UnitOfWork;
  logger: Logger;
  takeRows: TakeRows;
  states: ConnectorStates;
}

/** A page of 500 rows takes milliseconds; a system that answers nothing for so long is away, whatever its connection says. */
const SILENT_MS = 60_000;

/**
 * Polls one stream of a system that is asked. Its watermarks move only with what the log has acknowledged; a system that is away
 * or changed stops this reader alone, loudly, and is asked again with growing pauses until it is as agreed.
 */
export class LivePoller {
  private readonly stop = new AbortController();
  private readonly wakeUp = new WakeUp();
  private running: Promise<void> = Promise.resolve();
  private source: LiveSource | undefined;
  /** The last comparison missed more than may vanish at once. */
  private shrunk: Trouble | undefined;

  /** What tells this stream from the system's others, which may speak the same protocol. */
  private readonly stream: string;

  constructor(private readonly connector: Connector, private readonly spec: PolledSpec, private readonly parts: PollerParts) {
    this.stream = `${spec.protocol} ${'tables' in spec ? spec.tables.map((t) => t.table).join(' ') : spec.table}`;
  }

  private get side(): Side {
    return `live.${this.stream}`;
  }

  start(): void {
    this.running = this.run();
  }

  /** Lets the running batch end, then closes the connections. */
  async close(): Promise<void> {
    this.stop.abort();
    this.wakeUp.wake();
    await this.running;
    await this.forget();
  }

  private async run(): Promise<void> {
    const { logger, pool } = this.parts;
    const system = this.connector.id;
    const every = this.spec.pollSeconds * 1000;
    for (let failures = 0; !this.stop.signal.aborted;) {
      try {
        await readAlone(pool, `poll ${system} ${this.stream}`, () => this.poll());
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn('intake.pollFailed', { system, failures }, error);
      }
      if (!this.stop.signal.aborted) await this.wakeUp.wait(pauseAfter(failures, every));
    }
  }

  /** Everything that is new, once. Trouble of the source becomes the connector's state; trouble of the hub does not. */
  private async poll(): Promise<void> {
    const { states, unitOfWork, takeRows } = this.parts;
    const system = this.connector.id;
    const marks = await unitOfWork.run((tx) => takeRows.watermarks.list<LiveMark>(tx.manager, system));
    // An address that may not be called shows when the source is opened, and stands on its card like any other trouble.
    this.source ??= await this.ofSource(() => Promise.resolve(openSource(this.connector, this.spec, { ...this.parts, heldRows: this.heldRows() })));
    const batches = this.source.poll(marks, this.stop.signal);
    for (;;) {
      const next = await this.ofSource(() => batches.next());
      if (next.done === true) break;
      const { channel, rows, mark, taken, whole } = next.value;
      const gone = whole === undefined ? [] : await this.gone(whole);
      // A comparison that withdrew nothing is made again after a restart, so that the card goes on saying so.
      const moves = mark !== undefined && !(whole !== undefined && this.shrunk !== undefined);
      await takeRows.take(system, [...rows, ...gone], { channel, ...(moves && { position: mark }) });
      if (taken !== undefined) await this.ofSource(taken);
      if (this.stop.signal.aborted) return;
    }
    await states.report(system, this.side, this.shrunk);
  }

  /** The store tells what was handed out by an earlier process, or over an earlier connection, once resolution has read all of it. */
  private heldRows(): (stream: string) => Promise<ReadonlySet<number> | undefined> {
    const { pool, log } = this.parts;
    const read = new ReadSoFar(log);
    return async (stream) => ((await read.isReached()) ? heldPositions(pool, this.connector.id, stream) : undefined);
  }

  /** Withdraws what a whole table no longer holds. Where too much is missing at once nothing is, and the card says so until a later comparison is sound. */
  private async gone({ table, keys }: NonNullable<LiveBatch['whole']>): Promise<RowOutcome[]> {
    const { sealing, clock } = this.parts;
    try {
      const present = await PresentRecords.of(sealing, keys);
      const gone = await new VanishedRecords(this.parts).find(this.connector, this.connector.manifest.snapshot.tables.find((t) => t.id === table)!, present, new Date(clock.now()).toISOString());
      this.shrunk = undefined;
      return gone;
    } catch (error) {
      if (!(error instanceof YiciError) || error.code !== 'YICI_SOURCE_SHRUNK') throw error;
      this.shrunk = { state: 'stopped', code: error.code, reason: error.message };
      return [];
    }
  }

  private async ofSource<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await answered(work());
    } catch (error) {
      // What a closing hub cut short is no trouble of the system.
      if (error instanceof YiciError && !this.stop.signal.aborted) await this.parts.states.report(this.connector.id, this.side, liveTrouble(error));
      // A new connection next time: the old one may be the one that died.
      await this.forget();
      throw error;
    }
  }

  private async forget(): Promise<void> {
    const { source } = this;
    // What the source remembers of its window goes with it: rows of the window come again, to no effect.
    this.source = undefined;
    await source?.close().catch((error: unknown) => this.parts.logger.debug('intake.sourceNotClosed', { reason: String((error as Error).name) }));
  }
}

async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new YiciError({
      code: 'YICI_SOURCE_UNREACHABLE', stage: 'receiving', retriable: true,
      message: 'The system does not answer.', fix: 'It is tried again by itself; check that it is not blocked.',
    })), SILENT_MS);
  });
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}
