import type { RecordKey } from '#libs/kernel/record-key';
import { keyOf, recordsAtTarget, type EntityMembers } from './entity-members.js';
import type { OwnValues } from './own-values.js';
import type { WrittenProjection } from './plan-write.js';
import type { Target } from './target.js';

/** A value the hub wrote for a person who, it turned out, was another: by canonical path, what the target's record said of its own before. */
export type StrayWrites = ReadonlyMap<string, { own?: unknown }>;

/**
 * Values that stand in these records because of a merge that was undone: written from a record which no longer is of this
 * entity. By natural key of the target's record; records without one are left out.
 */
export async function strayWrites(
  own: OwnValues, target: Target, members: EntityMembers, written: ReadonlyMap<string, WrittenProjection>,
): Promise<Map<string, StrayWrites>> {
  const here = new Set<RecordKey>(members.records.map(keyOf));
  const found = new Map<string, StrayWrites>();
  for (const record of recordsAtTarget(members, target.id)) {
    const paths = Object.entries(written.get(record.naturalKey)?.fields ?? {}).filter(([, field]) => field.from !== undefined && !here.has(field.from)).map(([path]) => path);
    if (paths.length === 0) continue;
    const before = await own.before(record, paths);
    found.set(record.naturalKey, new Map(paths.map((path) => [path, before.has(path) ? { own: before.get(path) } : {}])));
  }
  return found;
}
