import type { RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';
import { pairRef } from './review-store.js';
import { anchoredEntity, type NewDecision } from './message-effects.js';

/**
 * Writes decisions, append-only and once by id. Returns the records they are about, each with its decision: their place must be worked out anew.
 * A decision that stands for "a record of this entity" gets the smallest record id of the entity now,
 * of those that everybody sees: a restricted one ties nobody to anybody.
 */
export async function writeDecisions(tx: Transaction, sealing: Sealing, decisions: readonly NewDecision[], now: Date): Promise<Map<RecordKey, string>> {
  const about = new Map<RecordKey, string>();
  for (const d of decisions) {
    const records = d.kind === 'revoke' ? await recordsOf(tx, sealing, d.revokes!) : await resolveAnchors(tx, sealing, d.records);
    for (const record of records) about.set(record, d.id);
    await tx.client.query(
      `insert into steward_decision (id, kind, sealed_records, record_refs, revokes, actor, reason, decided_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing`,
      [d.id, d.kind, sealing.sealJson(records), records.map((r) => recordRef(sealing, r)), d.revokes ?? null, d.actor, d.reason ?? null, now]);
    if (d.kind === 'revoke') await reopenReview(tx, sealing, d.revokes!, records);
    else if (records.length === 2) {
      await tx.client.query(`update review set state = $2, decided_at = $3 where pair_ref = $1 and state in ('open', 'askAtTheDoor')`, [pairRef(sealing, [records[0]!, records[1]!]), d.kind, now]);
    }
  }
  return about;
}

/** A doubt whose decision is taken back is a doubt again, if resolution still has it; unless another decision stands. */
async function reopenReview(tx: Transaction, sealing: Sealing, revoked: string, records: readonly RecordKey[]): Promise<void> {
  const [a, b] = records;
  if (a === undefined || b === undefined) return;
  await tx.client.query(
    `update review set state = 'obsolete' where pair_ref = $1 and state in ('link', 'noLink') and not exists (
       select from steward_decision d where d.record_refs @> $2::bytea[] and d.kind <> 'revoke' and d.id <> $3
         and not exists (select from steward_decision r where r.kind = 'revoke' and r.revokes = d.id))`,
    [pairRef(sealing, [a, b]), [recordRef(sealing, a), recordRef(sealing, b)], revoked]);
}

async function recordsOf(tx: Transaction, sealing: Sealing, decisionId: string): Promise<RecordKey[]> {
  const found = await tx.client.query<{ sealed_records: Buffer }>('select sealed_records from steward_decision where id = $1', [decisionId]);
  return found.rows[0] === undefined ? [] : sealing.openJson<RecordKey[]>(found.rows[0].sealed_records);
}

async function resolveAnchors(tx: Transaction, sealing: Sealing, keys: readonly RecordKey[]): Promise<RecordKey[]> {
  const out: RecordKey[] = [];
  for (const key of keys) {
    const entity = anchoredEntity(key);
    if (entity === undefined) out.push(key);
    else {
      const found = await tx.client.query<{ sealed_key: Buffer }>(
        `with recursive path as (
           select id, merged_into from entity where id = $1
           union all select e.id, e.merged_into from path p join entity e on e.id = p.merged_into)
         select s.sealed_key from path p join crosswalk c on c.entity_id = p.id join source_record s on s.id = c.record_id
          where not c.attached order by coalesce(cardinality(s.scopes), 0) > 0, s.id limit 1`, [entity]);
      if (found.rows[0] !== undefined) out.push(sealing.openText(found.rows[0].sealed_key));
    }
  }
  return out;
}
