import type { RecordKey } from '#libs/kernel/record-key';
import { LARGEST_FAMILY } from './household-features.js';
import type { HouseholdFeatures } from './household-features.js';
import type { PersonContext } from './pair-scorer.js';
import type { PersonFeatures } from './person-features.js';

export interface ContextInput {
  persons: readonly PersonFeatures[];
  /** First-stage cluster label of each person record. */
  personLabel: (index: number) => string;
  households: readonly HouseholdFeatures[];
  /** Second-stage cluster label of a household record; undefined where no household record has that key. */
  householdLabel: (household: RecordKey) => string | undefined;
}

interface Member {
  label: string;
  kin: boolean;
}

/**
 * What the third stage knows of each person record: the first-stage clusters of the family it lives with, over all its
 * households of whatever kind, each with all the records of its second-stage cluster. Lodgers and collectives are left out.
 */
export function householdContext(input: ContextInput): (PersonContext | undefined)[] {
  const collective = new Set(input.households.filter((h) => h.collective).map((h) => input.householdLabel(h.key) ?? h.key));
  const members = new Map<string, Member[]>();
  input.persons.forEach((p, i) => {
    if (p.test) return;
    for (const m of p.memberships) {
      const house = input.householdLabel(m.household) ?? m.household;
      if (collective.has(house)) continue;
      const list = members.get(house) ?? [];
      members.set(house, list);
      list.push({ label: input.personLabel(i), kin: m.kin || m.relation === '' });
    }
  });
  const families = new Map<string, string[]>();
  for (const [house, list] of members) families.set(house, familyOf(list));
  return input.persons.map((p, i) => contextOf(p, input.personLabel(i), families, input.householdLabel));
}

/** Distinct clusters of the family; empty when there are too many people for a family. */
function familyOf(list: readonly Member[]): string[] {
  const kin = new Set<string>();
  const all = new Set<string>();
  for (const m of list) {
    all.add(m.label);
    if (m.kin) kin.add(m.label);
  }
  return all.size > LARGEST_FAMILY ? [] : [...kin].sort();
}

function contextOf(p: PersonFeatures, own: string, families: ReadonlyMap<string, string[]>, householdLabel: (household: RecordKey) => string | undefined): PersonContext | undefined {
  if (p.memberships.length === 0 || p.test) return undefined;
  let kin: string[] = [];
  let child = false;
  for (const m of p.memberships) {
    if (!m.kin && m.relation !== '') continue;
    const family = families.get(householdLabel(m.household) ?? m.household) ?? [];
    kin = kin.length === 0 ? family : [...new Set([...kin, ...family])].sort();
    if (m.generation !== undefined && m.generation > 0) child = true;
  }
  if (kin.length === 0) return undefined;
  return { kin: kin.filter((k) => k !== own), own, child };
}
