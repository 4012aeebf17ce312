import type { PersonBody, PersonFacets } from '#libs/model/bodies';
import type { FieldRule } from './choose-value.js';

const FACETS = [
  'assistance', 'disability', 'insurance', 'permit', 'correction', 'party', 'volunteering', 'healthService', 'communityAccount', 'grid', 'familyPlanning',
] as const satisfies readonly (keyof PersonFacets)[];

/** A facet is one department's account of the person: it wins whole, never mixed from two records. */
export const PERSON_FACETS: readonly FieldRule[] = FACETS.map((name) => ({
  path: `facets.${name}`,
  authorityFields: [`facets.${name}`],
  read: (body: object) => (body as PersonBody).facets?.[name],
}));
