import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import { YiciError } from '#libs/kernel/errors';
import { uuidv7 } from '#libs/kernel/ids';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Logger } from '#libs/platform/logger';
import type { Sealing } from '#libs/platform/sealing';
import { SessionLocks } from '#libs/platform/session-locks';
import { offerMarks, type OfferChannel, type OfferMark } from '#libs/store/offered-files';
import { contentText } from '#libs/store/record-content';
import { contentDigest } from '#libs/store/source-record-codec';
import { WatermarkStore } from '#libs/store/watermark-store';
import { DriftRepair } from './drift-repair.js';
import type { Drift, ReconciliationRun } from './drift-store.js';
import type { FanoutStore } from './fanout-store.js';
import { LostWrites } from './lost-writes.js';
import { SeenRecords, type Unmatched } from './seen-records.js';
import { targetOf } from './target.js';
import { targetRecords, type OfferedFiles, type TargetRecordParts } from './target-records.js';

export interface ReconcilerParts extends Omit<TargetRecordParts, 'clock'> {
  store: FanoutStore;
  sealing: Sealing;
  log: Pick<Log, 'publish'>;
  logger: Logger;
  connectors: readonly Connector[];
  /** A change that is on its way through the hub is no drift: what differs is looked at again after so many milliseconds. Default 3,000. */
  settleMs?: number;
}

export interface ReconcileOptions {
  repair?: boolean;
  actor: string;
  /** Told now and then how many records were read. */
  onRead?: (records: number) => void;
}

/** Class of the locks that keep two runs of one target apart. */
const RECONCILE_LOCK = 0x7265_636f;
const RELEASE_MS = 50;
const RELEASE_TRIES = 100;

/**
 * Compares what a target holds with what the hub holds of it: by key and content digest, a page at a time. The keys are hashed as
 * the store's own are, so that no key is compared in the clear. Finds four kinds of drift, keeps each with its age, and on
 * request sends what can be mended its normal way. Measured: docs/benchmarks.md.
 */
export class Reconciler {
  constructor(private readonly parts: ReconcilerParts) {}

  /**
   * Runs to its end. Throws YICI_RECONCILE_UNKNOWN_TARGET, YICI_RECONCILE_RUNNING; a target that cannot be read gives a run that
   * failed, with its reason.
   */
  async run(targetId: string, options: ReconcileOptions): Promise<ReconciliationRun> {
    const { run, done } = await this.begin(targetId, options);
    return (await done) ?? run;
  }

  /** Begins a run and gives its id at once; `done` never rejects. */
  async begin(targetId: string, options: ReconcileOptions): Promise<{ run: ReconciliationRun; done: Promise<ReconciliationRun | undefined> }> {
    const { store, connectors } = this.parts;
    const connector = connectors.find((c) => c.id === targetId);
    if (connector === undefined) throw unknownTarget();
    const locks = SessionLocks.of(store.pool);
    if (!(await this.take(locks, targetId))) throw alreadyRuns(targetId);
    const id = uuidv7(store.clock.now());
    try {
      await store.unitOfWork.run((tx) => store.drift.begin(tx, { id, target: targetId, actor: options.actor, repair: options.repair === true }));
    } catch (error) {
      await locks.release(RECONCILE_LOCK, targetId);
      throw error;
    }
    const done = this.work(connector, id, options).finally(() => locks.release(RECONCILE_LOCK, targetId)).then(() => store.drift.lastRun(targetId)).catch((error: unknown) => {
      this.parts.logger.error('fanout.reconcileFailed', { target: targetId, run: id }, error);
      return undefined;
    });
    const run = (await store.drift.lastRun(targetId))!;
    return { run, done };
  }

  /** A run says that it is done while it still holds its lock, for a moment. */
  private async take(locks: SessionLocks, targetId: string): Promise<boolean> {
    for (let tries = 1; !(await locks.take(RECONCILE_LOCK, targetId)); tries++) {
      if (tries === RELEASE_TRIES || (await this.parts.store.drift.lastRun(targetId))?.state === 'running') return false;
      await sleep(RELEASE_MS);
    }
    return true;
  }

  private async work(connector: Connector, id: string, options: ReconcileOptions): Promise<void> {
    const { store, sealing, logger } = this.parts;
    const counts = { recordsRead: 0, recordsHeld: 0, repaired: 0 };
    const end = { id, target: connector.id };
    let seen: SeenRecords | undefined;
    try {
      seen = await SeenRecords.open(store.pool, sealing, connector.id);
      await this.compare(connector, id, seen, options, counts);
      await store.unitOfWork.run((tx) => store.drift.end(tx, { ...end, ...counts, state: 'done' }));
      logger.info('fanout.reconciled', { target: connector.id, run: id, ...counts });
    } catch (error) {
      logger.warn('fanout.reconcileFailed', { target: connector.id, run: id }, error);
      const why = error instanceof YiciError ? { code: error.code, reason: error.message } : { code: 'YICI_RECONCILE_FAILED', reason: '核对中断，请稍后重试。The comparison broke off; try again later.' };
      await store.unitOfWork.run((tx) => store.drift.end(tx, { ...end, ...counts, ...why, state: 'failed' }));
    } finally {
      await seen?.close();
    }
  }

  private async compare(connector: Connector, id: string, seen: SeenRecords, options: ReconcileOptions, counts: { recordsRead: number; recordsHeld: number; repaired: number }): Promise<void> {
    const { store, parts } = { store: this.parts.store, parts: { ...this.parts, clock: this.parts.store.clock } };
    const target = targetOf(connector);
    const lost = new LostWrites(store, target);
    const repair = new DriftRepair(this.parts, target, id);
    const keep = async (drift: readonly Drift[], records: readonly AnySourceRecord[] = []): Promise<void> => {
      await store.unitOfWork.run((tx) => store.drift.found(tx, target.id, id, drift));
      if (options.repair === true) counts.repaired += await repair.repair(drift, records);
    };
    let shownAsOf: number | undefined;
    for await (const { records, asOf } of targetRecords(connector, parts, () => this.offered(connector), new AbortController().signal)) {
      if (records.length > 0) shownAsOf = Math.min(shownAsOf ?? asOf, asOf);
      const withRefs = records.map((record) => ({ ref: store.refOf(record), record }));
      const held = await seen.heldDigests(withRefs.map((r) => r.ref));
      await seen.add(withRefs.map(({ ref, record }) => ({
        ref, record, matched: held.get(ref.toString('hex'))?.equals(contentDigest(this.parts.sealing, contentText(record))) === true,
      })));
      const writes = await lost.find(withRefs, asOf);
      if (writes.length > 0) await keep(writes);
      counts.recordsRead += records.length;
      options.onRead?.(counts.recordsRead);
    }
    counts.recordsHeld = await seen.countHeld();
    await this.settle();
    for await (const page of seen.unmatched()) {
      const { drift, records } = differing(page);
      await keep(drift, records);
    }
    for await (const page of seen.unseen()) await keep(await lost.unseen(page, shownAsOf));
  }

  /** What intake took of this system's files, fetched or uploaded. */
  private async offered({ id }: Connector): Promise<OfferedFiles> {
    const { unitOfWork, clock } = this.parts.store;
    const watermarks = new WatermarkStore(clock);
    const marks = (channel: OfferChannel): Promise<Map<string, OfferMark>> => unitOfWork.run((tx) => offerMarks(watermarks, tx.manager, id, channel));
    return new Map([...(await marks('file-fetch')), ...(await marks('file-upload'))]);
  }

  private async settle(): Promise<void> {
    const ms = this.parts.settleMs ?? 3000;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function differing(page: readonly Unmatched[]): { drift: Drift[]; records: AnySourceRecord[] } {
  const found = page.filter(({ record, held }) => held === undefined || said(record) !== said(held));
  return {
    drift: found.map(({ ref, record, held }): Drift => ({ kind: held === undefined ? 'missed' : 'changed', ref, recordType: record.recordType, naturalKey: record.naturalKey })),
    records: found.map((f) => f.record),
  };
}

/** What a version says; which of its fields repeat the hub is the hub's own mark. */
function said(record: AnySourceRecord): string {
  return contentText({ ...record, hubOrigin: undefined, ownValues: undefined });
}

function unknownTarget(): YiciError {
  return new YiciError({ code: 'YICI_RECONCILE_UNKNOWN_TARGET', stage: 'serving', message: '没有这个系统。There is no system of this name.', fix: 'Give the id of a connector folder, e.g. grid.' });
}

function alreadyRuns(target: string): YiciError {
  return new YiciError({ code: 'YICI_RECONCILE_RUNNING', stage: 'serving', retriable: true, message: `系统 ${target} 正在核对中。${target} is being compared already.`, fix: 'Wait for the running comparison to end; its result is shown when it has.' });
}
