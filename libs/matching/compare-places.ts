import type { PlaceFeatures } from './place-features.js';

/** How two places relate, best last. */
export const PLACE_RELATION = { none: 0, other: 1, compound: 2, tail: 3, dwelling: 4 } as const;

/**
 * Relation of two places: the same dwelling; the same building and room of compounds that cannot be compared (one is
 * named by its estate, the other by its road or only by its community); the same compound with one room unknown;
 * different places; nothing known.
 */
export function comparePlaces(a: PlaceFeatures, b: PlaceFeatures): number {
  if (a === b) return a.fine ? PLACE_RELATION.dwelling : PLACE_RELATION.compound;
  const compound = compareCompounds(a, b);
  if (compound < 0) return PLACE_RELATION.other;
  if (a.fine && b.fine) {
    if (a.building !== b.building || a.room !== b.room) return PLACE_RELATION.other;
    if (a.unit !== '' && b.unit !== '' && a.unit !== b.unit) return PLACE_RELATION.other;
    if (compound > 0) return PLACE_RELATION.dwelling;
    return a.building === '' ? PLACE_RELATION.other : PLACE_RELATION.tail;
  }
  if (compound === 0) return PLACE_RELATION.none;
  return a.building !== '' && b.building !== '' && a.building !== b.building ? PLACE_RELATION.other : PLACE_RELATION.compound;
}

/** 1 same, −1 different, 0 when no way of naming the compound is shared. A community may hold two estates: being the same does not make one compound. */
function compareCompounds(a: PlaceFeatures, b: PlaceFeatures): number {
  const x = a.compound;
  const y = b.compound;
  if (x === y) return x.estate !== '' || x.road !== '' || x.suffix !== '' ? 1 : 0;
  if (x.estate !== '' && y.estate !== '') {
    if (x.estate === y.estate) return 1;
    // An estate may be known by two names; the road number then tells.
    return x.road !== '' && x.road === y.road ? 1 : -1;
  }
  if (x.road !== '' && y.road !== '') return x.road === y.road ? 1 : -1;
  return x.community !== '' && y.community !== '' && x.community !== y.community ? -1 : 0;
}
