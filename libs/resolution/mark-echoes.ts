import type { RecordKey } from '#libs/kernel/record-key';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { contentText } from '#libs/store/record-content';
import { keyOf, recordRef } from '#libs/store/source-record-codec';
import type { SourceRecordStore } from '#libs/store/source-record-store';
import type { Transaction } from '#libs/store/unit-of-work';
import { echoedFields, valueAt, type Projection } from '#libs/survivorship/echoed-fields';

/**
 * Marks the fields of incoming records that only repeat what the hub wrote to their systems (`hubOrigin`). A version that
 * differs from the one before in such fields alone keeps that one's time: our own write made the row new, and its other fields
 * are no fresher by it than they were.
 */
export async function markEchoes(tx: Transaction, sealing: Sealing, store: SourceRecordStore, records: readonly AnySourceRecord[]): Promise<AnySourceRecord[]> {
  if (records.length === 0) return [];
  const refs = records.map((r) => recordRef(sealing, keyOf(r)));
  const found = await tx.client.query<{ target: string; target_ref: Buffer; sealed_fields: Buffer }>({
    name: 'projections_of', text: 'select target, target_ref, sealed_fields from projection where target_ref = any($1::bytea[])', values: [refs],
  });
  if (found.rows.length === 0) return [...records];
  const projections = new Map(found.rows.map((r) => [`${r.target}:${r.target_ref.toString('hex')}`, sealing.openJson<Projection>(r.sealed_fields)]));
  const echoes = new Map<number, { paths: string[]; columns: string[] }>();
  records.forEach((record, i) => {
    const projection = projections.get(`${record.system}:${refs[i]!.toString('hex')}`);
    if (projection === undefined) return;
    const paths = echoedFields(record, projection).filter((path) => (projection.pending?.[path] ?? projection.fields[path])?.restored !== true);
    if (paths.length === 0) return;
    const written = paths.flatMap((path) => [projection.fields[path], projection.pending?.[path]]);
    echoes.set(i, { paths, columns: written.flatMap((field) => Object.keys(field?.columns ?? {})) });
  });
  if (echoes.size === 0) return [...records];
  const before = await store.findByKeys(tx, [...echoes.keys()].map((i) => keyOf(records[i]!)));
  return records.map((record, i) => {
    const echo = echoes.get(i);
    return echo === undefined ? record : marked(record, echo, before);
  });
}

function marked(record: AnySourceRecord, { paths, columns }: { paths: string[]; columns: string[] }, before: ReadonlyMap<RecordKey, { record: AnySourceRecord }>): AnySourceRecord {
  const current = before.get(keyOf(record))?.record;
  const own = ownValues(current, paths);
  const echo = { ...record, hubOrigin: [...new Set([...(record.hubOrigin ?? []), ...paths])].sort(), ...(Object.keys(own).length > 0 && { ownValues: own }) };
  if (current?.sourceTime === undefined || rest(record, paths, columns) !== rest(current, paths, columns)) return echo;
  return { ...echo, sourceTime: current.sourceTime };
}

/** What the system said in these fields of its own before we wrote: in the version before, or what that one remembered. */
function ownValues(current: AnySourceRecord | undefined, paths: readonly string[]): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const path of paths) {
    const value = current?.hubOrigin?.includes(path) === true ? current.ownValues?.[path] : current && valueAt(current.body, path);
    if (value !== undefined) own[path] = value;
  }
  return own;
}

/** Everything a version says besides these fields. */
function rest(record: AnySourceRecord, paths: readonly string[], columns: readonly string[]): string {
  const { facets, ...body } = record.body as { facets?: Record<string, unknown> } & Record<string, unknown>;
  const without = <V>(map: Record<string, V> | undefined, names: readonly string[]): Record<string, V> => Object.fromEntries(Object.entries(map ?? {}).filter(([name]) => !names.includes(name)));
  return contentText({
    ...record, hubOrigin: undefined, ownValues: undefined,
    body: { ...without(body, paths), facets: without(facets, paths.map((p) => p.replace(/^facets\./, ''))) },
    raw: without(record.raw, paths), legacy: without(record.legacy, columns),
    issues: (record.issues ?? []).filter((issue) => !paths.some((p) => issue.field === p || issue.field.startsWith(`${p}.`))),
  } as AnySourceRecord);
}
