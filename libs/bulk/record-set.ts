import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { RowCounts } from '#libs/store/snapshot-file-store';
import { compareHeld, hold, type HeldRecord } from './held-record.js';

/** Counts of one file while it is read. A row counts by its first record; records derived from it are not rows. */
export type FileCounts = RowCounts;

interface Slot {
  held: HeldRecord;
  /** Whose row it is, for its accepted and superseded counts; undefined for a derived record. */
  counts: FileCounts | undefined;
}

/** Versions of records as they are read: keeps the current one of each, hands out those it replaces. */
export class RecordSet {
  private readonly slots = new Map<RecordKey, Slot>();
  readonly history: { of: RecordKey; version: HeldRecord }[] = [];

  /** Records of one row. */
  add(records: readonly AnySourceRecord[], counts: FileCounts): void {
    counts.accepted += 1;
    records.forEach((record, i) => this.put(hold(record), i === 0 ? counts : undefined));
  }

  /** Takes over what another set holds: a file is only added when it was read to its end. */
  absorb(other: RecordSet): void {
    this.history.push(...other.history);
    for (const { held, counts } of other.slots.values()) this.put(held, counts);
  }

  current(): IterableIterator<HeldRecord> {
    return function* (slots: Iterable<Slot>) {
      for (const s of slots) yield s.held;
    }(this.slots.values());
  }

  private put(held: HeldRecord, counts: FileCounts | undefined): void {
    const slot = this.slots.get(held.key);
    if (slot === undefined) {
      this.slots.set(held.key, { held, counts });
      return;
    }
    const newer = compareHeld(held, slot.held) > 0;
    const loser = newer ? slot.held : held;
    const loserCounts = newer ? slot.counts : counts;
    if (loserCounts !== undefined) {
      loserCounts.accepted -= 1;
      loserCounts.superseded += 1;
    }
    if (!slot.held.content.equals(held.content)) this.history.push({ of: held.key, version: loser });
    if (newer) this.slots.set(held.key, { held, counts });
  }

  /** Ids of the current versions by key, for the history rows; call after ids were given. */
  idOf(key: RecordKey): number {
    return this.slots.get(key)!.held.id;
  }
}
