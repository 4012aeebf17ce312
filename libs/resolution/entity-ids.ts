import type { EntityId } from '#libs/kernel/ids';

/** One cluster of the new partition: its records, each with the entity it belonged to until now (undefined: new record). */
export interface ClusterMembers {
  members: readonly { recordId: number; entityId: EntityId | undefined }[];
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
 * stays (ties: the older id; UUIDv7 sorts by age) and the others redirect to it.
 *
 * Every record of an old entity must be in the input, or its largest part cannot be told.
 */
export function assignEntityIds(clusters: readonly ClusterMembers[], newId: () => EntityId): EntityAssignment {
  const parts = partsByEntity(clusters);
  const claims: { id: EntityId; size: number }[][] = clusters.map(() => []);
  const home = new Map<EntityId, number>();
  for (const [id, byCluster] of parts) {
    let best = -1;
    let bestPart: Part = { size: 0, oldest: Infinity };
    for (const [cluster, part] of byCluster) {
      if (part.size > bestPart.size || (part.size === bestPart.size && part.oldest < bestPart.oldest)) {
        best = cluster;
        bestPart = part;
      }
    }
    home.set(id, best);
    claims[best]!.push({ id, size: bestPart.size });
  }

  const result: EntityAssignment = { ids: [], created: [], merged: new Map(), split: new Set() };
  claims.forEach((claim, cluster) => {
    if (claim.length === 0) {
      result.ids.push(newId());
      result.created.push(cluster);
      return;
    }
    const winner = claim.reduce((a, b) => (b.size > a.size || (b.size === a.size && b.id < a.id) ? b : a)).id;
    result.ids.push(winner);
    for (const c of claim) if (c.id !== winner) result.merged.set(c.id, winner);
  });
  for (const [id, byCluster] of parts) {
    if (byCluster.size > 1 && !result.merged.has(id)) result.split.add(id);
  }
  return result;
}

interface Part {
  size: number;
  oldest: number;
}

function partsByEntity(clusters: readonly ClusterMembers[]): Map<EntityId, Map<number, Part>> {
  const parts = new Map<EntityId, Map<number, Part>>();
  clusters.forEach(({ members }, cluster) => {
    for (const { recordId, entityId } of members) {
      if (entityId === undefined) continue;
      let byCluster = parts.get(entityId);
      if (!byCluster) parts.set(entityId, (byCluster = new Map()));
      const part = byCluster.get(cluster);
      if (part) {
        part.size += 1;
        part.oldest = Math.min(part.oldest, recordId);
      } else byCluster.set(cluster, { size: 1, oldest: recordId });
    }
  });
  return parts;
}
