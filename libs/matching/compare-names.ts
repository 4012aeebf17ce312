import type { NameFeatures } from './name-features.js';
import { editDistance } from './string-distance.js';
import { similarShape } from './similar-shapes.js';

/** Levels of the comparison `name`, in the order of the model. */
export const NAME = {
  missing: 0, same: 1, former: 2, variant: 3, cut: 4, wildcard: 5, homophone: 6, transposed: 7, shape: 8, extra: 9, oneChar: 10, surname: 11, different: 12,
} as const;

/**
 * Level of agreement of two names. Best first: the same key; variant characters; a name cut at its source's width; an unreadable character;
 * all syllables alike; the same characters in another order; one character mistaken for its look-alike; one character
 * too many (both sides else alike); one character different; only the surname alike.
 */
export function compareNames(a: NameFeatures | undefined, b: NameFeatures | undefined): number {
  if (a === undefined || b === undefined || a.nickname || b.nickname) return NAME.missing;
  if (a.key === b.key) return NAME.same;
  if ((a.cut || b.cut) && isCutOf(a, b)) return NAME.cut;
  if (a.wildcard || b.wildcard) return wildcardAgrees(a, b) ? NAME.wildcard : NAME.different;
  if (a.variant === b.variant) return NAME.variant;
  const n = a.chars.length;
  if (Math.min(n, b.chars.length) >= 4 && Math.max(n, b.chars.length) >= 5) {
    // A long transliterated name with a third of its characters damaged is still that name beside an equal number; without
    // one only a single character may differ: sisters share their father's name (努尔古丽·努尔买买提, 阿曼古丽·努尔买买提).
    const edits = editDistance(a.key, b.key, 2);
    if (edits * 3 <= Math.max(n, b.chars.length)) return edits === 1 ? NAME.shape : NAME.extra;
  }
  if (n === b.chars.length) return compareSameLength(a, b, n);
  if (Math.abs(n - b.chars.length) === 1 && Math.min(n, b.chars.length) >= 2 && oneMissing(a.chars, b.chars)) {
    return NAME.extra;
  }
  if (a.sound === b.sound) return NAME.homophone;
  return sameSurname(a, b) ? NAME.surname : NAME.different;
}

function compareSameLength(a: NameFeatures, b: NameFeatures, n: number): number {
  let differing = 0;
  let sounding = 0;
  let at = 0;
  for (let i = 0; i < n; i++) {
    if (a.chars[i] === b.chars[i]) continue;
    differing += 1;
    at = i;
    if (a.syllables[i] === b.syllables[i]) sounding += 1;
  }
  if (sounding === differing) return NAME.homophone;
  if (n >= 2 && differing === 2 && sameCharacters(a.chars, b.chars)) return NAME.transposed;
  if (differing === 1) {
    if (similarShape(a.chars[at]!, b.chars[at]!)) return NAME.shape;
    return n >= 3 || at > 0 ? (n >= 3 ? NAME.oneChar : NAME.surname) : NAME.different;
  }
  return sameSurname(a, b) ? NAME.surname : NAME.different;
}

function sameSurname(a: NameFeatures, b: NameFeatures): boolean {
  return a.chars[0] === b.chars[0];
}

/** The cut name is the beginning of the other one (both cut: one begins the other). */
function isCutOf(a: NameFeatures, b: NameFeatures): boolean {
  const [short, long] = a.chars.length <= b.chars.length ? [a, b] : [b, a];
  return short.cut && short.chars.length >= 2 && long.key.startsWith(short.key);
}

/** Unreadable characters stand for exactly one character each; at least one character must be read and agree. */
function wildcardAgrees(a: NameFeatures, b: NameFeatures): boolean {
  if (a.chars.length !== b.chars.length) return false;
  let read = 0;
  for (let i = 0; i < a.chars.length; i++) {
    if (a.chars[i] === '?' || b.chars[i] === '?') continue;
    if (a.chars[i] !== b.chars[i]) return false;
    read += 1;
  }
  return read > 0;
}

function sameCharacters(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('') === [...b].sort().join('');
}

function oneMissing(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let i = 0;
  while (i < short.length && short[i] === long[i]) i += 1;
  for (let j = i; j < short.length; j++) if (short[j] !== long[j + 1]) return false;
  return true;
}
