import type pg from 'pg';

/** Full when the stages before the golden records are copied: their indexes are made while the partition is worked out. */
export const RECORD_TABLES = ['source_record', 'source_record_version', 'quality_issue', 'dead_letter', 'blocking_key'];
export const ENTITY_TABLES = ['resolution_state', 'entity', 'crosswalk', 'entity_search', 'household_member', 'review'];

export interface DroppedIndex {
  table: string;
  definition: string;
}

/**
 * Drops the secondary indexes of what a first load fills (docs/decisions/0004); returns what makes them again. In the load's
 * transaction: a killed load leaves all as it was.
 */
export async function dropIndexes(client: pg.ClientBase): Promise<DroppedIndex[]> {
  const found = await client.query<DroppedIndex & { name: string }>(
    `select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as table, pg_get_indexdef(i.indexrelid) as definition
       from pg_index i where i.indrelid = any($1::regclass[]) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
      order by 1`, [[...RECORD_TABLES, ...ENTITY_TABLES]]);
  for (const index of found.rows) await client.query(`drop index ${index.name}`);
  return found.rows.map(({ table, definition }) => ({ table, definition }));
}

/** Makes the indexes of these tables again and tells the planner what is in them. */
export async function createIndexes(client: pg.ClientBase, indexes: readonly DroppedIndex[], tables: readonly string[], onIndex: () => void): Promise<void> {
  // Of one sort at a time: with more, the server alone would take what the load may use in all.
  await client.query(`set local maintenance_work_mem = '160MB'; set local max_parallel_maintenance_workers = 0`);
  for (const { table, definition } of indexes) {
    if (!tables.includes(table)) continue;
    await client.query(definition);
    onIndex();
  }
  for (const table of tables) await client.query(`analyze ${table}`);
}
