import type { EntityId } from '#libs/kernel/ids';
import type { Transaction } from '#libs/store/unit-of-work';

export interface Link {
  recordId: number;
  entityId: EntityId;
  attached: boolean;
  /** Of an attached record; undefined otherwise. */
  probability?: number;
}

interface LinkRow {
  record_id: string;
  entity_id: string;
  attached: boolean;
  probability: number | null;
}

/** Current links of records; records without one are absent. */
export async function readLinks(tx: Transaction, recordIds: readonly number[]): Promise<Map<number, Link>> {
  if (recordIds.length === 0) return new Map();
  const result = await tx.client.query<LinkRow>({
    name: 'crosswalk_read', text: 'select record_id, entity_id, attached, probability from crosswalk where record_id = any($1::bigint[])', values: [recordIds],
  });
  return linksOf(result.rows);
}

/** Links of every record of the entities that these records are in. */
export async function readLinksBeside(tx: Transaction, recordIds: readonly number[]): Promise<Map<number, Link>> {
  if (recordIds.length === 0) return new Map();
  const result = await tx.client.query<LinkRow>({
    name: 'crosswalk_beside',
    text: `select record_id, entity_id, attached, probability from crosswalk
            where entity_id = any(array(select entity_id from crosswalk where record_id = any($1::bigint[])))`,
    values: [recordIds],
  });
  return linksOf(result.rows);
}

function linksOf(rows: readonly LinkRow[]): Map<number, Link> {
  return new Map(rows.map((r) => [Number(r.record_id), {
    recordId: Number(r.record_id), entityId: r.entity_id, attached: r.attached, ...(r.probability !== null && { probability: r.probability }),
  }]));
}

/** Writes links that are new or other than before; the link that ends goes to crosswalk_history. */
export async function writeLinks(tx: Transaction, links: readonly Link[], cause: string, now: Date): Promise<void> {
  if (links.length === 0) return;
  await tx.client.query({
    name: 'crosswalk_history',
    text: `insert into crosswalk_history (record_id, entity_id, from_time, to_time, cause)
           select c.record_id, c.entity_id, c.linked_at, $3, $4
             from crosswalk c join unnest($1::bigint[], $2::text[]) as u(record_id, entity_id) on u.record_id = c.record_id and u.entity_id <> c.entity_id`,
    values: [links.map((l) => l.recordId), links.map((l) => l.entityId), now, cause],
  });
  await tx.client.query({
    name: 'crosswalk_write',
    text: `insert into crosswalk (record_id, entity_id, attached, probability, linked_at)
           select r, e, a, p, $5 from unnest($1::bigint[], $2::text[], $3::boolean[], $4::real[]) as u(r, e, a, p)
           on conflict (record_id) do update set entity_id = excluded.entity_id, attached = excluded.attached, probability = excluded.probability,
             linked_at = case when crosswalk.entity_id = excluded.entity_id then crosswalk.linked_at else excluded.linked_at end`,
    values: [links.map((l) => l.recordId), links.map((l) => l.entityId), links.map((l) => l.attached), links.map((l) => l.probability ?? null), now],
  });
}
