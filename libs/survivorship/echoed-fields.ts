import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { PersonName } from '#libs/model/values';
import { restates, type Restatement } from './restated-text.js';
import { sameFact } from './same-fact.js';

/** One value as it was written: canonical, and how it was spelt in the target's columns. */
export interface WrittenField {
  value: unknown;
  columns: Record<string, string>;
  /** The record the value came from: when that turns out to be another's, the value stands here by mistake. */
  from?: RecordKey;
  /** The target's own value, put back: it comes back as its own. */
  restored?: true;
}

/** What the hub last wrote to one record of a target, by canonical path. */
export interface Projection {
  fields: Record<string, WrittenField>;
  /** What it is about to write, or wrote without having heard the answer: its echo may come before the answer is kept. */
  pending?: Record<string, WrittenField>;
}

/**
 * Canonical paths of an incoming record that only repeat what the hub wrote there. They are no evidence and win nothing; the
 * caller names them in `hubOrigin`. Compared field by field, since most systems carry no mark of origin: by the columns as
 * spelt on the wire where the record keeps them, reformatted or cut as systems do, else by the canonical value.
 */
export function echoedFields(incoming: AnySourceRecord, projection: Projection): string[] {
  return [...echoes(incoming, projection).keys()].sort();
}

/** The same, with how each value came back. */
export function echoes(incoming: AnySourceRecord, projection: Projection): Map<string, Restatement> {
  const found = new Map<string, Restatement>();
  for (const written of [projection.pending ?? {}, projection.fields]) {
    for (const [path, field] of Object.entries(written)) {
      const how = echoOf(incoming, path, field);
      if (how !== undefined && found.get(path) !== 'same') found.set(path, how);
    }
  }
  return found;
}

function echoOf(incoming: AnySourceRecord, path: string, written: WrittenField): Restatement | undefined {
  const value = valueAt(incoming.body, path);
  if (sameFact(path, value, written.value)) return 'same';
  const columns = Object.entries(written.columns);
  if (columns.length > 0) {
    const said = columns.map(([column, text]) => {
      const there = incoming.legacy?.[column];
      return there === undefined ? undefined : restates(there, text);
    });
    if (said.every((how) => how !== undefined)) return said.includes('cut') ? 'cut' : 'same';
  }
  // A system whose columns are not kept with its records still shows the name it cut.
  if (path === 'name' && value !== undefined && incoming.legacy === undefined) return restates((value as PersonName).value, (written.value as PersonName).value);
  return undefined;
}

/** The value of a canonical path (`name`, `facets.grid`) in a body. */
export function valueAt(body: object, path: string): unknown {
  let value: unknown = body;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
