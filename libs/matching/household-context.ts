import type { RecordKey } from '#libs/kernel/record-key';
import { LARGEST_FAMILY } from './household-features.js';
import type { HouseholdFeatures } from './household-features.js';
import type { PersonContext } from './compare-families.js';
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
  name: string;
  kin: boolean;
}

/** A family: its distinct clusters, and under which names they live here. */
interface Family {
  labels: readonly string[];
  members: readonly Member[];
}

/**
 * What the third stage knows of each person record: the first-stage clusters of the family it lives with, over all its
 * households of whatever kind, each with all the records of its second-stage cluster, and their names. Lodgers and
 * collectives are left out.
 */
export function householdContext(input: ContextInput): (PersonContext | undefined)[] {
  const collective = new Set(input.households.filter((h) => h.collective).map((h) => input.householdLabel(h.key) ?? h.key));
  const members = new Map<string, Member[]>();
  input.persons.forEach((p, i) => {
    if (p.test) return;
    for (const m of p.memberships) {
      const house = input.householdLabel(m.household) ?? m.household;
      if (collective.has(house)) continue;
      let list = members.get(house);
      if (list === undefined) members.set(house, (list = []));
      list.push({ label: input.personLabel(i), name: p.name === undefined || p.name.nickname ? '' : p.name.key, kin: m.kin || m.relation === '' });
    }
  });
  const families = new Map<string, Family>();
  for (const [house, list] of members) families.set(house, familyOf(list));
  return input.persons.map((p, i) => contextOf(p, input.personLabel(i), families, input.householdLabel));
}

const NO_FAMILY: Family = { labels: [], members: [] };

/** Empty when there are too many people for a family. */
function familyOf(list: readonly Member[]): Family {
  const all: string[] = [];
  const labels: string[] = [];
  const members: Member[] = [];
  for (const m of list) {
    if (!all.includes(m.label)) all.push(m.label);
    if (all.length > LARGEST_FAMILY) return NO_FAMILY;
    if (!m.kin) continue;
    if (!labels.includes(m.label)) labels.push(m.label);
    if (!members.some((n) => n.label === m.label && n.name === m.name)) members.push(m);
  }
  return { labels, members };
}

function contextOf(p: PersonFeatures, own: string, families: ReadonlyMap<string, Family>, householdLabel: (household: RecordKey) => string | undefined): PersonContext | undefined {
  if (p.memberships.length === 0 || p.test) return undefined;
  const kin: string[] = [];
  const names: string[] = [];
  let child = false;
  for (const m of p.memberships) {
    if (!m.kin && m.relation !== '') continue;
    const family = families.get(householdLabel(m.household) ?? m.household);
    if (family === undefined) continue;
    for (const label of family.labels) if (label !== own && !kin.includes(label)) kin.push(label);
    for (const n of family.members) if (n.label !== own && n.name !== '' && n.name !== p.name?.key && !names.includes(n.name)) names.push(n.name);
    if (m.generation !== undefined && m.generation > 0) child = true;
  }
  return kin.length === 0 ? undefined : { kin: kin.sort(), names: names.sort(), own, child };
}
