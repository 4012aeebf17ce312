import type { RestrictedFacet as RestrictedScope } from '#libs/model/restricted';

/**
 * What a restricted facet takes with it besides itself. That a person is under correction is itself secret, so nothing of
 * such a record may win a shared value; party membership withholds only what states it.
 */
const WITHHELD: Record<RestrictedScope, 'everything' | readonly string[]> = {
  correction: 'everything',
  party: ['politicalStatus'],
};

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
