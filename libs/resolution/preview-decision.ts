import type { RecordType } from '#libs/kernel/record-key';
import type { DecidedPart } from '#libs/model/undo-line';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from '#libs/store/unit-of-work';

/** What a decision would make of the entities it touches. */
export interface DecisionPreview {
  /** Ids of the entities as they are. */
  former: string[];
  /** Entities as they would be. */
  parts: DecidedPart[];
}

/** Ends a transaction that must leave no trace, with what was found in it. */
export class RolledBack extends Error {
  constructor(readonly preview: DecisionPreview) {
    super('a preview leaves no trace');
  }
}

/** Entities that hold any of these records now, in this transaction. */
export async function entitiesOf(tx: Transaction, refs: readonly Buffer[]): Promise<string[]> {
  const found = await tx.client.query<{ entity_id: string }>(
    'select distinct c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = any($1::bytea[]) order by c.entity_id', [refs]);
  return found.rows.map((r) => r.entity_id);
}

/** Entities with their records, as this transaction sees them. */
export async function partsOf(tx: Transaction, sealing: Sealing, ids: readonly string[]): Promise<DecidedPart[]> {
  const found = await tx.client.query<{ entity_id: string; record_type: RecordType; sealed_key: Buffer; attached: boolean }>(
    `select e.id as entity_id, e.record_type, s.sealed_key, c.attached from entity e join crosswalk c on c.entity_id = e.id join source_record s on s.id = c.record_id
      where e.id = any($1::text[]) and e.state = 'active' order by e.id, s.id`, [ids]);
  const parts = new Map<string, DecidedPart>();
  for (const row of found.rows) {
    const part = parts.get(row.entity_id) ?? { entityId: row.entity_id, recordType: row.record_type, records: [] };
    parts.set(row.entity_id, part);
    part.records.push({ key: sealing.openText(row.sealed_key), attached: row.attached });
  }
  return [...parts.values()];
}
