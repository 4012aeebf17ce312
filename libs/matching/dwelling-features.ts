import { recordKey } from '#libs/kernel/record-key';
import type { RecordKey } from '#libs/kernel/record-key';
import type { SourceRecord } from '#libs/model/source-record';

export interface DwellingFeatures {
  readonly type: 'dwelling';
  readonly key: RecordKey;
  /** FWBM; empty when the record has none. */
  readonly code: string;
}

export function dwellingFeatures(record: SourceRecord<'dwelling'>): DwellingFeatures {
  return { type: 'dwelling', key: recordKey(record.system, 'dwelling', record.naturalKey), code: record.body.code ?? '' };
}
