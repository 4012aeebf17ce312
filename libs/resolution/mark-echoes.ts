import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { keyOf, recordRef } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';
import { echoedFields, type Projection } from '#libs/survivorship/echoed-fields';

/** Marks the fields of incoming records that only repeat what the hub wrote to their systems (`hubOrigin`). */
export async function markEchoes(tx: Transaction, sealing: Sealing, records: readonly AnySourceRecord[]): Promise<AnySourceRecord[]> {
  if (records.length === 0) return [];
  const refs = records.map((r) => recordRef(sealing, keyOf(r)));
  const found = await tx.client.query<{ target: string; target_ref: Buffer; sealed_fields: Buffer }>({
    name: 'projections_of', text: 'select target, target_ref, sealed_fields from projection where target_ref = any($1::bytea[])', values: [refs],
  });
  if (found.rows.length === 0) return [...records];
  const written = new Map(found.rows.map((r) => [`${r.target}:${r.target_ref.toString('hex')}`, sealing.openJson<Projection>(r.sealed_fields)]));
  return records.map((record, i) => {
    const projection = written.get(`${record.system}:${refs[i]!.toString('hex')}`);
    if (projection === undefined) return record;
    const echoed = echoedFields(record, projection);
    return echoed.length === 0 ? record : { ...record, hubOrigin: [...new Set([...(record.hubOrigin ?? []), ...echoed])].sort() };
  });
}
