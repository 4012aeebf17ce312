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
  /** Ids of the records that a decision names together with this one, itself included. */
  private readonly named = new Map<RecordKey, Set<number>>();

  constructor(
    private readonly tx: Transaction,
    private readonly sealing: Sealing,
  ) {}

  /**
   * Learns the decisions that name any of these records. Returns the ids of all records they name, each time it is asked: every
   * stage needs them. A record that has not come yet has no id, and the decision waits for it.
   */
  async learn(keys: Iterable<RecordKey>): Promise<Set<number>> {
    const all = [...keys];
    await this.read(all.filter((k) => !this.asked.has(k)));
    return new Set(all.flatMap((k) => [...(this.named.get(k) ?? [])]));
  }

  private async read(fresh: readonly RecordKey[]): Promise<void> {
    for (const k of fresh) this.asked.add(k);
    if (fresh.length === 0) return;
    const found = await this.tx.client.query<{ id: string; kind: 'link' | 'noLink'; sealed_records: Buffer }>({
      name: 'decisions_in_force',
      text: `select id, kind, sealed_records from steward_decision d
              where record_refs && $1::bytea[] and kind in ('link', 'noLink')
                and not exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id)
              order by id`,
      values: [fresh.map((k) => recordRef(this.sealing, k))],
    });
    const learnt: Decision[] = [];
    for (const row of found.rows) {
      if (this.known.has(row.id)) continue;
      this.known.add(row.id);
      learnt.push({ id: row.id, kind: row.kind, records: this.sealing.openJson<RecordKey[]>(row.sealed_records) });
    }
    if (learnt.length === 0) return;
    this.decisions.push(...learnt);
    const refs = new Map(learnt.flatMap((d) => d.records).map((key) => [recordRef(this.sealing, key).toString('hex'), key]));
    const ids = await this.tx.client.query<{ id: string; record_ref: Buffer }>('select id, record_ref from source_record where record_ref = any($1::bytea[])', [[...refs.keys()].map((hex) => Buffer.from(hex, 'hex'))]);
    const idOf = new Map(ids.rows.map((r) => [refs.get(r.record_ref.toString('hex'))!, Number(r.id)]));
    for (const { records } of learnt) {
      const together = records.flatMap((key) => idOf.get(key) ?? []);
      for (const key of records) this.named.set(key, new Set([...(this.named.get(key) ?? []), ...together]));
    }
  }
}

/** All decisions in force, for a load of the whole record set. */
export async function decisionsInForce(tx: Pick<Transaction, 'client'>, sealing: Sealing): Promise<Decision[]> {
  const found = await tx.client.query<{ id: string; kind: 'link' | 'noLink'; sealed_records: Buffer }>(
    `select id, kind, sealed_records from steward_decision d where kind in ('link', 'noLink')
       and not exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id) order by id`);
  return found.rows.map((row) => ({ id: row.id, kind: row.kind, records: sealing.openJson<RecordKey[]>(row.sealed_records) }));
}
