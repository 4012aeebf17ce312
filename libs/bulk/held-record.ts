import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { compareVersions } from '#libs/store/record-content';
import { decodeSourceRecord, encodeSourceRecord, keyOf, type StoredSourceRecord } from '#libs/store/source-record-codec';

/**
 * A source record as a load holds it until it is copied: its row with the sealed bytes (about 700), not its objects
 * (about 3 KB). Four hundred thousand records fit 300 MB.
 */
export interface HeldRecord {
  id: number;
  key: RecordKey;
  system: string;
  recordType: AnySourceRecord['recordType'];
  ref: Buffer;
  digest: Buffer;
  order: string;
  /** Unix milliseconds; null where the source does not say. */
  sourceTime: number | null;
  observedAt: number;
  state: 'current' | 'withdrawn';
  test: boolean;
  origin: { source: string; position: number };
  sealedKey: Buffer;
  sealedBody: Buffer;
  issues: readonly { field: string; code: string }[];
}

export function hold(sealing: Sealing, record: AnySourceRecord): HeldRecord {
  const row = encodeSourceRecord(sealing, record, 0);
  return {
    id: 0, key: keyOf(record), system: record.system, recordType: record.recordType, ref: row.recordRef, digest: row.contentDigest, order: record.order,
    sourceTime: record.sourceTime === undefined ? null : Date.parse(record.sourceTime), observedAt: Date.parse(record.observedAt),
    state: record.state, test: record.test === true, origin: record.origin, sealedKey: row.sealedKey, sealedBody: row.sealedBody,
    issues: record.issues ?? [],
  };
}

/** The source record again. */
export function release(sealing: Sealing, held: HeldRecord): AnySourceRecord {
  const stored: StoredSourceRecord = {
    id: String(held.id), version_order: held.order, source_time: held.sourceTime === null ? null : new Date(held.sourceTime), observed_at: new Date(held.observedAt),
    state: held.state, test: held.test, origin_source: held.origin.source, origin_position: String(held.origin.position), sealed_key: held.sealedKey, sealed_body: held.sealedBody,
  };
  return decodeSourceRecord(sealing, stored);
}

/** Which of two versions of one record stands, as the store decides it: by order, then by content. Positive: `a`. */
export function compareHeld(sealing: Sealing, a: HeldRecord, b: HeldRecord): number {
  if (a.digest.equals(b.digest)) return a.order === b.order ? (a.sourceTime ?? 0) - (b.sourceTime ?? 0) : a.order < b.order ? -1 : 1;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return compareVersions(release(sealing, a), release(sealing, b));
}
