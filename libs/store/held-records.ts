import type pg from 'pg';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** Positions of the rows of a stream that current records were read from: each record of a row has the row's position. */
export async function heldPositions(client: Queryable, system: string, stream: string): Promise<Set<number>> {
  const found = await client.query<{ position: string }>(
    `select distinct origin_position as position from source_record where system = $1 and origin_source = $2 and state = 'current'`, [system, stream]);
  return new Set(found.rows.map((r) => Number(r.position)));
}

/** Current records of a system as they were known until then (ISO 8601): blind reference and id, 16 bytes and a number each. */
export async function heldRefs(client: Queryable, system: string, recordTypes: readonly string[], until: string): Promise<{ ref: Buffer; id: number }[]> {
  const found = await client.query<{ ref: Buffer; id: string }>(
    `select record_ref as ref, id from source_record where system = $1 and record_type = any($2::text[]) and state = 'current' and observed_at <= $3`, [system, recordTypes, until]);
  return found.rows.map((r) => ({ ref: r.ref, id: Number(r.id) }));
}
