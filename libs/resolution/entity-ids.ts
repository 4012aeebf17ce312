import type { EntityId } from '#libs/kernel/ids';

/** One cluster of the new partition: its records, each with the entity it belonged to until now (undefined: new record). */
export interface ClusterMembers {
  /** `restricted`: weighs nothing beside one that is not, so that no id ends or moves for the sake of a record that few may see. */
  members: readonly { recordId: number; entityId: EntityId | undefined; restricted?: boolean }[];
}

export interface EntityAssignment {
  /** Entity id of each cluster, in the order of the input. */
  ids: EntityId[];
  /** Clusters (by position) whose id is new. */
  created: number[];
  /** Ids that ended, each redirected for ever to the entity that took its largest part. */
  merged: Map<EntityId, EntityId>;
  /** Ids that lost records to other entities but live on. */
  split: Set<EntityId>;
}

/**
 * Keeps entity ids stable across a new partition. An id follows the largest part of its old records (ties: the part
 * with the oldest record, by record id). Where several ids follow to one cluster, the one that brings most records
 * stays (ties: the older id; UUIDv7 sorts by age) and the others redirect to it. An id that only restricted records bring
 * never names a cluster of others: it tells its age, and so that somebody was known before.
 *
 * Every record of an old entity must be in the input, or its largest part cannot be told.
 */
export function assignEntityIds(clusters: readonly ClusterMembers[], newId: () => EntityId): EntityAssignment {
  const parts = partsByEntity(clusters);
  const claims: { id: EntityId; part: Part }[][] = clusters.map(() => []);
  const home = new Map<EntityId, number>();
  for (const [id, byCluster] of parts) {
    let best = -1;
    let bestPart: Part | undefined;
    for (const [cluster, part] of byCluster) {
      if (bestPart === undefined || (larger(part, bestPart) || part.oldest - bestPart.oldest) < 0) {
        best = cluster;
        bestPart = part;
      }
    }
    home.set(id, best);
    claims[best]!.push({ id, part: bestPart! });
  }

  const result: EntityAssignment = { ids: [], created: [], merged: new Map(), split: new Set() };
  claims.forEach((claim, cluster) => {
    const open = clusters[cluster]!.members.some((m) => m.restricted !== true);
    const eligible = open ? claim.filter((c) => c.part.size > 0) : claim;
    const winner = eligible.length === 0 ? newId() : eligible.reduce((a, b) => ((larger(b.part, a.part) || (b.id < a.id ? -1 : 1)) < 0 ? b : a)).id;
    if (eligible.length === 0) result.created.push(cluster);
    result.ids.push(winner);
    for (const c of claim) if (c.id !== winner) result.merged.set(c.id, winner);
  });
  for (const [id, byCluster] of parts) {
    if (byCluster.size > 1 && !result.merged.has(id)) result.split.add(id);
  }
  return result;
}

interface Part {
  /** Records that everybody may see, and all of them. */
  size: number;
  all: number;
  /** Smallest id among those that count: of the former, where there is one. */
  oldest: number;
}

/** Negative when `a` is the larger part. */
function larger(a: Part, b: Part): number {
  return b.size - a.size || (a.size === 0 ? b.all - a.all : 0);
}

function partsByEntity(clusters: readonly ClusterMembers[]): Map<EntityId, Map<number, Part>> {
  const parts = new Map<EntityId, Map<number, Part>>();
  clusters.forEach(({ members }, cluster) => {
    for (const { recordId, entityId, restricted = false } of members) {
      if (entityId === undefined) continue;
      let byCluster = parts.get(entityId);
      if (!byCluster) parts.set(entityId, (byCluster = new Map()));
      const part = byCluster.get(cluster) ?? { size: 0, all: 0, oldest: Infinity };
      byCluster.set(cluster, part);
      if (restricted ? part.size === 0 : part.size > 0) part.oldest = Math.min(part.oldest, recordId);
      else if (!restricted) part.oldest = recordId;
      part.all += 1;
      if (!restricted) part.size += 1;
    }
  });
  return parts;
}
