import { ID } from './person-features.js';
import type { PersonFeatures } from './person-features.js';

/** Levels of the comparison `citizenId`, in the order of the model. */
export const CITIZEN_ID = {
  missing: 0, same: 1, former: 2, sameDamaged: 3, near: 4, masked: 5, truncated: 6, otherMasked: 7, far: 8, different: 9, borrowed: 10,
} as const;

/**
 * Level of agreement of two texts in the ID column. Only `same` and `former` identify; `near` (one wrong digit or two
 * swapped, at least one side failing its check), `masked` and `truncated` are near-match evidence; `different` is two
 * valid numbers, each its record's own.
 */
export function compareIds(a: PersonFeatures, b: PersonFeatures): number {
  const sa = a.idStatus;
  const sb = b.idStatus;
  if (sa === ID.none || sb === ID.none) return CITIZEN_ID.missing;
  if (a.id === b.id) {
    if (sa === ID.own && sb === ID.own) return CITIZEN_ID.same;
    if (sa === ID.borrowed || sb === ID.borrowed) return sa === sb ? CITIZEN_ID.borrowed : CITIZEN_ID.missing;
    if (sa === ID.masked) return CITIZEN_ID.masked;
    if (sa === ID.other) return a.system === b.system || a.id.length >= 8 ? CITIZEN_ID.sameDamaged : CITIZEN_ID.missing;
    return sa === ID.truncated ? CITIZEN_ID.truncated : CITIZEN_ID.sameDamaged;
  }
  if (a.formerIds.includes(b.id) || b.formerIds.includes(a.id)) return CITIZEN_ID.former;
  if (sa === ID.borrowed || sb === ID.borrowed || sa === ID.other || sb === ID.other) return CITIZEN_ID.missing;
  if (sa === ID.masked || sb === ID.masked) return visibleDigitsAgree(a.id, b.id) ? CITIZEN_ID.masked : CITIZEN_ID.otherMasked;
  if (sa === ID.truncated || sb === ID.truncated) return headAgrees(a.id, b.id) ? CITIZEN_ID.truncated : CITIZEN_ID.far;
  if (sa === ID.own && sb === ID.own) return CITIZEN_ID.different;
  return isNear(a.id, b.id) ? CITIZEN_ID.near : CITIZEN_ID.far;
}

function visibleDigitsAgree(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let seen = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === '*' || b[i] === '*') continue;
    if (a[i] !== b[i]) return false;
    seen += 1;
  }
  return seen >= 6;
}

/** A number whose tail a spreadsheet lost agrees on its first 14 digits (division and birth date). */
function headAgrees(a: string, b: string): boolean {
  return a.length >= 14 && b.length >= 14 && a.slice(0, 14) === b.slice(0, 14);
}

/** One substitution, one swap of neighbours, or one digit lost or added. */
function isNear(a: string, b: string): boolean {
  if (a.length !== b.length) return Math.abs(a.length - b.length) === 1 && Math.min(a.length, b.length) >= 17 && oneDropped(a, b);
  let first = -1;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    count += 1;
    if (count === 1) first = i;
    else if (count === 2 && i !== first + 1) return false;
    else if (count > 2) return false;
  }
  if (count === 1) return true;
  return a[first] === b[first + 1] && a[first + 1] === b[first];
}

function oneDropped(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let i = 0;
  while (i < short.length && short[i] === long[i]) i += 1;
  return short.slice(i) === long.slice(i + 1);
}
