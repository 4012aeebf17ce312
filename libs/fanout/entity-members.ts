import { recordKey, type RecordKey } from '#libs/kernel/record-key';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';
import type { SharingRules } from './sharing-rules.js';
import type { Target } from './target.js';

/** One person as the store knows it now: its source records, and which of them are only attached. */
export interface EntityMembers {
  entityId: string;
  /** Of the golden record at the time of reading. */
  version: number;
  records: readonly AnySourceRecord[];
  attached: ReadonlySet<RecordKey>;
}

/** The golden fields of this person as they look from this target: chosen only among the values it may get. */
export function shareableFields(members: EntityMembers, target: Target, rules: SharingRules, authority: AuthorityTable): GoldenFields {
  return survive({
    recordType: 'person', members: members.records, attached: members.attached, authority, openScopes: target.scopes,
    mayUse: (record, path) => rules.allows(record, path),
  });
}

/** The records by which the target itself knows this person; several when it keeps the person twice. */
export function recordsAtTarget(members: EntityMembers, targetId: string): AnySourceRecord[] {
  return members.records.filter((r) => r.system === targetId && r.recordType === 'person' && r.state === 'current' && r.test !== true && !members.attached.has(keyOf(r)));
}

export function keyOf(record: Pick<AnySourceRecord, 'system' | 'recordType' | 'naturalKey'>): RecordKey {
  return recordKey(record.system, record.recordType, record.naturalKey);
}
