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

type SealedBody = Omit<RecordContent, 'state' | 'test'>;

/** Blind index of a record key. */
export function recordRef(sealing: Sealing, key: RecordKey): Buffer {
  return sealing.ref('record', key);
}

export function keyOf(record: AnySourceRecord): RecordKey {
  return recordKey(record.system, record.recordType, record.naturalKey);
}

/** Seals a record for its row; the caller gives the id, and the content digest when it has it. */
export function encodeSourceRecord(sealing: Sealing, record: AnySourceRecord, id: number, digest?: Buffer): SourceRecordRow {
  const key = keyOf(record);
  const { body, raw, issues, legacy, hubOrigin } = record;
  return {
    id, record,
    recordRef: recordRef(sealing, key),
    contentDigest: digest ?? contentDigest(sealing, record),
    sealedKey: sealing.seal(key),
    sealedBody: sealing.sealJson({ body, raw, issues, legacy, hubOrigin } satisfies SealedBody),
  };
}

export function contentDigest(sealing: Sealing, record: AnySourceRecord): Buffer {
  return sealing.ref('content', contentText(record));
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
  const { system, recordType, naturalKey } = parseRecordKey(sealing.openText(row.sealed_key));
  const sealed = sealing.openJson<SealedBody>(row.sealed_body);
  const record = {
    system, recordType, naturalKey,
    order: row.version_order,
    sourceTime: row.source_time?.toISOString(),
    observedAt: row.observed_at.toISOString(),
    state: row.state,
    test: row.test || undefined,
    ...sealed,
    origin: { source: row.origin_source, position: Number(row.origin_position) },
  };
  return record as AnySourceRecord;
}
