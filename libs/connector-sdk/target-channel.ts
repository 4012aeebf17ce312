import type { RecordType } from '#libs/kernel/record-key';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';

/** The token that a write will be acknowledged by, and a digest of what it says. */
export interface Intended {
  token: string;
  content: string;
}

/** Keeps, by ref, what a channel makes final next; resolves when it is durable. */
export type NoteIntended = (intended: ReadonlyMap<string, Intended>) => Promise<void>;

/** One thing to write. */
export interface OutgoingItem {
  /** Idempotency key: the same for every attempt of one write, so that a repeated one changes nothing there. */
  ref: string;
  recordType: RecordType;
  /** The target's own key; absent: create. */
  naturalKey?: string;
  /** Columns to write; for a ticket, its rows in `rows`. */
  columns: Readonly<Record<string, OutValue>>;
  /** What the target holds in these columns now, as far as the hub knows, spelt as there: for targets that take old and new. */
  held?: Readonly<Record<string, string>>;
  /** Columns of the target's own record that go along unchanged (`carry` of mapping.out.yaml). */
  carried?: Readonly<Record<string, string>>;
  /** Tickets, in file order. */
  rows?: Readonly<Record<string, OutValue>>[];
  /** What an earlier attempt, whose end is not known, was about to make final. */
  intended?: Intended;
  /** Until when the write knows what the target knew; for a ticket, when it was planned. */
  plannedAt: Date;
}

/**
 * The target's answer to one item. `accepted`: it is there, or lies where the target collects it; `token` names it for later
 * acknowledgements (a file, a row of an exchange table). `conflict`: the target holds something newer. `noRecord`: it has no
 * record with this key. `failed`: it may be
 * tried again. `unreached`: the target went away before this item was begun, which says nothing of it. A `detail` names columns and codes, never a personal value.
 */
export type ItemAnswer =
  | { outcome: 'accepted'; naturalKey?: string; token?: string }
  | { outcome: 'conflict' }
  | { outcome: 'noRecord' }
  | { outcome: 'refused'; detail: string }
  | { outcome: 'failed'; detail: string }
  | { outcome: 'unreached' };

/** What became, later, of a write that was accepted with a token. */
export type Acknowledgement = { outcome: 'pickedUp' } | { outcome: 'refused'; detail: string };

/** The write side of a system: one implementation a protocol. */
export interface TargetChannel {
  /** At most so many items a call. */
  readonly maxItems: number;
  /** One answer an item, in order. Where a write cannot be repeated harmlessly, `note` is told before it is made final. Rejects when the target as a whole could not be reached: then nothing may be assumed. */
  write(items: readonly OutgoingItem[], signal: AbortSignal, note?: NoteIntended): Promise<ItemAnswer[]>;
  /** The target's record as it stands there now, read by the connector's own rules. */
  readBack?(naturalKey: string, signal: AbortSignal): Promise<AnySourceRecord | undefined>;
  /** Tokens that the target has acknowledged or refused by now; the others are left out. */
  acknowledged?(tokens: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Acknowledgement>>;
  close?(): Promise<void>;
}
