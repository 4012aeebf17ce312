import type pg from 'pg';
import { compareUtf8, partitionHash, type PartitionRow } from '#libs/kernel/hashing';
import { parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';

export interface CrosswalkRow {
  key: RecordKey;
  entityId: string;
}

const PAGE = 20_000;

/** The whole crosswalk, page by page in order of record id. */
export async function* readCrosswalk(client: Pick<pg.ClientBase, 'query'>, sealing: Sealing): AsyncGenerator<CrosswalkRow> {
  for (let after = 0; ;) {
    const page = await client.query<{ id: string; sealed_key: Buffer; entity_id: string }>(
      'select s.id, s.sealed_key, c.entity_id from source_record s join crosswalk c on c.record_id = s.id where s.id > $1 order by s.id limit $2', [after, PAGE]);
    for (const row of page.rows) yield { key: sealing.openText(row.sealed_key), entityId: row.entity_id };
    if (page.rows.length < PAGE) return;
    after = Number(page.rows.at(-1)!.id);
  }
}

/** The partition hash of what the store holds now. */
export async function storedPartitionHash(client: Pick<pg.ClientBase, 'query'>, sealing: Sealing): Promise<string> {
  const smallest = new Map<string, RecordKey>();
  const rows: CrosswalkRow[] = [];
  for await (const row of readCrosswalk(client, sealing)) {
    rows.push(row);
    const before = smallest.get(row.entityId);
    if (before === undefined || compareUtf8(row.key, before) < 0) smallest.set(row.entityId, row.key);
  }
  return partitionHash(rows.map((r): PartitionRow => ({ ...parseRecordKey(r.key), smallestMember: smallest.get(r.entityId)! })));
}
