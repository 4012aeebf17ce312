import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';

/** One thing to write. */
export interface OutgoingItem {
  /** Idempotency key: the same for every attempt of one write, so that a repeated one changes nothing there. */
  ref: string;
  /** The target's own key; absent: create. */
  naturalKey?: string;
  /** Columns to write; for a ticket, its rows in `rows`. */
  columns: Record<string, OutValue>;
  /** Tickets, in file order. */
  rows?: Record<string, OutValue>[];
  /** Until when the write knows what the target knew; for a ticket, when it was planned. */
  plannedAt: Date;
}

/** The target's answer to one item. `conflict`: it holds something newer. `failed`: it may be tried again. */
export type ItemAnswer =
  | { outcome: 'accepted'; naturalKey?: string; file?: string }
  | { outcome: 'conflict' }
  | { outcome: 'refused'; detail: string }
  | { outcome: 'failed'; detail: string };

/** How one target is written to; one implementation a protocol. */
export interface TargetChannel {
  /** At most so many items a call. */
  readonly maxItems: number;
  /** One answer an item, in order. Rejects when the target as a whole could not be reached: then nothing may be assumed. */
  write(items: readonly OutgoingItem[], signal: AbortSignal): Promise<ItemAnswer[]>;
  /** The target's record as it stands there now, read by the connector's own rules. */
  readBack?(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined>;
  /** Whether a dropped file was taken away. */
  takenAway?(file: string): Promise<boolean>;
}
