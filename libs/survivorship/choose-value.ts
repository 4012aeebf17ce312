import { compareUtf8 } from '#libs/kernel/hashing';
import type { GoldenValue } from '#libs/model/golden-record';
import { byRecency, provenanceOf, standing, type Member, type SurvivorshipInput } from './member.js';
import { isEmptyValue, sameValue } from './same-value.js';

/** How one field is read from a body and how far the value can be trusted. */
export interface FieldRule {
  path: string;
  /** Fields of the authority table that order its sources, the first with a row for the source. */
  authorityFields: readonly string[];
  read(body: object, member: Member): unknown;
  /**
   * 0 trusted, 1 usable only when no source has a trusted one, undefined: evidence, never a value. Absent: trusted unless
   * the record names a quality issue for this path.
   */
  trust?(value: unknown, member: Member, members: readonly Member[]): number | undefined;
}

interface Candidate {
  value: unknown;
  member: Member;
  trust: number;
  rank: number;
}

/** First trusted value by rank, then the newest by source time, then the smallest record key; undefined when nobody says anything. */
export function chooseValue(input: SurvivorshipInput, members: readonly Member[], rule: FieldRule): GoldenValue | undefined {
  let best: Candidate | undefined;
  let all: Candidate[] | undefined;
  let evidence: Candidate[] | undefined;
  for (const member of members) {
    const value = rule.read(member.record.body, member);
    if (isEmptyValue(value)) continue;
    const place = standing(input, member, rule.path, rule.authorityFields, members);
    if (place === undefined) continue;
    const trust = member.record.settles !== undefined ? 0 : rule.trust === undefined ? issueTrust(rule.path, member) : rule.trust(value, member, members);
    const candidate: Candidate = { value, member, trust: trust ?? EVIDENCE, rank: place.rank };
    if (trust === undefined) {
      (evidence ??= []).push(candidate);
      continue;
    }
    if (best === undefined) best = candidate;
    else (all ??= [best]).push(candidate);
  }
  if (best === undefined) return undefined;
  if (all === undefined) return withOthers(best, best.member.record.settles === undefined ? 'onlyValue' : 'settled', evidence, rule.path);
  all.sort(compareCandidates);
  const [first, second] = all as [Candidate, Candidate, ...Candidate[]];
  return withOthers(first, reasonOver(first, second), evidence === undefined ? all : all.concat(evidence), rule.path);
}
const EVIDENCE = 9;

function compareCandidates(a: Candidate, b: Candidate): number {
  return a.trust - b.trust || a.rank - b.rank || byRecency(a.member, b.member) || compareUtf8(a.member.key, b.member.key);
}

function reasonOver(first: Candidate, second: Candidate): string {
  if (first.member.record.settles !== undefined) return 'settled';
  if (first.trust !== second.trust) return 'trusted';
  if (first.rank !== second.rank) return 'authority';
  return byRecency(first.member, second.member) === 0 ? 'recordKey' : 'recency';
}

/** Losing values are kept once each; a source that agrees with the winner lost nothing and is found through the crosswalk. */
function withOthers(winner: Candidate, reason: string, ranked: readonly Candidate[] | undefined, path: string): GoldenValue {
  const golden: GoldenValue = { value: winner.value, provenance: provenanceOf(winner.member, path, reason) };
  if (ranked === undefined) return golden;
  for (const loser of ranked) {
    if (loser === winner || sameValue(loser.value, winner.value)) continue;
    if (golden.others?.some((o) => sameValue(o.value, loser.value))) continue;
    (golden.others ??= []).push({ value: loser.value, provenance: provenanceOf(loser.member, path, reasonLost(winner, loser)) });
  }
  return golden;
}

function reasonLost(winner: Candidate, loser: Candidate): string {
  if (loser.trust === EVIDENCE) return 'notTrusted';
  if (loser.trust > winner.trust) return 'lessTrusted';
  if (loser.rank > winner.rank) return 'lessAuthority';
  return 'older';
}

/** A value beside a quality issue is used only when no other source has one without. */
export function issueTrust(path: string, member: Member): number {
  const issues = member.record.issues;
  if (issues === undefined) return 0;
  for (const issue of issues) if (issue.field === path || issue.field.startsWith(`${path}.`)) return 1;
  return 0;
}
