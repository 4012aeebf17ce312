import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { RowOutcome } from './table-mapper.js';

/** Where a stream of a system was read to: whatever its protocol needs to go on, as JSON. Only its own source reads it. */
export type LiveMark = Readonly<Record<string, unknown>>;

/** Rows of one stream, and what holds once they are durable in the hub. */
export interface LiveBatch {
  /** Name of the stream within its system; each has a watermark of its own. */
  channel: string;
  rows: RowOutcome[];
  /** Kept only after the log has acknowledged `rows`; absent: the watermark stays. */
  mark?: LiveMark;
  /**
   * Tells the system that the rows were taken, after they and the mark are durable (TBBZ 1). When it fails the system offers
   * the same rows again, to no effect.
   */
  taken?(): Promise<void>;
  /** A table was read as a whole: records of it that the hub holds and that are not among these keys are gone there. */
  whole?: { table: string; keys: ReadonlySet<RecordKey> };
}

/** The read side of a system that is asked: one implementation a protocol. Every rejection is a YiciError. */
export interface LiveSource {
  /** Everything new since the marks (by channel; absent: from the beginning). Asking for the next batch takes the one before. */
  poll(marks: ReadonlyMap<string, LiveMark>, signal: AbortSignal): AsyncGenerator<LiveBatch>;
  /** Everything that the system holds now, whatever was read before: for reconciliation. */
  readAll?(signal: AbortSignal): AsyncGenerator<RowOutcome[]>;
  /** One record as it stands there now, where the system can be asked for one. */
  readOne?(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined>;
  close(): Promise<void>;
}
