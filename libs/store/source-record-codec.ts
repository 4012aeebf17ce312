import { recordKey, parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { contentText, type RecordContent } from './record-content.js';

/** A row of source_record, as it is stored. `id` comes from source_record_id_seq. */
export interface SourceRecordRow {
  id: number;
  recordRef: Buffer;
  contentDigest: Buffer;
  sealedKey: Buffer;
  sealedBody: Buffer;
  record: AnySourceRecord;
}

/** Blind index of a record key. */
export function recordRef(sealing: Sealing, key: RecordKey): Buffer {
  return sealing.ref('record', key);
}

export function keyOf(record: AnySourceRecord): RecordKey {
  return recordKey(record.system, record.recordType, record.naturalKey);
}

/**
 * Seals a record for its row; the caller gives the id, and the content text when it has it. What is sealed is the very text that
 * the digest is of: one serialisation serves both.
 */
export function encodeSourceRecord(sealing: Sealing, record: AnySourceRecord, id: number, content = contentText(record)): SourceRecordRow {
  const key = keyOf(record);
  return {
    id, record,
    recordRef: recordRef(sealing, key),
    contentDigest: contentDigest(sealing, content),
    sealedKey: sealing.seal(key),
    sealedBody: sealing.seal(content),
  };
}

export function contentDigest(sealing: Sealing, content: string): Buffer {
  return sealing.ref('content', content);
}

/** Columns of source_record from which {@link decodeSourceRecord} makes the record again. */
export const SOURCE_RECORD_COLUMNS =
  'id, version_order, source_time, observed_at, state, test, origin_source, origin_position, sealed_key, sealed_body';

export interface StoredSourceRecord {
  id: string;
  version_order: string;
  source_time: Date | null;
  observed_at: Date;
  state: 'current' | 'withdrawn';
  test: boolean;
  origin_source: string;
  origin_position: string;
  sealed_key: Buffer;
  sealed_body: Buffer;
}

export function decodeSourceRecord(sealing: Sealing, row: StoredSourceRecord): AnySourceRecord {
  return decodeRecord(sealing, sealing.openText(row.sealed_key), row);
}

/** The same where the key is known: it is not opened. */
export function decodeRecord(sealing: Sealing, key: RecordKey, row: Omit<StoredSourceRecord, 'sealed_key' | 'state' | 'test'>): AnySourceRecord {
  const content = JSON.parse(sealing.openText(row.sealed_body)) as RecordContent;
  return recordOf(key, content, {
    order: row.version_order,
    sourceTime: row.source_time?.toISOString(),
    observedAt: row.observed_at.toISOString(),
    origin: { source: row.origin_source, position: Number(row.origin_position) },
  });
}

/** A source record from its key, its content and what is not content. */
export function recordOf(key: RecordKey, content: RecordContent, rest: Pick<AnySourceRecord, 'order' | 'sourceTime' | 'observedAt' | 'origin'>): AnySourceRecord {
  return { ...parseRecordKey(key), ...rest, ...content, test: content.test || undefined } as AnySourceRecord;
}
