import type { Transaction } from './unit-of-work.js';

/** A row of the table `authority`. */
export interface StoredAuthority {
  system: string;
  field: string;
  /** Lower wins. */
  rank: number;
  condition?: string | null;
}

/** Puts the authority of the loaded connector folders in place of what stood; readers see the old rows or the new, never a part. */
export async function replaceAuthority(tx: Transaction, rows: readonly StoredAuthority[]): Promise<void> {
  await tx.client.query('lock table authority in share row exclusive mode');
  await tx.client.query('delete from authority');
  await tx.client.query('insert into authority (system, field, rank, condition) select * from unnest($1::text[], $2::text[], $3::int[], $4::text[])', [
    rows.map((r) => r.system), rows.map((r) => r.field), rows.map((r) => r.rank), rows.map((r) => r.condition ?? null),
  ]);
}
