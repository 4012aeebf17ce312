import type { PersonFeatures } from './person-features.js';

/** Levels of the comparisons `kin` and `household`, in the order of the model. */
export const KIN = { missing: 0, two: 1, one: 2, name: 3, different: 4 } as const;
export const HOUSEHOLD = { missing: 0, two: 1, one: 2, twoNames: 3, oneName: 4, none: 5 } as const;

/** What the second stage tells the third about a person record. */
export interface PersonContext {
  /** First-stage cluster labels of the family it lives with, sorted, its own left out. */
  kin: readonly string[];
  /** Names they bear there, sorted, its own left out. */
  names: readonly string[];
  /** Its own first-stage label. */
  own: string;
  /** It is somebody's child or grandchild in one of its households: twins and siblings share all their kin. */
  child: boolean;
}

/** Named relatives: how many of the same role are the same person. */
export function compareKin(a: PersonFeatures, b: PersonFeatures): number {
  if (a.relatives.length === 0 || b.relatives.length === 0) return KIN.missing;
  let same = 0;
  let named = 0;
  let different = 0;
  for (const r of a.relatives) {
    if (r.role === 'landlord' || r.role === 'householdContact') continue;
    for (const s of b.relatives) {
      if (r.id !== '' && r.id === s.id && s.role !== 'landlord' && s.role !== 'householdContact') same += 1;
      else if (r.role === s.role && r.role !== 'guardian') {
        if (r.id !== '' && s.id !== '') different += 1;
        else if (r.name !== undefined && r.name.key === s.name?.key) named += 1;
      }
    }
  }
  if (same > 0) return same > 1 ? KIN.two : KIN.one;
  if (named > 0) return KIN.name;
  return different > 0 ? KIN.different : KIN.missing;
}

/** Families that two records live with, by their clusters, else by their names. */
export function compareHouseholds(a: PersonFeatures, b: PersonFeatures, ca: PersonContext, cb: PersonContext): number {
  let shared = 0;
  for (const k of ca.kin) if (k !== cb.own && cb.kin.includes(k)) shared += 1;
  if (shared > 1) return HOUSEHOLD.two;
  if (shared === 1) return HOUSEHOLD.one;
  let named = 0;
  for (const n of ca.names) if (n !== a.name?.key && n !== b.name?.key && cb.names.includes(n)) named += 1;
  return named > 1 ? HOUSEHOLD.twoNames : named === 1 ? HOUSEHOLD.oneName : HOUSEHOLD.none;
}

/** Heads of household and their children: memberships of one kind that put the two in different generations. */
export function generationsDiffer(a: PersonFeatures, b: PersonFeatures): boolean {
  for (const m of a.memberships) {
    for (const n of b.memberships) {
      if (m.kind === n.kind && m.generation !== undefined && n.generation !== undefined && m.generation !== n.generation) return true;
    }
  }
  return false;
}

