import { BIRTH, compareDates } from './birth-dates.js';
import { CITIZEN_ID, compareIds } from './compare-ids.js';
import { ID } from './person-features.js';
import type { PersonFeatures } from './person-features.js';

export type HardNegative = 'test' | 'ids' | 'sex' | 'generation' | 'roles' | 'steward';

/**
 * What forbids that two records are one person, whatever else agrees: test rows, two own valid IDs of which neither is
 * the other's former one, another sex, births that no slip of the pen explains, another generation in one household.
 */
export function hardNegative(a: PersonFeatures, b: PersonFeatures, idLevel = compareIds(a, b), birth = birthLevel(a, b)): HardNegative | undefined {
  if (a.test || b.test) return 'test';
  if (idLevel === CITIZEN_ID.different || (idLevel === CITIZEN_ID.otherMasked && (a.idStatus === ID.own || b.idStatus === ID.own))) return 'ids';
  const sameId = idLevel === CITIZEN_ID.same || idLevel === CITIZEN_ID.former;
  if (!sameId && a.sex !== 0 && b.sex !== 0 && a.sex !== b.sex) return 'sex';
  if (!sameId && birth === BIRTH.different) return 'generation';
  if (!sameId && a.memberships.length > 0 && rolesConflict(a, b)) return 'roles';
  return undefined;
}

/** One household record lists both, in different generations. Two rows of one generation may be one person kept twice. */
function rolesConflict(a: PersonFeatures, b: PersonFeatures): boolean {
  if (a.system !== b.system) return false;
  for (const m of a.memberships) {
    for (const n of b.memberships) {
      if (m.household === n.household && m.generation !== undefined && n.generation !== undefined && m.generation !== n.generation) return true;
    }
  }
  return false;
}

/** Best agreement of the stated dates and those inside own IDs. */
export function birthLevel(a: PersonFeatures, b: PersonFeatures): number {
  const slippable = a.slippable || b.slippable;
  let best = compareDates(a.birth, b.birth, slippable);
  if (best === BIRTH.same) return best;
  if (a.idBirth !== 0 && a.idBirth !== a.birth) best = better(best, compareDates(a.idBirth, b.birth, b.slippable));
  if (b.idBirth !== 0 && b.idBirth !== b.birth) best = better(best, compareDates(a.birth, b.idBirth, a.slippable));
  if (a.idBirth !== 0 && b.idBirth !== 0) best = better(best, compareDates(a.idBirth, b.idBirth, false));
  return best;
}

function better(x: number, y: number): number {
  if (x === BIRTH.missing) return y;
  if (y === BIRTH.missing) return x;
  return Math.min(x, y);
}

