import { compareUtf8 } from '#libs/kernel/hashing';
import type { OtherIdentifier, PersonBody, Relative } from '#libs/model/bodies';
import type { GoldenValue } from '#libs/model/golden-record';
import type { PersonName, Phone } from '#libs/model/values';
import { issueTrust } from './choose-value.js';
import { byRecency, provenanceOf, standing, type Member, type SurvivorshipInput } from './member.js';
import { settles } from './settlement.js';

/** A field whose values add up: a merged set, ordered like the sources that said them. */
interface ListRule<V = unknown> {
  path: string;
  authorityFields: readonly string[];
  read(body: object): readonly V[] | undefined;
  /** Two elements of one identity are one. */
  identity(element: V): string;
  /** Elements that may not lead: a phone of a guardian stands behind the person's own. */
  behind?(element: V): boolean;
  meets?(element: V, condition: string): boolean;
}

interface Element {
  value: unknown;
  member: Member;
  trust: number;
  rank: number;
}

export const PERSON_LISTS: readonly ListRule[] = [
  {
    path: 'phones',
    authorityFields: ['phones'],
    read: (body) => (body as PersonBody).phones,
    identity: (p: Phone) => `${p.number} ${p.holder ?? 'own'}`,
    behind: (p: Phone) => p.holder !== undefined && p.holder !== 'own',
    meets: (p: Phone, condition: string) => condition !== 'verified' || p.verified === true,
  } as ListRule,
  { path: 'otherIdentifiers', authorityFields: ['otherIdentifiers'], read: (body) => (body as PersonBody).otherIdentifiers, identity: (i: OtherIdentifier) => `${i.kind} ${i.value}` } as ListRule,
  { path: 'formerNames', authorityFields: ['formerNames'], read: (body) => (body as PersonBody).formerNames, identity: (n: PersonName) => n.key } as ListRule,
  {
    path: 'relatives',
    authorityFields: ['relatives'],
    read: (body) => (body as PersonBody).relatives,
    identity: (r: Relative) => `${r.role} ${r.citizenId?.status === 'valid' ? r.citizenId.value : `~${r.name?.key ?? r.citizenId?.value ?? ''}`}`,
  } as ListRule,
];

/**
 * The merged set with the provenance of each element (`itemProvenance`, same order); the first element is the one to use where
 * a target has room for one. `others` holds elements whose source may not vouch for them (an unverified phone).
 */
export function mergeList(input: SurvivorshipInput, members: readonly Member[], rule: ListRule): GoldenValue | undefined {
  let elements: Element[] | undefined;
  let refused: Element[] | undefined;
  const takenBack = new Set(members.filter((m) => settles(m, rule.path, members)).flatMap((m) => [m.record.settles!.over ?? []].flat()).map((v) => rule.identity(v)));
  for (const member of members) {
    const values = rule.read(member.record.body);
    if (values === undefined || values.length === 0) continue;
    const place = standing(input, member, rule.path, rule.authorityFields, members);
    if (place === undefined) continue;
    for (const value of values) {
      // Found wrong in a dispute: nobody's word brings it back while the answer stands.
      if (member.record.settles === undefined && takenBack.has(rule.identity(value))) continue;
      const meets = place.condition === undefined || rule.meets === undefined || rule.meets(value, place.condition);
      const trust = rule.behind?.(value) ? 2 : issueTrust(rule.path, member);
      (meets ? (elements ??= []) : (refused ??= [])).push({ value, member, trust, rank: place.rank });
    }
  }
  if (elements === undefined) return undefined;
  if (elements.length > 1) elements.sort((a, b) => a.trust - b.trust || a.rank - b.rank || byRecency(a.member, b.member) || compareUtf8(a.member.key, b.member.key));
  const seen = new Set<string>();
  const kept: Element[] = [];
  for (const element of elements) {
    const identity = rule.identity(element.value);
    if (seen.has(identity)) continue;
    seen.add(identity);
    kept.push(element);
  }
  const reason = kept.length === 1 ? 'onlyValue' : 'mergedSet';
  const itemProvenance = kept.map((e) => provenanceOf(e.member, rule.path, e.member.record.settles === undefined ? reason : 'settled'));
  const golden: GoldenValue = { value: kept.map((e) => e.value), provenance: itemProvenance[0]!, itemProvenance };
  for (const element of refused ?? []) {
    const identity = rule.identity(element.value);
    if (seen.has(identity)) continue;
    seen.add(identity);
    (golden.others ??= []).push({ value: [element.value], provenance: provenanceOf(element.member, rule.path, 'conditionNotMet') });
  }
  return golden;
}
