import type { RecordType } from '#libs/kernel/record-key';
import { recordsAtTarget, type EntityMembers } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { tellable } from './occupancy.js';
import type { Resident } from './occupancy-store.js';
import type { LineContext } from './plan-lines.js';
import type { WrittenProjection } from './plan-write.js';
import { SharingRules } from './sharing-rules.js';
import { strayWrites, type StrayWrites } from './stray-writes.js';
import { RESIDENTS_PATH, type Target } from './target.js';

/** Reads, for one target and many entities at once, everything that lines and writes are decided from. By the entity id asked for. */
export async function readContexts(store: FanoutStore, target: Target, entityIds: readonly string[]): Promise<Map<string, LineContext>> {
  return contextsOf(store, target, await store.entities.load(entityIds));
}

/** The same for entities as they are given: as they are, or as a decision would make them. */
export async function contextsOf(store: FanoutStore, target: Target, members: ReadonlyMap<string, EntityMembers>): Promise<Map<string, LineContext>> {
  if (members.size === 0) return new Map();
  const ids = [...members.values()].map((m) => m.entityId);
  const [agreements, authority, approved, minted, contested] = await Promise.all([
    store.agreements.forTarget(target.id),
    store.authority.current(),
    store.connections.approved(target.id),
    target.channels.get('person')?.createNeeds === undefined ? new Map<string, { naturalKey: string }>() : store.projections.minted(target.id, ids),
    target.ticketKinds?.includes('contestedId') ? store.entities.contestedIds(ids) : new Map<string, string[]>(),
  ]);
  const keys = [...members.values()].flatMap((m) => targetKeys(m, target, minted.get(m.entityId)?.naturalKey));
  const written = await readProjections(store, target, keys);
  const rules = new SharingRules(target.id, agreements, store.today());
  const counted = await countedResidents(store, target, rules, [...members.values()], written);
  const stray = new Map<string, Map<string, StrayWrites>>();
  for (const m of members.values()) stray.set(m.entityId, await strayWrites(store.ownValues, target, m, written.get(m.recordType) ?? new Map<string, WrittenProjection>()));
  return new Map([...members].map(([asked, m]) => [asked, {
    target, rules, authority, members: counted.get(m.entityId) ?? m, approved, written: written.get(m.recordType) ?? new Map<string, WrittenProjection>(),
    mintedKey: minted.get(m.entityId)?.naturalKey,
    contested: contested.get(m.entityId) ?? [],
    stray: stray.get(m.entityId) ?? new Map<string, StrayWrites>(),
  }]));
}

/** Dwellings with their residents, for a target that is told the counts. Where nobody is known to live nothing is said, unless something was said before. */
async function countedResidents(
  store: FanoutStore, target: Target, rules: SharingRules, members: readonly EntityMembers[], written: ReadonlyMap<RecordType, ReadonlyMap<string, WrittenProjection>>,
): Promise<Map<string, EntityMembers>> {
  const dwellings = target.countsResidents ? members.filter((m) => m.recordType === 'dwelling') : [];
  if (dwellings.length === 0) return new Map();
  const byDwelling = new Map<string, Resident[]>();
  for (const r of await store.occupancy.residentsOf(target.id, dwellings.map((d) => d.entityId))) byDwelling.set(r.dwellingId, [...(byDwelling.get(r.dwellingId) ?? []), r]);
  return new Map(dwellings.map((d) => {
    const residents = tellable(byDwelling.get(d.entityId) ?? [], rules);
    const toldBefore = recordsAtTarget(d, target.id).some((r) => written.get('dwelling')?.get(r.naturalKey)?.fields[RESIDENTS_PATH] !== undefined);
    return [d.entityId, residents.length > 0 || toldBefore ? { ...d, residents } : d];
  }));
}

type TargetKey = Pick<EntityMembers, 'recordType'> & { naturalKey: string };

function targetKeys({ recordType, ...members }: EntityMembers, target: Target, minted: string | undefined): TargetKey[] {
  const keys = recordsAtTarget({ recordType, ...members }, target.id).map((r) => r.naturalKey);
  if (minted !== undefined && !keys.includes(minted)) keys.push(minted);
  return keys.map((naturalKey) => ({ recordType, naturalKey }));
}

/** By record type and natural key of the target's record. */
async function readProjections(store: FanoutStore, target: Target, keys: readonly TargetKey[]): Promise<Map<RecordType, Map<string, WrittenProjection>>> {
  if (keys.length === 0) return new Map();
  const refs = keys.map((key) => store.refOf({ system: target.id, ...key }));
  const byRef = await store.projections.load(target.id, refs);
  const written = new Map<RecordType, Map<string, WrittenProjection>>();
  keys.forEach(({ recordType, naturalKey }, i) => {
    const found = byRef.get(refs[i]!.toString('hex'));
    if (found !== undefined) written.set(recordType, (written.get(recordType) ?? new Map<string, WrittenProjection>()).set(naturalKey, found));
  });
  return written;
}
