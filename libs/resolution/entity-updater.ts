import type { Clock } from '#libs/kernel/clock';
import { entityId, type EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { GoldenRecordChanged } from '#libs/model/events';
import { restrictedFacetsOf } from '#libs/model/restricted';
import type { Sealing } from '#libs/platform/sealing';
import { keyOf } from '#libs/store/source-record-codec';
import type { SourceRecordStore } from '#libs/store/source-record-store';
import type { Transaction } from '#libs/store/unit-of-work';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { sameValue } from '#libs/survivorship/same-value';
import { readLinks, readLinksBeside, writeLinks, type Link } from './crosswalk-store.js';
import { assignEntityIds } from './entity-ids.js';
import type { EntityStore, EntityVersion } from './entity-store.js';
import { goldenOf, householdMembers, searchRows, type Member, type StoredGolden } from './golden.js';

/** Records of one type whose place was worked out anew: complete old and new clusters. */
export interface Placement {
  recordType: RecordType;
  /** Record ids, and the cluster each is in (named by a record id). */
  records: readonly { id: number; cluster: number; /** Attached to its cluster with this probability. */ attached?: number; restricted?: boolean }[];
  /** Records whose content is new. */
  dirty: ReadonlySet<number>;
}

export interface UpdateContext {
  authority: AuthorityTable;
  /** Record keys that caused this; each goes into the event of the entity it is a member of. */
  causes: readonly RecordKey[];
  /** Stewards' decisions among the causes, by the records they name. */
  decisions: ReadonlyMap<RecordKey, string>;
}

/** A current person record that names a household. */
export interface HouseholdPerson {
  id: number;
  features: PersonFeatures;
}

type Change = Omit<GoldenRecordChanged, 'initial'>;

interface Plan {
  id: EntityId;
  isNew: boolean;
  split: boolean;
  members: readonly { id: number; attached?: number }[];
}

/** Turns clusters into entities: stable ids, links, golden records, versions, search, and what to announce. */
export class EntityUpdater {
  constructor(
    private readonly sealing: Sealing,
    private readonly records: SourceRecordStore,
    private readonly entities: EntityStore,
    private readonly clock: Clock,
  ) {}

  /** `moved`: records that were of another entity before. */
  async update(tx: Transaction, placement: Placement, context: UpdateContext): Promise<{ changes: Change[]; moved: number[] }> {
    const now = new Date(this.clock.now());
    const links = await readLinks(tx, placement.records.map((r) => r.id));
    const clusters = new Map<number, Placement['records'][number][]>();
    for (const r of placement.records) {
      const members = clusters.get(r.cluster);
      if (members) members.push(r);
      else clusters.set(r.cluster, [r]);
    }
    const groups = [...clusters.values()];
    const assigned = assignEntityIds(
      groups.map((members) => ({ members: members.map((m) => ({ recordId: m.id, entityId: links.get(m.id)?.entityId, ...(m.restricted === true && { restricted: true }) })) })),
      () => entityId(placement.recordType, this.clock.now()),
    );
    const created = new Set(assigned.created);
    const plans = groups.map((members, i): Plan => ({ id: assigned.ids[i]!, isNew: created.has(i), split: assigned.split.has(assigned.ids[i]!), members }));
    const relinked = newLinks(plans, links);
    const touched = plans.filter((p) => p.isNew || p.split || p.members.some((m) => placement.dirty.has(m.id) || relinked.has(m.id)));

    const cause = this.causeOf(context);
    await writeLinks(tx, [...relinked.values()], cause, now);
    await this.entities.keepHistory(tx, [...assigned.merged.keys()], cause, now);
    const changes = await this.writeGolden(tx, placement.recordType, touched, context, cause, now);
    await this.entities.merge(tx, assigned.merged, now);
    for (const [id, into] of assigned.merged) {
      changes.push({ entityId: id, recordType: placement.recordType, version: 0, changed: [], kind: 'merged', mergedInto: into, causes: [] });
    }
    return { changes, moved: [...relinked.values()].flatMap((l) => (links.has(l.recordId) && links.get(l.recordId)!.entityId !== l.entityId ? [l.recordId] : [])) };
  }

  /** Golden records of the entities these records are in, whose place stands: their values, or the times by which values win, are new. */
  async renew(tx: Transaction, records: ReadonlyMap<number, RecordType>, context: UpdateContext): Promise<Change[]> {
    const links = await readLinksBeside(tx, [...records.keys()]);
    const plans = new Map<EntityId, Plan & { recordType: RecordType; members: { id: number; attached?: number }[] }>();
    for (const [id, recordType] of records) {
      const { entityId: entity } = links.get(id)!;
      plans.set(entity, { id: entity, recordType, isNew: false, split: false, members: [] });
    }
    for (const { recordId, entityId: entity, attached, probability } of links.values()) plans.get(entity)!.members.push({ id: recordId, ...(attached && { attached: probability ?? 0 }) });
    const changes: Change[] = [];
    for (const type of new Set(records.values())) {
      changes.push(...await this.writeGolden(tx, type, [...plans.values()].filter((p) => p.recordType === type), context, this.causeOf(context), new Date(this.clock.now())));
    }
    return changes;
  }

  /** Who lives in these households now. Call after the persons' links are written. */
  async updateHouseholdMembers(tx: Transaction, households: readonly { entityId: EntityId; keys: readonly RecordKey[] }[], members: ReadonlyMap<RecordKey, readonly HouseholdPerson[]>): Promise<void> {
    const links = await readLinks(tx, [...new Set([...members.values()].flat().map((p) => p.id))]);
    await this.entities.writeHouseholdMembers(tx, new Map(households.map(({ entityId: household, keys }) => {
      const persons = keys.flatMap((k) => members.get(k) ?? []).map((p) => ({ features: p.features, entityId: links.get(p.id)!.entityId }));
      return [household, householdMembers(new Set(keys), persons)];
    })));
  }

  private causeOf({ causes }: UpdateContext): string {
    return causes.length === 1 ? `record ${this.sealing.ref('record', causes[0]!).toString('hex')}` : `batch of ${causes.length}`;
  }

  private async writeGolden(tx: Transaction, recordType: RecordType, plans: readonly Plan[], context: UpdateContext, cause: string, now: Date): Promise<Change[]> {
    const causes = new Set(context.causes);
    const before = await this.entities.read(tx, plans.filter((p) => !p.isNew).map((p) => p.id));
    const records = await this.records.findByIds(tx, plans.flatMap((p) => p.members.map((m) => m.id)));
    const scopes = new Map([...records.values()].map(({ record }) => [keyOf(record), restrictedFacetsOf(record.body)]));
    const versions: EntityVersion[] = [];
    const unchanged: Pick<EntityVersion, 'id' | 'search'>[] = [];
    const moved: Pick<EntityVersion, 'id' | 'golden'>[] = [];
    const changes: Change[] = [];
    for (const plan of plans) {
      const members: Member[] = plan.members.map((m) => ({ record: records.get(m.id)!.record, attached: m.attached !== undefined }));
      const golden = goldenOf(recordType, members, context.authority);
      const old = before.get(plan.id);
      const changed = changedPaths(old?.golden, golden.stored);
      const sameMembers = old !== undefined && sameValue(old.golden.members, golden.stored.members);
      if (old?.state === 'active' && changed.length === 0 && sameMembers) {
        // No new version, and yet a value that lost may be another: it is found by that one now.
        unchanged.push({ id: plan.id, search: searchRows(this.sealing, golden) });
        if (cameFromElsewhere(old.golden, golden.stored)) moved.push({ id: plan.id, golden });
        continue;
      }
      const version = (old?.version ?? 0) + 1;
      versions.push({ id: plan.id, recordType, version, memberCount: plan.members.length, golden, search: searchRows(this.sealing, golden) });
      const withheld = scopesOfChange(new Set(old?.golden.members), new Set(golden.stored.members), causes, scopes);
      const decisionId = golden.stored.members.map((k) => context.decisions.get(k)).find((id) => id !== undefined);
      changes.push({
        entityId: plan.id, recordType, version, changed, kind: plan.isNew ? 'created' : plan.split ? 'split' : 'updated', causes: golden.stored.members.filter((k) => causes.has(k)),
        ...(withheld.length > 0 && { scopes: withheld }), ...(decisionId !== undefined && { decisionId }),
      });
    }
    await this.entities.keepHistory(tx, versions.filter((v) => before.has(v.id)).map((v) => v.id), cause, now);
    await this.entities.write(tx, versions, now);
    await this.entities.renewGolden(tx, moved);
    await this.entities.renewSearch(tx, unchanged);
    return changes;
  }
}

/**
 * The scopes that alone may hear of a change; empty: everybody may. What everybody sees is made of the records everybody sees: when
 * none of those came, went or is the cause, nothing has changed for anybody outside.
 */
function scopesOfChange(
  before: ReadonlySet<RecordKey>, after: ReadonlySet<RecordKey>, causes: ReadonlySet<RecordKey>, scopes: ReadonlyMap<RecordKey, readonly string[]>,
): string[] {
  const found = new Set<string>();
  for (const key of new Set([...before, ...after])) {
    if (before.has(key) === after.has(key) && !causes.has(key)) continue;
    const own = scopes.get(key) ?? [];
    if (own.length === 0) return [];
    for (const scope of own) found.add(scope);
  }
  return [...found].sort();
}

/** Links that differ from those the store has. */
function newLinks(plans: readonly Plan[], before: ReadonlyMap<number, Link>): Map<number, Link> {
  const links = new Map<number, Link>();
  for (const plan of plans) {
    for (const m of plan.members) {
      const old = before.get(m.id);
      const attached = m.attached !== undefined;
      if (old?.entityId === plan.id && old.attached === attached && sameProbability(old.probability, m.attached)) continue;
      links.set(m.id, { recordId: m.id, entityId: plan.id, attached, probability: m.attached });
    }
  }
  return links;
}

/** The store keeps a probability as a real of four bytes. */
function sameProbability(a: number | undefined, b: number | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Math.fround(a) === Math.fround(b));
}

/** The same values, of which some win by another record or for another reason now. */
function cameFromElsewhere(before: StoredGolden, after: StoredGolden): boolean {
  return Object.entries(after.fields).some(([path, { record, reason }]) => before.fields[path]?.record !== record || before.fields[path]?.reason !== reason);
}

/** Paths whose winning value differs; where it comes from is no change. */
function changedPaths(before: StoredGolden | undefined, after: StoredGolden): string[] {
  const paths = new Set([...Object.keys(before?.fields ?? {}), ...Object.keys(after.fields)]);
  return [...paths].filter((p) => !sameValue(before?.fields[p]?.value, after.fields[p]?.value)).sort();
}
