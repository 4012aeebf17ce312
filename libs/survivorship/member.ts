import { compareUtf8 } from '#libs/kernel/hashing';
import { recordKey, type RecordKey } from '#libs/kernel/record-key';
import type { Provenance } from '#libs/model/golden-record';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import { restrictedFacetsOf, type RestrictedFacet } from '#libs/model/restricted';
import { authorityOf, UNRANKED, type AuthorityTable, type FieldAuthority } from './authority.js';
import { mayWin } from './restricted-paths.js';
import { settledStanding } from './settlement.js';

export interface SurvivorshipInput {
  members: readonly AnySourceRecord[];
  authority: AuthorityTable;
  /** Record keys of members that are attached only: they win nothing. */
  attached?: ReadonlySet<RecordKey>;
  /** Whether this record's value of this path may be used for this reader; absent: all may. */
  mayUse?: (record: AnySourceRecord, path: string) => boolean;
  /** Restricted facets open to this reader. */
  openScopes?: readonly string[];
}

/** A source record with what every field asks of it, worked out once. */
export interface Member {
  record: AnySourceRecord;
  key: RecordKey;
  /** Milliseconds of the source's own time; undefined when the source does not say. */
  time: number | undefined;
  scopes: readonly RestrictedFacet[];
}

/** Members that may win anything at all, in the order of their keys, so that the order given never matters. */
export function contributingMembers(input: SurvivorshipInput): Member[] {
  const members: Member[] = [];
  for (const record of input.members) {
    if (record.state !== 'current' || record.test === true) continue;
    const key = recordKey(record.system, record.recordType, record.naturalKey);
    if (input.attached?.has(key)) continue;
    const time = record.sourceTime === undefined ? NaN : Date.parse(record.sourceTime);
    members.push({ record, key, time: Number.isNaN(time) ? undefined : time, scopes: restrictedFacetsOf(record.body) });
  }
  return members.length < 2 ? members : members.sort((a, b) => compareUtf8(a.key, b.key));
}

/** Where a member stands for one field, or undefined when it may not win it. */
export function standing(input: SurvivorshipInput, member: Member, path: string, authorityFields: readonly string[], members: readonly Member[]): FieldAuthority | undefined {
  const { record } = member;
  if (record.hubOrigin !== undefined && record.hubOrigin.includes(path)) return undefined;
  if (member.scopes.length > 0 && !mayWin(path, member.scopes, input.openScopes ?? [])) return undefined;
  if (input.mayUse !== undefined && !input.mayUse(record, path)) return undefined;
  if (record.settles !== undefined) return settledStanding(member, path, members);
  const own = authorityOf(input.authority, authorityFields, record.system);
  if (own === undefined) return UNRANKED_STANDING;
  if (own.rank === Number.MAX_SAFE_INTEGER) return undefined;
  if (own.condition === 'dated' && member.time === undefined) return undefined;
  if (own.condition === 'birthBeforeRegister') {
    if (record.recordType === 'person' && !isRecentBirth(record as SourceRecord<'person'>)) return undefined;
    for (const other of members) {
      const rank = authorityOf(input.authority, authorityFields, other.record.system)?.rank;
      if (rank !== undefined && rank < own.rank) return undefined;
    }
  }
  return own;
}

/** How long a birth may take to reach the register. */
const BIRTH_YEARS = 3;

function isRecentBirth({ body, observedAt }: SourceRecord<'person'>): boolean {
  const born = body.birthDate?.date ?? (body.citizenId?.status === 'valid' ? body.citizenId.value.slice(6, 10) : undefined);
  return born !== undefined && Number(observedAt.slice(0, 4)) - Number(born.slice(0, 4)) <= BIRTH_YEARS;
}

const UNRANKED_STANDING: FieldAuthority = { rank: UNRANKED };

export function provenanceOf(member: Member, path: string, reason: string): Provenance {
  const { record } = member;
  const provenance: Provenance = { record: member.key, system: record.system, observedAt: record.observedAt, reason };
  if (record.sourceTime !== undefined) provenance.trueAt = record.sourceTime;
  const raw = record.raw?.[path];
  if (raw !== undefined) provenance.raw = raw;
  if (record.settles !== undefined) provenance.dispute = record.settles.dispute;
  return provenance;
}

/**
 * Newest first by the source's time; a source without time stands behind those with one, by the snapshot's stamped time. Records
 * of one system with equal times (two entries dated the same day) follow that system's own order.
 */
export function byRecency(a: Member, b: Member): number {
  if (a.time !== b.time) {
    if (a.time === undefined) return 1;
    if (b.time === undefined) return -1;
    return b.time - a.time;
  }
  if (a.time === undefined && a.record.observedAt !== b.record.observedAt) return a.record.observedAt < b.record.observedAt ? 1 : -1;
  if (a.record.system === b.record.system && a.record.order !== b.record.order) return a.record.order < b.record.order ? 1 : -1;
  return 0;
}
