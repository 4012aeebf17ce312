import type pg from 'pg';

/** What a first load fills; their secondary indexes are dropped before and made again after (docs/decisions/0004). */
const TABLES = [
  'source_record', 'source_record_version', 'quality_issue', 'blocking_key', 'resolution_state', 'entity', 'crosswalk', 'entity_search', 'household_member', 'review', 'dead_letter',
];

/** Drops the secondary indexes of these tables; returns what makes them again. In the load's transaction: a killed load leaves all as it was. */
export async function dropIndexes(client: pg.ClientBase): Promise<string[]> {
  const found = await client.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
       from pg_index i where i.indrelid = any($1::regclass[]) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
      order by 1`, [TABLES]);
  for (const index of found.rows) await client.query(`drop index ${index.name}`);
  return found.rows.map((r) => r.definition);
}

export async function createIndexes(client: pg.ClientBase, definitions: readonly string[], onIndex: () => void): Promise<void> {
  await client.query(`set local maintenance_work_mem = '384MB'`);
  for (const definition of definitions) {
    await client.query(definition);
    onIndex();
  }
  for (const table of TABLES) await client.query(`analyze ${table}`);
}
