import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { partitionHash, type PartitionRow } from '#libs/kernel/hashing';
import type { EntityId } from '#libs/kernel/ids';
import { parseRecordKey, type RecordType } from '#libs/kernel/record-key';
import type { Connector } from '#libs/connector-sdk/connector';
import type { CityDirectory } from '#libs/intake/city-directory';
import type { MatchModel } from '#libs/matching/match-model';
import type { PersonFeatures } from '#libs/matching/person-features';
import { memberIndex, resolveFeatures, type Features, type Resolution } from '#libs/matching/resolve-all';
import type { GoldenRecordChanged } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decisionsInForce } from '#libs/resolution/decision-reader';
import type { Labels } from '#libs/resolution/labels';
import type { RecordFeatures } from '#libs/resolution/record-features';
import { ReviewStore, type OpenReview } from '#libs/resolution/review-store';
import type { RowCounts } from '#libs/store/snapshot-file-store';
import type { Transaction } from '#libs/store/unit-of-work';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { createIndexes, dropIndexes, ENTITY_TABLES, RECORD_TABLES } from './bare-tables.js';
import { copyDeadLetters, copyHistory, copyIssues, copyKeys, copyLabels, copySourceRecords } from './copy-tables.js';
import { inlineGoldenMaker, threadGoldenMaker, type GoldenMaker } from './golden-maker.js';
import type { HeldRecord } from './held-record.js';
import { copyEntities, copyHouseholdMembers } from './load-entities.js';
import { StageTimes, type LoadResult, type OnProgress } from './load-result.js';
import { readSystem, type ReadFile } from './read-system.js';
import { RecordSet } from './record-set.js';

export interface FirstLoadParts {
  sealing: Sealing;
  clock: Clock;
  model: MatchModel;
  connectors: readonly Connector[];
  authority: AuthorityTable;
  /** Golden records are made on a second thread, which opens this key file; absent: on this one. */
  keysFile?: string;
  /** Systems with restricted facets. */
  restricted: ReadonlySet<string>;
  /** Encodes an event for the outbox. */
  encode: (event: GoldenRecordChanged) => { topic: string; key: string; event: Uint8Array };
}

/** Records of one type, side by side. */
interface Kind {
  ids: number[];
  withdrawn: boolean[];
  features: RecordFeatures[];
}

const noRecords = (): Kind => ({ ids: [], withdrawn: [], features: [] });

/**
 * Loads a city into an empty store in one transaction: read, resolve with the very functions of the stream, copy, index.
 * Killed at any moment, it leaves the store empty as before, and is simply run again.
 */
export class FirstLoad {
  private readonly times = new StageTimes();
  private readonly kinds: Record<AnySourceRecord['recordType'], Kind> = {
    person: noRecords(), household: noRecords(), dwelling: noRecords(),
  };
  private nextId = 1;
  readonly files: ReadFile[] = [];

  constructor(
    private readonly parts: FirstLoadParts,
    private readonly tx: Transaction,
    private readonly city: CityDirectory,
    private readonly onProgress: OnProgress,
  ) {}

  private get client(): pg.ClientBase {
    return this.tx.client;
  }

  async run(): Promise<LoadResult> {
    const { times, parts } = this;
    const indexes = await dropIndexes(this.client);
    for (const connector of parts.connectors) await times.time('decode', () => this.readOne(connector));
    await this.client.query(`select setval('source_record_id_seq', $1)`, [Math.max(1, this.nextId - 1)]);
    const features = this.featureSet();
    const decisions = await decisionsInForce(this.tx, parts.sealing);
    await times.time('copy', () => this.copyKeys());
    let made = 0;
    const onIndex = (): void => this.onProgress({ stage: 'index', done: ++made, total: indexes.length });
    // The server sorts and indexes what it has while this thread works out the partition.
    const indexed = createIndexes(this.client, indexes, RECORD_TABLES, onIndex);
    this.onProgress({ stage: 'resolve', done: 0, total: 1 });
    const resolution = await times.time('resolve', () => Promise.resolve(resolveFeatures(features, decisions, parts.model)));
    this.onProgress({ stage: 'resolve', done: 1, total: 1 });
    await times.time('index', () => indexed);
    await times.time('copy', () => copyLabels(this.client, this.labels(resolution)));
    const entities = await times.time('golden', () => this.copyGolden(features, resolution));
    const reviews = await times.time('copy', () => this.copyReviews(resolution));
    await times.time('index', () => createIndexes(this.client, indexes, ENTITY_TABLES, onIndex));
    return {
      rows: rowsBySystem(this.files), entities, reviews, partitionHash: await times.time('hash', () => Promise.resolve(partitionHash(this.partitionRows(resolution)))),
      seconds: times.seconds, peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      refused: this.files.filter((f) => f.refused).map((f) => ({ system: f.file.system, file: f.file.name, ...f.refused! })),
    };
  }

  private async readOne(connector: Connector): Promise<void> {
    const { sealing, clock } = this.parts;
    let done = 0;
    const set = new RecordSet();
    const read = await readSystem(connector, this.city, set, (rows) => {
      done += rows;
      this.onProgress({ stage: 'decode', system: connector.id, done, total: 0 });
    });
    this.files.push(...read.files);
    const held: HeldRecord[] = [];
    for (const h of set.current()) {
      h.id = this.nextId++;
      const kind = this.kinds[h.recordType];
      kind.ids.push(h.id);
      kind.withdrawn.push(h.state === 'withdrawn');
      kind.features.push(h.features);
      held.push(h);
    }
    await copySourceRecords(this.client, sealing, held);
    await copyHistory(this.client, sealing, set.history.map((v) => ({ recordId: set.idOf(v.of), version: v.version })));
    await copyIssues(this.client, held);
    await copyDeadLetters(this.client, sealing, connector.id, read.dead, clock.now());
  }

  private featureSet(): Features {
    const { person, household, dwelling } = this.kinds;
    return { persons: person.features as Features['persons'], households: household.features as Features['households'], dwellings: dwelling.features as Features['dwellings'] };
  }

  private async copyKeys(): Promise<void> {
    for (const kind of Object.values(this.kinds)) {
      await copyKeys(this.client, this.parts.sealing, kind.features.map((features, i) => ({ id: kind.ids[i]!, features })));
    }
  }

  private *labels(r: Resolution): Iterable<[number, Labels]> {
    const passes = [
      [this.kinds.person.ids, r.first, r.persons], [this.kinds.household.ids, r.secondHouseholds, r.households], [this.kinds.dwelling.ids, r.dwellings, r.dwellings],
    ] as const;
    for (const [ids, one, two] of passes) {
      const id = (i: number): number => ids[i]!;
      for (let i = 0; i < ids.length; i++) {
        yield [id(i), { component: [id(one.component[i]!), id(two.component[i]!)], cluster: [id(one.cluster[i]!), id(two.cluster[i]!)] }];
      }
    }
  }

  private async copyGolden(features: Features, r: Resolution): Promise<LoadResult['entities']> {
    const { sealing, authority, keysFile } = this.parts;
    const golden = keysFile === undefined ? inlineGoldenMaker(sealing, authority) : threadGoldenMaker({ keysFile, authority });
    try {
      return await this.copyGoldenBy(golden, features, r);
    } finally {
      await golden.close();
    }
  }

  private async copyGoldenBy(golden: GoldenMaker, features: Features, r: Resolution): Promise<LoadResult['entities']> {
    const { person, household, dwelling } = this.kinds;
    const total = person.ids.length + household.ids.length + dwelling.ids.length;
    let done = 0;
    const counts = { person: 0, household: 0, dwelling: 0 };
    const copy = (recordType: RecordType, { ids, features: known }: Kind, cluster: Int32Array, attached: ReadonlyMap<number, number>): Promise<EntityId[]> =>
      copyEntities(this.client, { ...this.parts, golden }, { recordType, ids, features: known, cluster, attached }, (n) => {
        counts[recordType] += n;
        this.onProgress({ stage: 'golden', done: (done += n), total });
      });
    const none = new Map<number, number>();
    const personOf = await copy('person', person, r.persons.cluster, new Map(r.persons.attached.map((a) => [a.index, a.probability])));
    const householdOf = await copy('household', household, r.households.cluster, none);
    await copy('dwelling', dwelling, r.dwellings.cluster, none);
    await copyHouseholdMembers(
      this.client, { features: features.persons, withdrawn: person.withdrawn, entityOf: personOf }, memberIndex(features.persons, features.households),
      { features: household.features, cluster: r.households.cluster, entityOf: householdOf },
    );
    return counts;
  }

  private async copyReviews(r: Resolution): Promise<number> {
    const { ids, features } = this.kinds.person;
    const reviews = r.persons.potential.map((p): OpenReview => {
      const [a, b] = [features[p.a] as PersonFeatures, features[p.b] as PersonFeatures];
      return {
        kind: p.reason, recordType: 'person', records: [ids[p.a]!, ids[p.b]!], keys: [a.key, b.key], probability: p.probability,
        restricted: this.parts.restricted.has(a.system) || this.parts.restricted.has(b.system),
      };
    });
    const store = new ReviewStore(this.parts.sealing);
    for (let at = 0; at < reviews.length; at += 5000) await store.replace(this.tx, reviews.slice(at, at + 5000), [], new Date(this.parts.clock.now()));
    return reviews.length;
  }

  private *partitionRows(r: Resolution): Iterable<PartitionRow> {
    for (const [kind, cluster] of [[this.kinds.person, r.persons.cluster], [this.kinds.household, r.households.cluster], [this.kinds.dwelling, r.dwellings.cluster]] as const) {
      for (let i = 0; i < kind.ids.length; i++) yield { ...parseRecordKey(kind.features[i]!.key), smallestMember: kind.features[cluster[i]!]!.key };
    }
  }
}

function rowsBySystem(files: readonly ReadFile[]): Record<string, RowCounts> {
  const rows: Record<string, RowCounts> = {};
  for (const { file, counts } of files) {
    const sum = (rows[file.system] ??= { read: 0, accepted: 0, superseded: 0, void: 0, dead: 0 });
    for (const k of Object.keys(sum) as (keyof RowCounts)[]) sum[k] += counts[k];
  }
  return rows;
}
