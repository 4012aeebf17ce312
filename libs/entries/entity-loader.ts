import type { DataSource } from 'typeorm';
import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import { openingsFor } from '#libs/model/restricted';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import { decodeSourceRecord, keyOf, recordRef, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';

/** A source record of an entity and how it belongs to it. */
export interface LoadedMember {
  recordId: string;
  key: RecordKey;
  record: AnySourceRecord;
  /** Contributes no identity; linked with this probability. */
  attached: boolean;
  probability?: number;
  linkedAt: string;
}

export interface LoadedEntity {
  id: EntityId;
  recordType: RecordType;
  /** Household members by person, for households. */
  persons: { person: EntityId; relation?: string }[];
  members: LoadedMember[];
}

interface MemberRow extends StoredSourceRecord {
  entity_id: string;
  attached: boolean;
  probability: number | null;
  linked_at: Date;
}

/** Reads entities with everything their views are made of. Knows nothing of who may see what. */
export class EntityLoader {
  constructor(
    private readonly db: DataSource,
    private readonly sealing: Sealing,
  ) {}

  /**
   * The active entity this id leads to: itself, or the one it was merged into, however often. Undefined when there is none, and alike
   * when the id is one that readers to whom no more than `openScopes` is open have never seen.
   */
  async activeId(id: EntityId, openScopes: readonly string[]): Promise<EntityId | undefined> {
    // The depth bound only stops a circle that must not exist.
    const [row] = await this.db.query<{ id: string }[]>(
      `with recursive path as (
         select id, state, merged_into, 0 as depth from entity where id = $1 and open_to && $2::text[]
         union all select e.id, e.state, e.merged_into, p.depth + 1 from path p join entity e on e.id = p.merged_into where p.state = 'merged' and p.depth < 1000)
       select id from path where state = 'active'`, [id, openingsFor(openScopes)]);
    return row?.id;
  }

  /** Active entities by id with their members, in no order; ids that are none are left out. */
  async load(ids: readonly EntityId[]): Promise<Map<EntityId, LoadedEntity>> {
    if (ids.length === 0) return new Map();
    const [entities, members, persons] = await Promise.all([
      this.db.query<{ id: string; record_type: RecordType }[]>(`select id, record_type from entity where id = any($1) and state = 'active'`, [ids]),
      this.db.query<MemberRow[]>(
        `select ${SOURCE_RECORD_COLUMNS}, entity_id, attached, probability, linked_at
           from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = any($1)`, [ids]),
      this.db.query<{ household_id: string; person_id: string; relation: string | null }[]>(
        'select household_id, person_id, relation from household_member where household_id = any($1) order by person_id', [ids]),
    ]);
    const loaded = new Map<EntityId, LoadedEntity>(entities.map((e) => [e.id, { id: e.id, recordType: e.record_type, persons: [], members: [] }]));
    for (const row of members) loaded.get(row.entity_id)?.members.push(this.memberOf(row));
    for (const row of persons) {
      loaded.get(row.household_id)?.persons.push({ person: row.person_id, ...(row.relation !== null && { relation: row.relation }) });
    }
    return loaded;
  }

  /** The entity a record belongs to. Knows nothing of who may see it. */
  async entityOf(record: RecordKey): Promise<EntityId | undefined> {
    const [row] = await this.db.query<{ entity_id: string }[]>('select entity_id from crosswalk join source_record on id = record_id where record_ref = $1', [recordRef(this.sealing, record)]);
    return row?.entity_id;
  }

  /** Households that list this person. */
  async householdsOf(person: EntityId): Promise<EntityId[]> {
    const rows = await this.db.query<{ household_id: string }[]>('select household_id from household_member where person_id = $1 order by household_id', [person]);
    return rows.map((r) => r.household_id);
  }

  private memberOf(row: MemberRow): LoadedMember {
    const record = decodeSourceRecord(this.sealing, row);
    return {
      recordId: row.id, key: keyOf(record), record, attached: row.attached, linkedAt: row.linked_at.toISOString(),
      ...(row.probability !== null && { probability: row.probability }),
    };
  }
}
