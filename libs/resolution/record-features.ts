import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import { blockingKeys, isCounted, token } from '#libs/matching/blocking';
import type { KeyKind } from '#libs/matching/blocking';
import { dwellingFeatures, type DwellingFeatures } from '#libs/matching/dwelling-features';
import { householdFeatures, type HouseholdFeatures } from '#libs/matching/household-features';
import { personFeatures, type PersonFeatures } from '#libs/matching/person-features';
import type { Sealing } from '#libs/platform/sealing';

export type RecordFeatures = PersonFeatures | HouseholdFeatures | DwellingFeatures;

/** What matching needs of any record. */
export function featuresOfRecord(record: AnySourceRecord): RecordFeatures {
  switch (record.recordType) {
    case 'person':
      return personFeatures(record as SourceRecord<'person'>);
    case 'household':
      return householdFeatures(record as SourceRecord<'household'>);
    case 'dwelling':
      return dwellingFeatures(record as SourceRecord<'dwelling'>);
  }
}

/** A key as `blocking_key` holds it. The hash stands as text: 64 bits do not fit a JavaScript number. */
export interface IndexedKey {
  hash: string;
  kind: KeyKind | typeof MEMBERSHIP;
  token: number;
}

/** Not a key of matching: ties a household record to the person records that name it, in both directions. */
export const MEMBERSHIP = 'ms';

export function membershipHash(sealing: Sealing, household: string): string {
  return String(sealing.hash64(`${MEMBERSHIP}:${household}`));
}

/** Token of a restricted record's keys: it counts in nothing, not even in how many records share a key. */
export const UNCOUNTED = -1;

/** Every key of a record, each once, ready for `blocking_key`. Token 0: nobody is counted behind the key. */
export function indexedKeys(sealing: Sealing, f: RecordFeatures): IndexedKey[] {
  const keys = new Map<string, IndexedKey>();
  const name = f.type === 'person' ? token(f) : '';
  const counted = name === '' ? 0 : named(sealing.token32(name));
  const restricted = f.type === 'person' && f.restricted;
  for (const { kind, text } of blockingKeys(f)) {
    const hash = String(sealing.hash64(text));
    keys.set(hash, { hash, kind, token: restricted ? UNCOUNTED : isCounted(kind) ? counted : 0 });
  }
  for (const household of householdsNamed(f)) {
    const hash = membershipHash(sealing, household);
    keys.set(hash, { hash, kind: MEMBERSHIP, token: 0 });
  }
  return [...keys.values()];
}

/** The two values that mean something else are nobody's. */
function named(token: number): number {
  return token === 0 || token === UNCOUNTED ? 1 : token;
}

/** Record keys of the households a record names: a household names itself. A test row is in no household. */
export function householdsNamed(f: RecordFeatures): string[] {
  if (f.type === 'household') return [f.key];
  return f.type === 'person' && !f.test ? f.memberships.map((m) => m.household) : [];
}
