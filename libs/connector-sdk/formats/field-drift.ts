import { columnDifferences, schemaDrift } from './snapshot-fault.js';

/** Records of which none has even half of the agreed fields are another kind of file, not five malformed records. */
const STRANGERS = 5;

/**
 * Schema drift in formats that name their fields in each record (JSON, XML), judged over the first records: a column that none has
 * is missing, a field that all share and nobody agreed is new. A record with less than half of the columns is a malformed one
 * and no witness; a single record with an extra field is that record's own fault.
 *
 * Throws YICI_SNAPSHOT_SCHEMA_DRIFT.
 */
export function refuseFieldDrift(records: readonly object[], columns: readonly string[], name: string): void {
  const witnesses = records.filter((r) => columns.filter((c) => Object.hasOwn(r, c)).length * 2 >= columns.length);
  const first = witnesses[0];
  if (first === undefined) {
    if (records.length >= STRANGERS) throw schemaDrift(name, ['no record has even half of the agreed fields']);
    return;
  }
  const inAll = witnesses.length > 1 ? Object.keys(first).filter((k) => witnesses.every((w) => Object.hasOwn(w, k))) : [];
  const inAny = columns.filter((c) => witnesses.some((w) => Object.hasOwn(w, c)));
  const details = columnDifferences([...new Set([...inAll, ...inAny])], columns);
  if (details.length) throw schemaDrift(name, details);
}
