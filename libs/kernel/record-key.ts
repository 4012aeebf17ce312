import { YiciError } from './errors.js';

/** What a record is about. */
export type RecordType = 'person' | 'household' | 'dwelling';

/** `system:recordType:naturalKey`. The natural key may itself hold colons. */
export type RecordKey = string;

export function recordKey(system: string, recordType: RecordType, naturalKey: string): RecordKey {
  return `${system}:${recordType}:${naturalKey}`;
}

/** Splits a record key; throws YICI_RECORD_KEY_MALFORMED when it is not `system:recordType:naturalKey`. */
export function parseRecordKey(key: RecordKey): { system: string; recordType: RecordType; naturalKey: string } {
  const first = key.indexOf(':');
  const second = key.indexOf(':', first + 1);
  const recordType = key.slice(first + 1, second);
  if (first < 1 || second < 0 || second === key.length - 1 || !isRecordType(recordType)) {
    throw new YiciError({
      code: 'YICI_RECORD_KEY_MALFORMED',
      stage: 'serving',
      message: 'A record key looks like system:person:key (or household, dwelling).',
    });
  }
  return { system: key.slice(0, first), recordType, naturalKey: key.slice(second + 1) };
}

export function isRecordType(s: string): s is RecordType {
  return s === 'person' || s === 'household' || s === 'dwelling';
}
