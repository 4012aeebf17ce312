import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#libs/kernel/clock';
import type { EntityId } from '#libs/kernel/ids';
import { parseRecordKey, recordKey, type RecordKey, type RecordType } from '#libs/kernel/record-key';
import type { MatchModel } from '#libs/matching/match-model';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { SourceRecordStore, type PutResult } from '#libs/store/source-record-store';
import type { Transaction } from '#libs/store/unit-of-work';
import type { GoldenRecordChanged } from '#libs/model/events';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { blockLevelOf, readBlocks, replaceKeys } from './blocks.js';
import { DecisionReader } from './decision-reader.js';
import type { Placement, EntityUpdater, UpdateContext } from './entity-updater.js';
import { readLinks } from './crosswalk-store.js';
import { FeatureCache } from './feature-cache.js';
import { IncrementalResolver, type Dirty, type Resolved } from './incremental-resolver.js';
import { writeLabels } from './labels.js';
import { markEchoes } from './mark-echoes.js';
import { featuresOfRecord, householdsNamed, indexedKeys, type IndexedKey, type RecordFeatures } from './record-features.js';
import { Region } from './region.js';
import type { ReviewStore } from './review-store.js';

/** What a batch of messages asks for. */
export interface ChangeSet {
  /** Versions of source records, in any order. */
  records: readonly AnySourceRecord[];
  /** Records that decisions written in this transaction name: their place is worked out anew. */
  decided: readonly RecordKey[];
  /** The stewards' decisions among them, by the records they name; what workers and targets settle by the way is none. */
  decisions?: ReadonlyMap<RecordKey, string>;
}

/** The parts of the record set that changed, before any stage ran. */
interface RecordChanges {
  dirty: Dirty;
  /** Records whose content or time is new, and those to be placed anew. */
  ids: ReadonlySet<number>;
  /** Of them those that tell matching nothing new: their place stands, their values may not. */
  placed: ReadonlyMap<number, RecordType>;
}

/**
 * Applies changes of the record set in one transaction: source records, keys, partition, golden records, crosswalk, reviews.
 * The only writer of all of these besides the bulk load, which uses the same functions.
 */
export class ChangeWriter {
  private readonly cache: FeatureCache;
  private readonly records: SourceRecordStore;

  constructor(
    private readonly sealing: Sealing,
    private readonly updater: EntityUpdater,
    private readonly reviews: ReviewStore,
    private readonly model: MatchModel,
    private readonly clock: Clock,
  ) {
    this.cache = new FeatureCache(sealing);
    this.records = new SourceRecordStore(sealing);
  }

  /** Returns what to announce. The caller holds the lock of the partition. */
  async apply(tx: Transaction, changes: ChangeSet, authority: AuthorityTable, restricted: ReadonlySet<string>): Promise<GoldenRecordChanged[]> {
    const put = await this.records.put(tx, await markEchoes(tx, this.sealing, this.records, changes.records));
    const changed = await this.changeRecords(tx, put, changes.decided);
    if (changed.ids.size === 0) return [];

    const region = new Region(tx, this.sealing, this.cache);
    const decisions = new DecisionReader(tx, this.sealing);
    const resolved = await new IncrementalResolver(region, this.model, decisions).resolve(changed.dirty);
    await writeLabels(tx, new Map(region.changedLabels()));

    const causes = [...new Set([...changes.records.map((r) => recordKey(r.system, r.recordType, r.naturalKey)), ...changes.decided])];
    const announced = await this.updateEntities(tx, region, resolved, changed, { authority, causes, decisions: changes.decisions ?? new Map() });
    await this.openReviews(tx, region, resolved, restricted);
    return announced.map((c) => ({ ...c, initial: false }));
  }

  /** New keys of changed records, and every record whose keys crossed a level by it. */
  private async changeRecords(tx: Transaction, put: readonly PutResult[], decided: readonly RecordKey[]): Promise<RecordChanges> {
    const versions = put.filter((p) => p.outcome === 'created' || p.outcome === 'changed')
      .map((p) => ({ ...p, after: featuresOfRecord(p.current), former: p.before && featuresOfRecord(p.before) }));
    const next = versions.filter((v) => !sameToMatching(v));
    const placed = new Map([...put.filter((p) => p.outcome === 'touched'), ...versions.filter(sameToMatching)].map((p) => [p.id, p.current.recordType]));
    const rekeyed = next.map((n) => ({ id: n.id, isNew: n.outcome === 'created', keys: indexedKeys(this.sealing, n.after), former: n.former ? indexedKeys(this.sealing, n.former) : [] }));
    const kinds = new Map<string, IndexedKey['kind']>();
    for (const r of rekeyed) for (const k of [...r.keys, ...r.former]) kinds.set(k.hash, k.kind);
    const hashes = [...kinds.keys()];
    const before = await readBlocks(tx, hashes);
    await replaceKeys(tx, rekeyed);
    const after = await readBlocks(tx, hashes);

    const ids = new Set(next.map((p) => p.id));
    for (const found of (await this.records.findByKeys(tx, decided)).values()) ids.add(found.id);
    const crossed = [...kinds].filter(([hash, kind]) => blockLevelOf(kind, before.get(hash)) !== blockLevelOf(kind, after.get(hash))).map(([hash]) => hash);
    // Who is left alone behind a key has crossed its level as well.
    const alone = crossed.filter((hash) => !after.has(hash));
    for (const blocks of [after, await readBlocks(tx, alone, alone)]) for (const hash of crossed) for (const id of blocks.get(hash)?.ids ?? []) ids.add(id);
    const dirty = { persons: new Set<number>(), households: new Set<number>(), dwellings: new Set<number>(), formerHouseholds: new Set<RecordKey>() };
    for (const loaded of await this.cache.load(tx, [...ids])) dirty[`${loaded.features.type}s`].add(loaded.id);
    for (const r of next) if (r.former) for (const key of householdsNamed(r.former)) dirty.formerHouseholds.add(key);
    return { dirty, ids: new Set([...ids, ...placed.keys()]), placed };
  }

  private async updateEntities(
    tx: Transaction, region: Region, resolved: Resolved, changed: RecordChanges, context: UpdateContext,
  ) {
    const attachedBy = new Map(resolved.clusters.attached.map((a) => [resolved.persons[a.index]!, a.probability]));
    // An account alone in its cluster is its own entity: attached to nobody.
    const identified = new Set(resolved.persons.filter((id) => !region.person(id).attachable).map((id) => region.cluster(2, id)));
    const placement = (recordType: Placement['recordType'], ids: readonly number[]): Placement => ({
      recordType, dirty: changed.ids,
      records: ids.map((id) => {
        const cluster = region.cluster(2, id);
        const attached = identified.has(cluster) ? attachedBy.get(id) : undefined;
        const restricted = recordType === 'person' && region.person(id).restricted;
        return { id, cluster, ...(attached !== undefined && { attached }), ...(restricted && { restricted }) };
      }),
    });
    const persons = await this.updater.update(tx, placement('person', resolved.persons), context);
    const households = await this.updater.update(tx, placement('household', resolved.households), context);
    const dwellings = await this.updater.update(tx, placement('dwelling', resolved.dwellings), context);
    const homes = await this.homesOf(region, persons.moved);
    await this.updateMembers(tx, region, [...new Set([...resolved.households, ...homes])]);
    const reached = new Set([...resolved.persons, ...resolved.households, ...resolved.dwellings]);
    const renewed = await this.updater.renew(tx, new Map([...changed.placed].filter(([id]) => !reached.has(id))), context);
    return [...persons.changes, ...households.changes, ...dwellings.changes, ...renewed];
  }

  /** All records of the households that list these persons: who gets another id by a split may stand where they stood, for matching. */
  private async homesOf(region: Region, persons: readonly number[]): Promise<number[]> {
    const around = [...(await region.neighbours(persons.flatMap((id) => householdsNamed(region.person(id))))).values()].flat();
    await region.need(around);
    const homes = await region.clusterMates(2, around.filter((id) => region.record(id).features.type === 'household'));
    await region.need(homes);
    return homes;
  }

  private async updateMembers(tx: Transaction, region: Region, households: readonly number[]): Promise<void> {
    if (households.length === 0) return;
    const links = await readLinks(tx, households);
    const keys = new Map<EntityId, RecordKey[]>();
    for (const id of households) {
      const entity = links.get(id)!.entityId;
      keys.set(entity, [...(keys.get(entity) ?? []), region.household(id).key]);
    }
    const around = await region.neighbours([...keys.values()].flat());
    await region.need([...around.values()].flat());
    const members = new Map([...around].map(([key, ids]) => [key, ids
      .filter((id) => region.record(id).features.type === 'person' && !region.record(id).withdrawn)
      .map((id) => ({ id, features: region.person(id) }))]));
    await this.updater.updateHouseholdMembers(tx, [...keys].map(([entityId, k]) => ({ entityId, keys: k })), members);
  }

  private async openReviews(tx: Transaction, region: Region, resolved: Resolved, restricted: ReadonlySet<string>): Promise<void> {
    if (resolved.persons.length === 0) return;
    const key = (i: number): RecordKey => region.person(resolved.persons[i]!).key;
    const isRestricted = (k: RecordKey): boolean => restricted.has(parseRecordKey(k).system);
    await this.reviews.replace(tx, resolved.clusters.potential.map((p) => ({
      kind: p.reason, recordType: 'person', records: [resolved.persons[p.a]!, resolved.persons[p.b]!], keys: [key(p.a), key(p.b)], probability: p.probability,
      restricted: isRestricted(key(p.a)) || isRestricted(key(p.b)),
    })), resolved.persons, new Date(this.clock.now()));
  }
}

/** An echo, or a value that is no evidence: the partition is a function of what matching reads, so it stays. */
function sameToMatching({ current, before, after, former }: Pick<PutResult, 'current' | 'before'> & { after: RecordFeatures; former: RecordFeatures | undefined }): boolean {
  return before !== undefined && current.state === before.state && isDeepStrictEqual(after, former);
}
