import type { RecordKey } from '#libs/kernel/record-key';

/** A steward's decision in force (revoked ones left out): a constraint between record keys that every later run obeys. */
export interface Decision {
  id: string;
  kind: 'link' | 'noLink';
  records: readonly RecordKey[];
}

/** Decisions as pairs of positions among the records at hand. */
export interface Constraints {
  links: [number, number][];
  forbids(a: number, b: number): boolean;
  readonly any: boolean;
}

/** A `link` joins all its records; a `noLink` keeps each of them from each other. Records that are not at hand are left out. */
export function constraintsOf(decisions: readonly Decision[], keys: readonly { key: RecordKey }[]): Constraints {
  if (decisions.length === 0) return { links: [], forbids: () => false, any: false };
  const wanted = new Set(decisions.flatMap((d) => d.records));
  const at = new Map<RecordKey, number>();
  keys.forEach((k, i) => {
    if (wanted.has(k.key)) at.set(k.key, i);
  });
  const links: [number, number][] = [];
  const forbidden = new Set<string>();
  for (const d of decisions) {
    const here = d.records.map((r) => at.get(r)).filter((i) => i !== undefined);
    for (let i = 0; i < here.length; i++) {
      for (let j = i + 1; j < here.length; j++) {
        if (d.kind === 'link') links.push([here[i]!, here[j]!]);
        else forbidden.add(pair(here[i]!, here[j]!));
      }
    }
  }
  return { links, forbids: (a, b) => forbidden.has(pair(a, b)), any: true };
}

function pair(a: number, b: number): string {
  return a < b ? `${a},${b}` : `${b},${a}`;
}
