/** What a relation to the head (GB/T 4761-2008) says about generation, and whether it makes family. */
export interface Kinship {
  /** Generations below the head: parents −1, children 1, grandchildren 2; undefined where it does not say. */
  generation: number | undefined;
  kin: boolean;
}

const UNKNOWN: Kinship = { generation: undefined, kin: false };
const BY_GROUP: Record<string, Kinship> = {
  0: { generation: 0, kin: true },
  1: { generation: 0, kin: true },
  2: { generation: 1, kin: true },
  3: { generation: 1, kin: true },
  4: { generation: 2, kin: true },
  5: { generation: -1, kin: true },
  6: { generation: -2, kin: true },
  7: { generation: 0, kin: true },
  8: { generation: undefined, kin: true },
  9: { generation: undefined, kin: true },
};

/** Kinship of a two-digit relation; 98, 99 and unknown codes are no family (lodgers, members of a collective). */
export function kinshipOf(relation: string | undefined): Kinship {
  if (relation === undefined || relation >= '98') return UNKNOWN;
  return BY_GROUP[relation[0] ?? ''] ?? UNKNOWN;
}
