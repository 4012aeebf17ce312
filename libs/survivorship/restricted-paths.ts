import { RESTRICTED_FACETS } from '#libs/model/bodies';

export type RestrictedScope = (typeof RESTRICTED_FACETS)[number];

/**
 * What a restricted facet takes with it besides itself. That a person is under correction is itself secret, so nothing of
 * such a record may win a shared value; party membership withholds only what states it.
 */
const WITHHELD: Record<RestrictedScope, 'everything' | readonly string[]> = {
  correction: 'everything',
  party: ['politicalStatus'],
};

/** Scopes whose facts a body holds. */
export function scopesOf(body: object): RestrictedScope[] {
  const facets = (body as { facets?: Record<string, unknown> }).facets;
  if (facets === undefined) return NONE;
  let scopes: RestrictedScope[] | undefined;
  for (const scope of RESTRICTED_FACETS) if (facets[scope] !== undefined) (scopes ??= []).push(scope);
  return scopes ?? NONE;
}
const NONE: RestrictedScope[] = [];

/** May a record that holds facts of these scopes win this path for a reader to whom `open` scopes are open? */
export function mayWin(path: string, scopes: readonly RestrictedScope[], open: readonly string[]): boolean {
  for (const scope of scopes) {
    // Its own facet is kept in the golden record under its own path, which `libs/access` opens to its scope alone.
    if (path === `facets.${scope}` || open.includes(scope)) continue;
    const withheld = WITHHELD[scope];
    if (withheld === 'everything' || withheld.includes(path)) return false;
  }
  return true;
}
