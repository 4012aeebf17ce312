import type { AnySourceRecord } from '#libs/model/source-record';
import { sameFact } from './same-fact.js';

/** What the hub last wrote to one record of a target: per canonical path the value and how it was spelt there. */
export interface Projection {
  fields: Record<string, { value: unknown; columns: Record<string, string> }>;
}

/**
 * Canonical paths of an incoming record that only repeat what the hub wrote there. They are no evidence and win nothing; the
 * caller names them in `hubOrigin`. Compared field by field, since most systems carry no mark of origin: by the columns as
 * spelt on the wire where the record keeps them, else by the canonical value.
 */
export function echoedFields(incoming: AnySourceRecord, projection: Projection): string[] {
  const echoed: string[] = [];
  for (const [path, written] of Object.entries(projection.fields)) {
    const columns = Object.entries(written.columns);
    const spelt = columns.length > 0 && columns.every(([column, text]) => incoming.legacy?.[column] === text);
    if (spelt || sameFact(path, valueAt(incoming.body, path), written.value)) echoed.push(path);
  }
  return echoed.sort();
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
