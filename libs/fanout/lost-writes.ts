import { echoedFields, echoes } from '#libs/survivorship/echoed-fields';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Drift } from './drift-store.js';
import { keyOf, shareableFields } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import type { LineContext } from './plan-lines.js';
import { planUpdate } from './plan-write.js';
import type { KnownProjection } from './projection-store.js';
import type { Target } from './target.js';

/** A write that is not there: which fields. */
export interface LostWrite extends Drift {
  kind: 'lostWrite';
  paths: string[];
}

/** A write younger than this may still be on its way through the target. */
const SETTLES_MS = 10_000;

/** Finds in a target's own records what the hub wrote there, was told it was taken, and is not there. */
export class LostWrites {
  constructor(private readonly store: FanoutStore, private readonly target: Target) {}

  /** `asOf`: the time whose state the records show, in milliseconds. */
  async find(records: readonly { ref: Buffer; record: AnySourceRecord }[], asOf: number): Promise<LostWrite[]> {
    const { store, target } = this;
    const written = await store.projections.load(target.id, records.map((r) => r.ref));
    if (written.size === 0) return [];
    const suspects = records.flatMap(({ ref, record }) => {
      const projection = written.get(ref.toString('hex'));
      const paths = projection === undefined ? [] : this.missingPaths(record, projection, asOf);
      return paths.length === 0 ? [] : [{ ref, record, projection: projection!, paths }];
    });
    if (suspects.length === 0) return [];
    const taken = await store.deliveries.taken(target.id, suspects.map((s) => s.ref), new Date(asOf - SETTLES_MS));
    const missing = suspects.filter((s) => taken.has(s.ref.toString('hex')));
    const contexts = await readContexts(store, target, missing.map((s) => s.projection.entityId));
    return missing.flatMap(({ ref, record, projection, paths }): LostWrite[] => {
      const due = this.writtenAgain(record, contexts.get(projection.entityId));
      const lost = paths.filter((path) => due.has(path));
      return lost.length === 0 ? [] : [{ kind: 'lostWrite', ref, recordType: record.recordType, naturalKey: record.naturalKey, entityId: projection.entityId, paths: lost }];
    });
  }

  /**
   * Paths that would be written to this record if the hub took it in as it is. What the target has since said of its own, and
   * won with, is no write that was lost; nor can a system without times of change say when it said so.
   */
  private writtenAgain(record: AnySourceRecord, context: LineContext | undefined): ReadonlySet<string> {
    if (context === undefined) return new Set();
    const { target, members, rules, authority } = context;
    const written = context.written.get(record.naturalKey);
    const held = members.records.find((r) => keyOf(r) === keyOf(record));
    const own: AnySourceRecord = {
      ...record, hubOrigin: written === undefined ? [] : echoedFields(record, written), ...(held?.ownValues !== undefined && { ownValues: held.ownValues }),
    };
    const shareable = shareableFields({ ...members, records: [...members.records.filter((r) => r !== held), own] }, target, rules, authority);
    return new Set(Object.keys(planUpdate(target, record.recordType, shareable, own, written, context.stray.get(record.naturalKey)).fields));
  }

  /** What was written, can be seen in the record, and is not repeated by it. A row that the target changed later speaks for itself. */
  private missingPaths(record: AnySourceRecord, projection: KnownProjection, asOf: number): string[] {
    const at = Date.parse(projection.writtenAt);
    if (at === 0 || at > asOf - SETTLES_MS) return [];
    if (record.sourceTime !== undefined && Date.parse(record.sourceTime) > at) return [];
    const channel = this.target.channels.get(record.recordType);
    const there = echoes(record, { fields: projection.fields });
    return Object.entries(projection.fields)
      .filter(([path, field]) => !there.has(path) && Object.keys(field.columns).some((column) => channel?.readable.has(column) === true)).map(([path]) => path);
  }
}
