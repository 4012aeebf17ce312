import { recordsAtTarget, type EntityMembers } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import type { LineContext } from './plan-lines.js';
import type { WrittenProjection } from './plan-write.js';
import { SharingRules } from './sharing-rules.js';
import type { Target } from './target.js';

/** Reads, for one target and many persons at once, everything that lines and writes are decided from. By the entity id asked for. */
export async function readContexts(store: FanoutStore, target: Target, entityIds: readonly string[]): Promise<Map<string, LineContext>> {
  const members = await store.entities.load(entityIds);
  if (members.size === 0) return new Map();
  const ids = [...members.values()].map((m) => m.entityId);
  const [agreements, authority, approved, minted, contested] = await Promise.all([
    store.agreements.forTarget(target.id),
    store.authority.current(),
    store.connections.approved(target.id),
    target.person?.createNeeds === undefined ? new Map<string, { naturalKey: string }>() : store.projections.minted(target.id, ids),
    target.ticketKinds?.includes('contestedId') ? store.entities.contestedIds(ids) : new Map<string, string[]>(),
  ]);
  const keys = new Map([...members.values()].map((m) => [m.entityId, targetKeys(m, target, minted.get(m.entityId)?.naturalKey)]));
  const written = await readProjections(store, target, [...keys.values()].flat());
  const rules = new SharingRules(target.id, agreements, store.today());
  return new Map([...members].map(([asked, m]) => [asked, {
    target, rules, authority, members: m, approved, written,
    mintedKey: minted.get(m.entityId)?.naturalKey,
    contested: contested.get(m.entityId) ?? [],
  }]));
}

function targetKeys(members: EntityMembers, target: Target, minted: string | undefined): string[] {
  const keys = recordsAtTarget(members, target.id).map((r) => r.naturalKey);
  return minted === undefined || keys.includes(minted) ? keys : [...keys, minted];
}

async function readProjections(store: FanoutStore, target: Target, naturalKeys: readonly string[]): Promise<Map<string, WrittenProjection>> {
  if (naturalKeys.length === 0) return new Map();
  const refs = naturalKeys.map((naturalKey) => store.refOf({ system: target.id, recordType: 'person', naturalKey }));
  const byRef = await store.projections.load(target.id, refs);
  const written = new Map<string, WrittenProjection>();
  naturalKeys.forEach((key, i) => {
    const found = byRef.get(refs[i]!.toString('hex'));
    if (found !== undefined) written.set(key, found);
  });
  return written;
}
