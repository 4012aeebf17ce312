import { recordKey, type RecordKey, type RecordType } from '#libs/kernel/record-key';
import type { Membership } from '#libs/model/bodies';
import type { GoldenFields } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { survive } from '#libs/survivorship/survive';
import type { SharingRules } from './sharing-rules.js';
import { RESIDENTS_PATH, type Target } from './target.js';

/** System of workers' entries, and of what the hub counts by itself. */
export const HUB = 'hub';

/** One person, household or dwelling as the store knows it now: its source records, and which of them are only attached. */
export interface EntityMembers {
  entityId: string;
  recordType: RecordType;
  /** Of the golden record at the time of reading. */
  version: number;
  records: readonly AnySourceRecord[];
  attached: ReadonlySet<RecordKey>;
  /** Of a dwelling whose target counts residents: one line a resident, with the household; absent where nothing is known to count. */
  residents?: readonly Membership[];
}

/** The golden fields of this entity as they look from this target: chosen only among the values it may get. */
export function shareableFields(members: EntityMembers, target: Target, rules: SharingRules, authority: AuthorityTable): GoldenFields {
  const fields = survive({
    recordType: members.recordType, members: members.records, attached: members.attached, authority, openScopes: target.scopes,
    mayUse: (record, path) => rules.allows(record, path),
  });
  if (members.residents !== undefined) fields[RESIDENTS_PATH] = { value: members.residents, provenance: { record: '', system: HUB, observedAt: '', reason: 'count' } };
  return fields;
}

/** The records by which the target itself knows this entity; several when it keeps a person twice. */
export function recordsAtTarget(members: EntityMembers, targetId: string): AnySourceRecord[] {
  return members.records.filter((r) => r.system === targetId && r.recordType === members.recordType && r.state === 'current' && r.test !== true && !members.attached.has(keyOf(r)));
}

export function keyOf(record: Pick<AnySourceRecord, 'system' | 'recordType' | 'naturalKey'>): RecordKey {
  return recordKey(record.system, record.recordType, record.naturalKey);
}
