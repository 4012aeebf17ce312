import type { AnySourceRecord } from '#libs/model/source-record';
import { clusterDwellings } from './cluster-dwellings.js';
import { clusterHouseholds } from './cluster-households.js';
import { clusterPersons } from './cluster-persons.js';
import type { PersonClusters } from './cluster-persons.js';
import type { Decision } from './decisions.js';
import { dwellingFeatures } from './dwelling-features.js';
import type { DwellingFeatures } from './dwelling-features.js';
import { householdContext } from './household-context.js';
import { householdFeatures } from './household-features.js';
import type { HouseholdFeatures } from './household-features.js';
import type { MatchModel } from './match-model.js';
import { personFeatures } from './person-features.js';
import type { PersonFeatures } from './person-features.js';

export interface Features {
  persons: PersonFeatures[];
  households: HouseholdFeatures[];
  dwellings: DwellingFeatures[];
}

/** Result of all four stages; every array is by position in the features. */
export interface Resolution {
  first: { component: Int32Array; cluster: Int32Array };
  persons: PersonClusters;
  secondHouseholds: { component: Int32Array; cluster: Int32Array };
  households: { component: Int32Array; cluster: Int32Array };
  dwellings: { component: Int32Array; cluster: Int32Array };
}

export function featuresOf(records: Iterable<AnySourceRecord>): Features {
  const out: Features = { persons: [], households: [], dwellings: [] };
  for (const r of records) {
    if (r.recordType === 'person') out.persons.push(personFeatures(r as Parameters<typeof personFeatures>[0]));
    else if (r.recordType === 'household') out.households.push(householdFeatures(r as Parameters<typeof householdFeatures>[0]));
    else out.dwellings.push(dwellingFeatures(r as Parameters<typeof dwellingFeatures>[0]));
  }
  return out;
}

/** The partition of a whole record set: persons, households, persons with household evidence, households again. */
export function resolveFeatures({ persons, households, dwellings }: Features, decisions: readonly Decision[], model: MatchModel): Resolution {
  const first = clusterPersons({ features: persons, decisions, model });
  const membersOf = memberIndex(persons, households);
  const second = clusterHouseholds({ features: households, members: labelsOf(membersOf, persons, first.cluster), decisions });
  const at = new Map(households.map((h, i) => [h.key, i]));
  const context = householdContext({
    persons,
    personLabel: (i) => persons[first.cluster[i]!]!.key,
    households,
    householdLabel: (key) => {
      const i = at.get(key);
      return i === undefined ? undefined : households[second.cluster[i]!]!.key;
    },
  });
  const third = clusterPersons({ features: persons, decisions, model, context, candidates: first.candidates });
  const fourth = clusterHouseholds({ features: households, members: labelsOf(membersOf, persons, third.cluster), decisions });
  return {
    first: { component: first.component, cluster: first.cluster },
    persons: third,
    secondHouseholds: second,
    households: fourth,
    dwellings: clusterDwellings({ features: dwellings, decisions }),
  };
}

/** Positions of the person records that each household lists. */
export function memberIndex(persons: readonly PersonFeatures[], households: readonly HouseholdFeatures[]): number[][] {
  const at = new Map(households.map((h, i) => [h.key, i]));
  const members: number[][] = households.map(() => []);
  persons.forEach((p, i) => {
    if (p.test) return;
    for (const m of p.memberships) {
      const h = at.get(m.household);
      if (h !== undefined) members[h]!.push(i);
    }
  });
  return members;
}

function labelsOf(members: readonly (readonly number[])[], persons: readonly PersonFeatures[], cluster: Int32Array): string[][] {
  return members.map((list) => {
    const labels: string[] = [];
    for (const i of list) {
      const label = persons[cluster[i]!]!.key;
      if (!labels.includes(label)) labels.push(label);
    }
    return labels;
  });
}
