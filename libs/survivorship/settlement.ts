import { valueAt } from './echoed-fields.js';
import type { FieldAuthority } from './authority.js';
import type { Member } from './member.js';
import { sameFact } from './same-fact.js';
import { isEmptyValue } from './same-value.js';

/** Before every source the table of authority names. */
const SETTLED: FieldAuthority = { rank: -1, condition: 'deathAlone' };

/**
 * Where the answer to a dispute stands: before everybody for the one field it settles, until the department that gave it exports
 * another value than the one it took back, and later; undefined: it says nothing of this field, or no more.
 */
export function settledStanding(member: Member, path: string, members: readonly Member[]): FieldAuthority | undefined {
  const { settles } = member.record;
  if (settles === undefined || (path !== settles.field && !(path === 'deathDate' && settles.field === 'vitalStatus'))) return undefined;
  for (const { record, time } of members) {
    if (record.system !== settles.system || record.settles !== undefined) continue;
    if ((time ?? Date.parse(record.observedAt)) <= settledAt(member)) continue;
    const word = valueAt(record.body, settles.field);
    if (!isEmptyValue(word) && !sameFact(settles.field, word, settles.over)) return undefined;
  }
  return SETTLED;
}

/** Whether this member settles this field, and still does. */
export function settles(member: Member, path: string, members: readonly Member[]): boolean {
  return member.record.settles !== undefined && settledStanding(member, path, members) !== undefined;
}

function settledAt({ record, time }: Member): number {
  return time ?? Date.parse(record.observedAt);
}
