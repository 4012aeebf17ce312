import { echoedFields, echoes, valueAt } from '#libs/survivorship/echoed-fields';
import { sameFact } from '#libs/survivorship/same-fact';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Drift } from './drift-store.js';
import { keyOf, shareableFields } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import type { LineContext } from './plan-lines.js';
import { planUpdate } from './plan-write.js';
import type { KnownProjection } from './projection-store.js';
import type { Target } from './target.js';

/** A write that is not there: which fields. None: the whole record, which the hub created there. */
export interface LostWrite extends Drift {
  kind: 'lostWrite';
  paths: string[];
}

/** A write younger than this may still be on its way through the target. */
const SETTLES_MS = 10_000;

/** Times of change may be written to the second. */
const SECOND_MS = 1000;

interface Suspect {
  ref: Buffer;
  record: AnySourceRecord;
  projection: KnownProjection;
  paths: string[];
}

/**
 * Finds in a target's own records what the hub wrote there, was told it was taken, and is not there. What the target has changed
 * itself since then is no lost write: its row says so by its time of change, or, where a system keeps none, by a value that it
 * told the hub after the write and had not told before.
 */
export class LostWrites {
  constructor(private readonly store: FanoutStore, private readonly target: Target) {}

  /** `asOf`: the time whose state the records show, in milliseconds. */
  async find(records: readonly { ref: Buffer; record: AnySourceRecord }[], asOf: number): Promise<LostWrite[]> {
    const { store, target } = this;
    const written = await store.projections.load(target.id, records.map((r) => r.ref));
    const unrepeated = records.flatMap(({ ref, record }): Suspect[] => {
      const projection = written.get(ref.toString('hex'));
      const paths = projection === undefined ? [] : this.missingPaths(record, projection, asOf);
      return paths.length === 0 ? [] : [{ ref, record, projection: projection!, paths }];
    });
    if (unrepeated.length === 0) return [];
    const taken = await store.deliveries.taken(target.id, unrepeated.map((s) => s.ref), new Date(asOf - SETTLES_MS));
    const suspects = unrepeated.filter(({ ref, record }) => {
      const planned = taken.get(ref.toString('hex'));
      return planned !== undefined && !(record.sourceTime !== undefined && Date.parse(record.sourceTime) + SECOND_MS > planned.getTime());
    });
    const contexts = await readContexts(store, target, suspects.map((s) => s.projection.entityId));
    const lost: LostWrite[] = [];
    for (const { ref, record, projection, paths } of suspects) {
      const context = contexts.get(projection.entityId);
      const held = context?.members.records.find((r) => keyOf(r) === keyOf(record));
      const due = context === undefined ? new Set<string>() : writtenAgain(record, held, context);
      const own = held === undefined ? new Set<string>() : await this.ownSince(record, held, projection, paths);
      const gone = paths.filter((path) => due.has(path) && !own.has(path));
      if (gone.length > 0) lost.push({ kind: 'lostWrite', ref, recordType: record.recordType, naturalKey: record.naturalKey, entityId: projection.entityId, paths: gone });
    }
    return lost;
  }

  /**
   * Records that the hub holds as current and the target did not give. What the hub created there is a lost write, with the person
   * it is of; the others vanished. `asOf`: the time whose state the target showed; what was created or told since is not missed.
   * Absent when it gave no record at all: then nothing is to be created again.
   */
  async unseen(records: readonly { ref: Buffer; record: AnySourceRecord }[], asOf: number | undefined): Promise<Drift[]> {
    const created = await this.store.projections.createdFor(this.target.id, records.map((r) => r.ref));
    return records.flatMap(({ ref, record }): (Drift | LostWrite)[] => {
      const drift = { ref, recordType: record.recordType, naturalKey: record.naturalKey };
      const entityId = created.get(ref.toString('hex'));
      if (entityId === undefined) return [{ kind: 'vanished', ...drift }];
      if (asOf === undefined) return [{ kind: 'lostWrite', ...drift, paths: [] }];
      return Date.parse(record.observedAt) > asOf - SETTLES_MS ? [] : [{ kind: 'lostWrite', ...drift, entityId, paths: [] }];
    });
  }

  /** What was written, can be seen in the record, and is not repeated by it. */
  private missingPaths(record: AnySourceRecord, projection: KnownProjection, asOf: number): string[] {
    const at = Date.parse(projection.writtenAt);
    if (at === 0 || at > asOf - SETTLES_MS) return [];
    const channel = this.target.channels.get(record.recordType);
    const there = echoes(record, { fields: projection.fields });
    return Object.entries(projection.fields)
      .filter(([path, field]) => !there.has(path) && Object.keys(field.columns).some((column) => channel?.readable.has(column) === true)).map(([path]) => path);
  }

  /** Paths of which the target has told the hub after the write what the row shows, and before the write something else. */
  private async ownSince(record: AnySourceRecord, held: AnySourceRecord, projection: KnownProjection, paths: readonly string[]): Promise<ReadonlySet<string>> {
    if (held.observedAt <= projection.writtenAt) return new Set();
    const told = paths.filter((path) => held.hubOrigin?.includes(path) !== true && sameFact(path, valueAt(held.body, path), valueAt(record.body, path)));
    if (told.length === 0) return new Set();
    const before = await this.store.ownValues.before(held, told, projection.writtenAt);
    return new Set(told.filter((path) => !sameFact(path, before.get(path), valueAt(record.body, path))));
  }
}

/** Paths that would be written to this record if the hub took it in as it is: what is not wanted there any more is not missed. */
function writtenAgain(record: AnySourceRecord, held: AnySourceRecord | undefined, { target, members, rules, authority, written, stray }: LineContext): ReadonlySet<string> {
  const projection = written.get(record.naturalKey);
  const own: AnySourceRecord = {
    ...record, hubOrigin: projection === undefined ? [] : echoedFields(record, projection), ...(held?.ownValues !== undefined && { ownValues: held.ownValues }),
  };
  const shareable = shareableFields({ ...members, records: [...members.records.filter((r) => r !== held), own] }, target, rules, authority);
  return new Set(Object.keys(planUpdate(target, record.recordType, shareable, own, projection, stray.get(record.naturalKey)).fields));
}
