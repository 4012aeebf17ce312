import type { RecordKey } from '#libs/kernel/record-key';
import { restrictedFacetsOf } from '#libs/model/restricted';
import type { AnySourceRecord } from '#libs/model/source-record';
import { featuresOfRecord, type RecordFeatures } from '#libs/resolution/record-features';
import { contentText, type RecordContent } from '#libs/store/record-content';
import { keyOf, recordOf } from '#libs/store/source-record-codec';

/**
 * A source record as a load holds it until its system is copied: its content as the text that will be sealed (about 900
 * bytes outside the heap), not its objects (about 3 KB), and what matching needs of it.
 */
export interface HeldRecord {
  id: number;
  key: RecordKey;
  system: string;
  recordType: AnySourceRecord['recordType'];
  order: string;
  sourceTime: string | undefined;
  observedAt: string;
  state: 'current' | 'withdrawn';
  test: boolean;
  origin: { source: string; position: number };
  /** Content text, UTF-8. */
  content: Buffer;
  issues: readonly { field: string; code: string }[] | undefined;
  features: RecordFeatures;
  /** Restricted facets it carries. */
  scopes: readonly string[];
}

export function hold(record: AnySourceRecord): HeldRecord {
  return {
    id: 0, key: keyOf(record), system: record.system, recordType: record.recordType, order: record.order, sourceTime: record.sourceTime, observedAt: record.observedAt,
    state: record.state, test: record.test === true, origin: record.origin, content: Buffer.from(contentText(record), 'utf8'), issues: record.issues,
    features: featuresOfRecord(record), scopes: restrictedFacetsOf(record.body),
  };
}

/** The source record again. */
export function release(held: HeldRecord): AnySourceRecord {
  return recordOf(held.key, JSON.parse(held.content.toString('utf8')) as RecordContent, held);
}

/** Which of two versions of one record stands, as the store decides it: by order, then by content; of equal content the later. Positive: `a`. */
export function compareHeld(a: HeldRecord, b: HeldRecord): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  if (a.content.equals(b.content)) return Date.parse(a.sourceTime ?? '1970') - Date.parse(b.sourceTime ?? '1970');
  return a.content.toString('utf8') < b.content.toString('utf8') ? -1 : 1;
}
