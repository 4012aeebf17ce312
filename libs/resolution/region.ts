import type { RecordKey } from '#libs/kernel/record-key';
import type { LevelLookup } from '#libs/matching/candidate-pairs';
import type { HouseholdFeatures } from '#libs/matching/household-features';
import type { PersonFeatures } from '#libs/matching/person-features';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from '#libs/store/unit-of-work';
import { blockLevelOf, bringsTogether, readBlocks, type Block } from './blocks.js';
import type { FeatureCache, Loaded } from './feature-cache.js';
import { readLabelled, readLabels, type Labels, type Pass } from './labels.js';
import { MEMBERSHIP, membershipHash } from './record-features.js';

/**
 * The part of the record set that one change can touch, read from the store as it is asked for and kept for the
 * transaction. Labels given here by a pass overlay those of the store, so that the next pass sees them.
 */
export class Region {
  private readonly records = new Map<number, Loaded>();
  private readonly idByKey = new Map<RecordKey, number>();
  private readonly blocks = new Map<string, Block | undefined>();
  /** As the store had them before this change; null: never resolved. */
  private readonly before = new Map<number, Labels | null>();
  private readonly given = new Map<number, Labels>();

  constructor(
    private readonly tx: Transaction,
    private readonly sealing: Sealing,
    private readonly cache: FeatureCache,
  ) {}

  /** Loads records and their labels; those at hand cost nothing. */
  async need(ids: Iterable<number>): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.records.has(id));
    if (missing.length === 0) return;
    for (const r of await this.cache.load(this.tx, missing)) {
      this.records.set(r.id, r);
      this.idByKey.set(r.features.key, r.id);
    }
    await this.needLabels(missing);
  }

  record(id: number): Loaded {
    return this.records.get(id)!;
  }
  person(id: number): PersonFeatures {
    return this.records.get(id)!.features as PersonFeatures;
  }
  household(id: number): HouseholdFeatures {
    return this.records.get(id)!.features as HouseholdFeatures;
  }
  idOf(key: RecordKey): number | undefined {
    return this.idByKey.get(key);
  }

  /** Loads the blocks of these records' keys, so that {@link level} knows them. */
  async needBlocks(ids: Iterable<number>): Promise<void> {
    const hashes = new Set<string>();
    const households: string[] = [];
    for (const id of ids) {
      for (const k of this.record(id).keys) {
        if (this.blocks.has(k.hash)) continue;
        hashes.add(k.hash);
        if (k.kind === MEMBERSHIP) households.push(k.hash);
      }
    }
    await this.needHashes(hashes, households);
  }

  /** Records that a blocking key brings together with any of these, themselves included. */
  candidates(ids: Iterable<number>): Set<number> {
    const out = new Set(ids);
    for (const id of [...out]) {
      for (const k of this.record(id).keys) {
        const block = this.blocks.get(k.hash);
        if (block !== undefined && block.ids.length > 1 && bringsTogether(k.kind, blockLevelOf(k.kind, block))) for (const other of block.ids) out.add(other);
      }
    }
    return out;
  }

  /** Level of a key over the whole record set. Keys made during a stage (kin labels) are in no block and never bounded. */
  readonly level: LevelLookup = ({ kind, text }) => blockLevelOf(kind, this.blocks.get(String(this.sealing.hash64(text))));

  labels(id: number): Labels | undefined {
    return this.given.get(id) ?? this.before.get(id) ?? undefined;
  }
  labelsBefore(id: number): Labels | undefined {
    return this.before.get(id) ?? undefined;
  }
  cluster(pass: Pass, id: number): number {
    return this.labels(id)?.cluster[pass - 1] ?? id;
  }

  give(pass: Pass, id: number, component: number, cluster: number): void {
    let l = this.given.get(id);
    if (l === undefined) {
      const b = this.before.get(id) ?? { component: [id, id], cluster: [id, id] };
      this.given.set(id, (l = { component: [...b.component], cluster: [...b.cluster] }));
    }
    l.component[pass - 1] = component;
    l.cluster[pass - 1] = cluster;
  }

  /** Every record of the components that these records are or were in. */
  async closure(pass: Pass, ids: Iterable<number>): Promise<number[]> {
    return this.labelled('component', pass, [...ids]);
  }

  /** Every record of the clusters that these records are in. */
  async clusterMates(pass: Pass, ids: Iterable<number>): Promise<number[]> {
    return this.labelled('cluster', pass, [...ids]);
  }

  /** Records of the undecided reviews that these records are in: a doubt joins no component, and ends only where both its sides are at hand. */
  async reviewedWith(ids: readonly number[]): Promise<Set<number>> {
    const found = await this.tx.client.query<{ id: string }>({
      name: 'reviewed_with', text: `select distinct unnest(record_ids) as id from review where record_ids && $1::bigint[] and state in ('open', 'askAtTheDoor')`, values: [ids],
    });
    return new Set(found.rows.map((r) => Number(r.id)));
  }

  /** Person records that name the households, and the household records with those keys. */
  async neighbours(households: Iterable<RecordKey>): Promise<Map<RecordKey, number[]>> {
    const wanted = [...new Set(households)].map((key) => [key, membershipHash(this.sealing, key)] as const);
    const missing = wanted.map(([, hash]) => hash).filter((hash) => !this.blocks.has(hash));
    await this.needHashes(new Set(missing), missing);
    return new Map(wanted.map(([key, hash]) => [key, this.blocks.get(hash)?.ids ?? []]));
  }

  /** Labels that changed or are new, for the store. */
  *changedLabels(): Iterable<[number, Labels]> {
    for (const [id, l] of this.given) {
      const b = this.before.get(id);
      if (!b || b.component[0] !== l.component[0] || b.component[1] !== l.component[1] || b.cluster[0] !== l.cluster[0] || b.cluster[1] !== l.cluster[1]) yield [id, l];
    }
  }

  private async labelled(by: 'component' | 'cluster', pass: Pass, ids: number[]): Promise<number[]> {
    await this.needLabels(ids);
    const wanted = new Set<number>();
    for (const id of ids) {
      const stored = this.before.get(id);
      if (stored) wanted.add(stored[by][pass - 1]!);
      wanted.add(this.labels(id)?.[by][pass - 1] ?? id);
    }
    const out = new Set(ids);
    for (const [id, l] of await readLabelled(this.tx, by, pass, [...wanted])) {
      if (!this.before.has(id)) this.before.set(id, l);
      // A record that left the label in this change is no longer of the cluster, but its old component must be worked on.
      if (by === 'component' || wanted.has(this.labels(id)![by][pass - 1]!)) out.add(id);
    }
    for (const [id, l] of this.given) if (wanted.has(l[by][pass - 1]!)) out.add(id);
    return [...out];
  }

  private async needLabels(ids: readonly number[]): Promise<void> {
    const missing = ids.filter((id) => !this.before.has(id));
    const found = await readLabels(this.tx, missing);
    for (const id of missing) this.before.set(id, found.get(id) ?? null);
  }

  private async needHashes(hashes: ReadonlySet<string>, alone: readonly string[]): Promise<void> {
    if (hashes.size === 0) return;
    const found = await readBlocks(this.tx, [...hashes], alone);
    for (const hash of hashes) this.blocks.set(hash, found.get(hash));
  }
}
