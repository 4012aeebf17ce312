import type { RESTRICTED_FACETS } from '#libs/model/bodies';

export const ROLES = ['admin', 'steward', 'worker', 'statistician', 'auditor'] as const;

/**
 * - `admin` runs the hub: accounts, agreements, dead letters, counts; reads no resident
 * - `steward` decides reviews, reads residents   - `worker` enters and reads residents of the own communities
 * - `statistician` reads with citizen IDs and phones masked   - `auditor` reads the audit log and the counts
 */
export type Role = (typeof ROLES)[number];

/** A restricted facet that an account may be opened to. */
export type FacetScope = (typeof RESTRICTED_FACETS)[number];

export interface Account {
  id: string;
  username: string;
  displayName: string;
  role: Role;
  /** Division code prefixes; empty: the whole city. */
  communities: readonly string[];
  facetScopes: readonly FacetScope[];
  /** Systems in whose name the account answers disputes. */
  departments?: readonly string[];
}

/**
 * May this account see something that lies in these divisions? A limited account sees what lies in one of its own; what lies
 * nowhere is seen by unlimited accounts only.
 */
export function inCommunity(account: Account, divisions: readonly string[]): boolean {
  if (account.communities.length === 0) return true;
  return divisions.some((division) => account.communities.some((own) => division.startsWith(own)));
}
