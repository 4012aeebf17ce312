import type pg from 'pg';
import type { RecordType } from '#libs/kernel/record-key';
import { InTurn } from '#libs/platform/in-turn';
import type { Sealing } from '#libs/platform/sealing';
import { OpenedRecords } from '#libs/store/opened-records';
import { SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { keyOf, type EntityMembers } from './entity-members.js';

type MemberRow = StoredSourceRecord & { entity_id: string; attached: boolean };

/** Twelve planners ask for the same person at one moment: what so few ask for is read together. Who asks for more keeps nobody waiting. */
const FEW = 20;

/** Reads entities with their source records as they stand now: a delivery never acts on the values of an outdated event. */
export class EntityReader {
  private readonly opened: OpenedRecords;
  private readonly inTurn = new InTurn<readonly string[], Map<string, EntityMembers>>((waiting) => waiting, (turn) => this.read(turn.flat()));

  constructor(private readonly pool: pg.Pool, sealing: Sealing) {
    this.opened = OpenedRecords.of(sealing);
  }

  /** By the id asked for; a merged id gives the entity it was merged into, a retired one nothing. */
  async load(ids: readonly string[]): Promise<Map<string, EntityMembers>> {
    if (ids.length > FEW) return this.read(ids);
    const found = await this.inTurn.do(ids);
    return new Map(ids.flatMap((id) => {
      const members = found.get(id);
      return members === undefined ? [] : [[id, members] as const];
    }));
  }

  /** Of those that are active. */
  async versions(ids: readonly string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const found = await this.pool.query<{ id: string; version: number }>({ name: 'fanout_versions', text: `select id, version from entity where id = any($1::text[]) and state = 'active'`, values: [[...new Set(ids)]] });
    return new Map(found.rows.map((r) => [r.id, r.version]));
  }

  private async read(ids: readonly string[]): Promise<Map<string, EntityMembers>> {
    const asked = await this.pool.query<{ asked: string; id: string; version: number; record_type: RecordType }>({
      name: 'fanout_entity',
      text: `with recursive hop (asked, id) as (
               select i, i from unnest($1::text[]) as i
               union
               select h.asked, e.merged_into from hop h join entity e on e.id = h.id where e.merged_into is not null
             )
             select h.asked, e.id, e.version, e.record_type from hop h join entity e on e.id = h.id where e.state = 'active'`,
      values: [[...new Set(ids)]],
    });
    if (asked.rows.length === 0) return new Map();
    const members = await this.pool.query<MemberRow>({
      name: 'fanout_members',
      text: `select c.entity_id, c.attached, ${SOURCE_RECORD_COLUMNS} from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = any($1::text[])`,
      values: [[...new Set(asked.rows.map((r) => r.id))]],
    });
    const byEntity = new Map<string, { records: EntityMembers['records'][number][]; attached: Set<string> }>();
    for (const row of members.rows) {
      let entity = byEntity.get(row.entity_id);
      if (entity === undefined) byEntity.set(row.entity_id, (entity = { records: [], attached: new Set() }));
      const record = this.opened.open(row);
      entity.records.push(record);
      if (row.attached) entity.attached.add(keyOf(record));
    }
    return new Map(asked.rows.map(({ asked: key, id, version, record_type: recordType }) => {
      const entity = byEntity.get(id);
      return [key, { entityId: id, recordType, version, records: entity?.records ?? [], attached: entity?.attached ?? new Set<string>() }];
    }));
  }

  /** The other persons of the reviews in which these entities' citizen IDs are contested. */
  async contestedWith(ids: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await this.pool.query<{ entity_id: string; other: string }>({
      name: 'fanout_contested_with',
      text: `select distinct c.entity_id, o.entity_id as other from crosswalk c join review r on r.record_ids @> array[c.record_id]
             join crosswalk o on o.record_id = any(r.record_ids) and o.entity_id <> c.entity_id
             where c.entity_id = any($1::text[]) and r.kind = 'contestedId' and r.state in ('open', 'askAtTheDoor', 'noLink') and not r.restricted`,
      values: [[...new Set(ids)]],
    });
    const found = new Map<string, string[]>();
    for (const row of rows.rows) found.set(row.entity_id, [...(found.get(row.entity_id) ?? []), row.other]);
    return found;
  }

  /** Names of the open reviews in which each entity's citizen ID is contested. */
  async contestedIds(ids: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await this.pool.query<{ entity_id: string; id: string }>({
      name: 'fanout_contested',
      text: `select distinct c.entity_id, r.id from crosswalk c join review r on r.record_ids @> array[c.record_id]
             where c.entity_id = any($1::text[]) and r.kind = 'contestedId' and r.state in ('open', 'askAtTheDoor', 'noLink') and not r.restricted`,
      values: [[...new Set(ids)]],
    });
    const found = new Map<string, string[]>();
    for (const row of rows.rows) found.set(row.entity_id, [...(found.get(row.entity_id) ?? []), row.id]);
    return found;
  }
}
