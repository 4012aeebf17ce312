import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decodeSourceRecord, type StoredSourceRecord } from './source-record-codec.js';

/** About 2 KB a record. */
const MOST_OPENED = 20_000;
/** A version is sealed with a nonce of its own, so the beginning of its seal is never another's. */
const SEAL_BYTES = 40;

/**
 * Records kept open. Resolution, twelve planners and twelve senders read the same person within moments; opening a record is most
 * of what that costs. Every write seals the record anew, so what is kept is never older than its row.
 */
export class OpenedRecords {
  private static readonly bySealing = new WeakMap<Sealing, OpenedRecords>();
  private readonly kept = new Map<string, { seal: string; record: AnySourceRecord }>();

  private constructor(private readonly sealing: Sealing) {}

  /** One for all who read with these keys. */
  static of(sealing: Sealing): OpenedRecords {
    const known = this.bySealing.get(sealing) ?? new OpenedRecords(sealing);
    this.bySealing.set(sealing, known);
    return known;
  }

  /** The record of a row; shared, so never to be changed. */
  open(row: StoredSourceRecord): AnySourceRecord {
    const seal = row.sealed_body.toString('latin1', 0, SEAL_BYTES);
    const known = this.kept.get(row.id);
    const record = known?.seal === seal ? known.record : decodeSourceRecord(this.sealing, row);
    // Inserted anew, so that the first of the map is the one longest unused.
    this.kept.delete(row.id);
    this.kept.set(row.id, { seal, record });
    if (this.kept.size > MOST_OPENED) this.kept.delete(this.kept.keys().next().value!);
    return record;
  }
}
