import type { GoldenFields } from '#libs/model/golden-record';
import { sameValue } from './same-value.js';

/** Canonical paths whose winning value differs, sorted; a change of provenance alone is no change. */
export function diffGolden(before: GoldenFields, after: GoldenFields): string[] {
  const changed: string[] = [];
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!sameValue(before[path]?.value, after[path]?.value)) changed.push(path);
  }
  return changed.sort();
}
