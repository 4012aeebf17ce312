import { RESTRICTED_FACETS } from './bodies.js';

/** A facet that only its own scope may see. */
export type RestrictedFacet = (typeof RESTRICTED_FACETS)[number];

const NONE: RestrictedFacet[] = [];

/** Restricted facets a body carries; every reader of such a record needs all of them. */
export function restrictedFacetsOf(body: object): RestrictedFacet[] {
  const facets = (body as { facets?: Record<string, unknown> | null }).facets;
  if (typeof facets !== 'object' || facets === null) return NONE;
  let found: RestrictedFacet[] | undefined;
  for (const facet of RESTRICTED_FACETS) if (facets[facet] !== undefined) (found ??= []).push(facet);
  return found ?? NONE;
}

/** How `entity.open_to` writes the scopes one record needs. */
export function openingOf(scopes: readonly string[]): string {
  return scopes.join('+');
}

/** Every set of scopes that is open to a reader of these, as `entity.open_to` writes them; the empty text is open to all. */
export function openingsFor(open: readonly string[]): string[] {
  const own = RESTRICTED_FACETS.filter((f) => open.includes(f));
  return own.reduce<string[][]>((sets, facet) => [...sets, ...sets.map((s) => [...s, facet])], [[]]).map(openingOf);
}
