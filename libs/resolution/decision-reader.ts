import type { RecordKey } from '#libs/kernel/record-key';
import type { Decision } from '#libs/matching/decisions';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';

/** Steward decisions in force about the records at hand, read as the region grows. */
export class DecisionReader {
  readonly decisions: Decision[] = [];
  private readonly known = new Set<string>();
  private readonly asked = new Set<RecordKey>();

  constructor(
    private readonly tx: Transaction,
    private readonly sealing: Sealing,
  ) {}

  /**
   * Learns the decisions that name any of these records. Returns the ids of all records they name; a record that has not
   * come yet has none, and the decision waits for it.
   */
  async learn(keys: Iterable<RecordKey>): Promise<number[]> {
    const fresh = [...keys].filter((k) => !this.asked.has(k));
    for (const k of fresh) this.asked.add(k);
    if (fresh.length === 0) return [];
    const found = await this.tx.client.query<{ id: string; kind: 'link' | 'noLink'; sealed_records: Buffer; record_refs: Buffer[] }>({
      name: 'decisions_in_force',
      text: `select id, kind, sealed_records, record_refs from steward_decision d
              where record_refs && $1::bytea[] and kind in ('link', 'noLink')
                and not exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id)
              order by id`,
      values: [fresh.map((k) => recordRef(this.sealing, k))],
    });
    const refs: Buffer[] = [];
    for (const row of found.rows) {
      if (this.known.has(row.id)) continue;
      this.known.add(row.id);
      this.decisions.push({ id: row.id, kind: row.kind, records: this.sealing.openJson<RecordKey[]>(row.sealed_records) });
      refs.push(...row.record_refs);
    }
    if (refs.length === 0) return [];
    const ids = await this.tx.client.query<{ id: string }>('select id from source_record where record_ref = any($1::bytea[])', [refs]);
    return ids.rows.map((r) => Number(r.id));
  }
}

/** All decisions in force, for a load of the whole record set. */
export async function decisionsInForce(tx: Pick<Transaction, 'client'>, sealing: Sealing): Promise<Decision[]> {
  const found = await tx.client.query<{ id: string; kind: 'link' | 'noLink'; sealed_records: Buffer }>(
    `select id, kind, sealed_records from steward_decision d where kind in ('link', 'noLink')
       and not exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id) order by id`);
  return found.rows.map((row) => ({ id: row.id, kind: row.kind, records: sealing.openJson<RecordKey[]>(row.sealed_records) }));
}
