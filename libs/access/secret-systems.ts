import { RESTRICTED_FACETS } from '#libs/model/bodies';
import { restrictedFacetsOf } from '#libs/model/restricted';
import type { FacetScope } from './account.js';

/** System → the scope that opens it: systems of which even the existence of a record is secret. */
export type SecretSystems = ReadonlyMap<string, FacetScope>;

/**
 * A system is secret when all facets it is an authority for are restricted ones (corrections); a system that also keeps open
 * facets (party and volunteering) is not, there only the records that carry the restricted facet are. Read from the table of
 * authority, so that a new department needs no change here.
 */
export function secretSystems(authority: Iterable<{ system: string; field: string }>): SecretSystems {
  const facets = new Map<string, Set<string>>();
  for (const { system, field } of authority) {
    const facet = /^facets\.(\w+)/.exec(field)?.[1];
    if (facet === undefined) continue;
    const own = facets.get(system) ?? new Set();
    facets.set(system, own.add(facet));
  }
  const secret = new Map<string, FacetScope>();
  for (const [system, own] of facets) {
    const scope = RESTRICTED_FACETS.find((f) => own.has(f));
    if (scope !== undefined && [...own].every((f) => (RESTRICTED_FACETS as readonly string[]).includes(f))) secret.set(system, scope);
  }
  return secret;
}

/**
 * System → scope of every system that keeps a restricted facet, open facets or not: whether a person has a record there, and
 * what became of a delivery to it, looks the same to everyone outside the scope.
 */
export function guardedSystems(authority: Iterable<{ system: string; field: string }>): SecretSystems {
  const guarded = new Map<string, FacetScope>();
  for (const { system, field } of authority) {
    const scope = RESTRICTED_FACETS.find((f) => field === `facets.${f}` || field.startsWith(`facets.${f}.`));
    if (scope !== undefined) guarded.set(system, scope);
  }
  return guarded;
}

/** The scopes a reader needs to see this record at all. */
export function scopesOfRecord(record: { system: string; body: object }, secret: SecretSystems): FacetScope[] {
  const scopes: FacetScope[] = [...restrictedFacetsOf(record.body)];
  const ofSystem = secret.get(record.system);
  if (ofSystem !== undefined && !scopes.includes(ofSystem)) scopes.push(ofSystem);
  return scopes;
}
