import type pg from 'pg';
import type { Clock } from '#libs/kernel/clock';
import { partitionHash, type PartitionRow } from '#libs/kernel/hashing';
import type { EntityId } from '#libs/kernel/ids';
import { parseRecordKey, type RecordType } from '#libs/kernel/record-key';
import type { Connector } from '#libs/connector-sdk/connector';
import type { CityDirectory } from '#libs/intake/city-directory';
import type { MatchModel } from '#libs/matching/match-model';
import { memberIndex, resolveFeatures, type Features, type Resolution } from '#libs/matching/resolve-all';
import type { GoldenRecordChanged } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decisionsInForce } from '#libs/resolution/decision-reader';
import type { Labels } from '#libs/resolution/labels';
import { featuresOfRecord, type RecordFeatures } from '#libs/resolution/record-features';
import { ReviewStore, type OpenReview } from '#libs/resolution/review-store';
import { copyBinary } from '#libs/store/copy';
import type { RowCounts } from '#libs/store/snapshot-file-store';
import type { Transaction } from '#libs/store/unit-of-work';
import type { AuthorityTable } from '#libs/survivorship/authority';
import { createIndexes, dropIndexes } from './bare-tables.js';
import { copyDeadLetters, copyHistory, copyIssues, copyKeys, copyLabels, copySourceRecords } from './copy-tables.js';
import { release, type HeldRecord } from './held-record.js';
import { copyCrosswalk, copyEntities, copyHouseholdMembers, copySearch, type Clustered } from './load-entities.js';
import { StageTimes, type LoadResult, type OnProgress } from './load-result.js';
import { readSystem, type ReadFile } from './read-system.js';
import { RecordSet } from './record-set.js';

export interface FirstLoadParts {
  sealing: Sealing;
  clock: Clock;
  model: MatchModel;
  connectors: readonly Connector[];
  authority: AuthorityTable;
  /** Systems with restricted facets. */
  restricted: ReadonlySet<string>;
  /** Encodes an event for the outbox. */
  encode: (event: GoldenRecordChanged) => { topic: string; key: string; event: Uint8Array };
}

interface Kind {
  held: HeldRecord[];
  features: RecordFeatures[];
}

/**
 * Loads a city into an empty store in one transaction: read, resolve with the very functions of the stream, copy, index.
 * Killed at any moment, it leaves the store empty as before, and is simply run again.
 */
export class FirstLoad {
  private readonly times = new StageTimes();
  private readonly kinds: Record<AnySourceRecord['recordType'], Kind> = {
    person: { held: [], features: [] }, household: { held: [], features: [] }, dwelling: { held: [], features: [] },
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
    this.onProgress({ stage: 'resolve', done: 0, total: 1 });
    const decisions = await decisionsInForce(this.tx, parts.sealing);
    const resolution = await times.time('resolve', () => Promise.resolve(resolveFeatures(features, decisions, parts.model)));
    this.onProgress({ stage: 'resolve', done: 1, total: 1 });
    await times.time('copy', () => this.copyPartition(resolution));
    const entities = await times.time('golden', () => this.copyGolden(features, resolution));
    const reviews = await times.time('copy', () => this.copyReviews(resolution));
    await times.time('index', () => createIndexes(this.client, indexes, () => this.onProgress({ stage: 'index', done: 1, total: indexes.length })));
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
      kind.held.push(h);
      kind.features.push(featuresOfRecord(release(h)));
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

  private async copyPartition(resolution: Resolution): Promise<void> {
    const { sealing } = this.parts;
    for (const kind of Object.values(this.kinds)) {
      await copyKeys(this.client, sealing, kind.features.map((features, i) => ({ id: kind.held[i]!.id, features })));
    }
    await copyLabels(this.client, this.labels(resolution));
  }

  private *labels(r: Resolution): Iterable<[number, Labels]> {
    const passes = [
      [this.kinds.person.held, r.first, r.persons], [this.kinds.household.held, r.secondHouseholds, r.households], [this.kinds.dwelling.held, r.dwellings, r.dwellings],
    ] as const;
    for (const [held, one, two] of passes) {
      const id = (i: number): number => held[i]!.id;
      for (let i = 0; i < held.length; i++) {
        yield [id(i), { component: [id(one.component[i]!), id(two.component[i]!)], cluster: [id(one.cluster[i]!), id(two.cluster[i]!)] }];
      }
    }
  }

  private async copyGolden(features: Features, r: Resolution): Promise<LoadResult['entities']> {
    const { sealing, clock, authority } = this.parts;
    const none = new Map<number, number>();
    const attached = new Map(r.persons.attached.map((a) => [a.index, a.probability]));
    const inputs: Clustered[] = [
      { recordType: 'person', held: this.kinds.person.held, cluster: r.persons.cluster, attached },
      { recordType: 'household', held: this.kinds.household.held, cluster: r.households.cluster, attached: none },
      { recordType: 'dwelling', held: this.kinds.dwelling.held, cluster: r.dwellings.cluster, attached: none },
    ];
    const total = inputs.reduce((n, i) => n + i.held.length, 0);
    let done = 0;
    const loaded = [];
    for (const input of inputs) {
      const entities = await copyEntities(this.client, sealing, clock, authority, input, () => this.onProgress({ stage: 'golden', done: ++done, total }));
      await copyCrosswalk(this.client, clock, input, entities.entityOf);
      await copySearch(this.client, entities);
      await this.copyEvents(input.recordType, entities.ids);
      loaded.push(entities);
    }
    const members = memberIndex(features.persons, features.households);
    await copyHouseholdMembers(this.client, inputs[0]!, features.persons, loaded[0]!.entityOf, members, inputs[1]!, loaded[1]!.entityOf);
    return { person: loaded[0]!.ids.length, household: loaded[1]!.ids.length, dwelling: loaded[2]!.ids.length };
  }

  private async copyEvents(recordType: RecordType, ids: readonly EntityId[]): Promise<void> {
    await copyBinary(this.client, 'outbox', ['topic', 'key', 'initial', 'event'], ids, (entityId, out) => {
      const { topic, key, event } = this.parts.encode({ entityId, recordType, version: 1, changed: [], kind: 'created', causes: [], initial: true });
      out.text(topic);
      out.text(key);
      out.bool(true);
      out.bytea(event);
    });
  }

  private async copyReviews(r: Resolution): Promise<number> {
    const { held } = this.kinds.person;
    const reviews = r.persons.potential.map((p): OpenReview => {
      const [a, b] = [held[p.a]!, held[p.b]!];
      return {
        kind: p.reason, recordType: 'person', records: [a.id, b.id], keys: [a.key, b.key], probability: p.probability,
        restricted: this.parts.restricted.has(a.system) || this.parts.restricted.has(b.system),
      };
    });
    const store = new ReviewStore(this.parts.sealing);
    for (let at = 0; at < reviews.length; at += 5000) await store.replace(this.tx, reviews.slice(at, at + 5000), [], new Date(this.parts.clock.now()));
    return reviews.length;
  }

  private *partitionRows(r: Resolution): Iterable<PartitionRow> {
    for (const [kind, cluster] of [[this.kinds.person, r.persons.cluster], [this.kinds.household, r.households.cluster], [this.kinds.dwelling, r.dwellings.cluster]] as const) {
      for (let i = 0; i < kind.held.length; i++) yield { ...parseRecordKey(kind.held[i]!.key), smallestMember: kind.held[cluster[i]!]!.key };
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
