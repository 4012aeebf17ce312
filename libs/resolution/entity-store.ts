import type { EntityId } from '#libs/kernel/ids';
import type { RecordType } from '#libs/kernel/record-key';
import { openingOf } from '#libs/model/restricted';
import type { Sealing } from '#libs/platform/sealing';
import type { Transaction } from '#libs/store/unit-of-work';
import type { Golden, SearchRow, StoredGolden } from './golden.js';

/** An entity to be written, new or as its next version. */
export interface EntityVersion {
  id: EntityId;
  recordType: RecordType;
  version: number;
  memberCount: number;
  golden: Golden;
  search: SearchRow[];
}

export interface CurrentEntity {
  version: number;
  state: 'active' | 'merged' | 'retired';
  golden: StoredGolden;
}

/** Reads and writes golden records; an overwritten version goes to entity_version with the time it was known from and to. */
export class EntityStore {
  constructor(private readonly sealing: Sealing) {}

  async read(tx: Transaction, ids: readonly EntityId[]): Promise<Map<EntityId, CurrentEntity>> {
    if (ids.length === 0) return new Map();
    const result = await tx.client.query<{ id: string; version: number; state: CurrentEntity['state']; sealed_golden: Buffer }>({
      name: 'entity_read', text: 'select id, version, state, sealed_golden from entity where id = any($1::text[])', values: [ids],
    });
    return new Map(result.rows.map((r) => [r.id, { version: r.version, state: r.state, golden: this.sealing.openJson<StoredGolden>(r.sealed_golden) }]));
  }

  /** Keeps the current versions as history; call before they are overwritten. */
  async keepHistory(tx: Transaction, ids: readonly EntityId[], cause: string, now: Date): Promise<void> {
    if (ids.length === 0) return;
    await tx.client.query({
      name: 'entity_history',
      text: `insert into entity_version (entity_id, version, valid_from, recorded_from, recorded_to, cause, sealed_golden)
             select id, version, valid_from, recorded_at, $2, $3, sealed_golden from entity where id = any($1::text[])
             on conflict do nothing`,
      values: [ids, now, cause],
    });
  }

  async write(tx: Transaction, entities: readonly EntityVersion[], now: Date): Promise<void> {
    if (entities.length === 0) return;
    await tx.client.query({
      name: 'entity_write',
      text: `insert into entity (id, record_type, version, state, merged_into, valid_from, recorded_at, member_count, sealed_golden, open_to)
             select id, rt, v, 'active', null, vf, $7, mc, sg, ot::text[]
               from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[], $5::integer[], $6::bytea[], $8::text[]) as u(id, rt, v, vf, mc, sg, ot)
             on conflict (id) do update set version = excluded.version, state = 'active', merged_into = null, valid_from = excluded.valid_from,
               recorded_at = excluded.recorded_at, member_count = excluded.member_count, sealed_golden = excluded.sealed_golden, open_to = excluded.open_to`,
      values: [
        entities.map((e) => e.id), entities.map((e) => e.recordType), entities.map((e) => e.version), entities.map((e) => e.golden.validFrom),
        entities.map((e) => e.memberCount), entities.map((e) => this.sealing.sealJson(e.golden.stored)), now, entities.map((e) => `{${e.golden.openTo.map((o) => `"${o}"`).join(',')}}`),
      ],
    });
    await this.writeSearch(tx, entities);
  }

  /** Where the values of these entities come from now: no new version, for the values are those of this one. */
  async renewGolden(tx: Transaction, entities: readonly Pick<EntityVersion, 'id' | 'golden'>[]): Promise<void> {
    if (entities.length === 0) return;
    await tx.client.query({
      name: 'entity_renew', text: 'update entity e set sealed_golden = u.g from unnest($1::text[], $2::bytea[]) as u(id, g) where e.id = u.id',
      values: [entities.map((e) => e.id), entities.map((e) => this.sealing.sealJson(e.golden.stored))],
    });
  }

  /** An id that ended redirects for ever; its golden record stays as it last was. */
  async merge(tx: Transaction, merged: ReadonlyMap<EntityId, EntityId>, now: Date): Promise<void> {
    if (merged.size === 0) return;
    await tx.client.query({
      name: 'entity_merge',
      text: `update entity e set state = 'merged', merged_into = u.into_id, version = e.version + 1, recorded_at = $3, member_count = 0
               from unnest($1::text[], $2::text[]) as u(id, into_id) where e.id = u.id`,
      values: [[...merged.keys()], [...merged.values()], now],
    });
    await tx.client.query('delete from entity_search where entity_id = any($1::text[])', [[...merged.keys()]]);
    await tx.client.query('delete from household_member where household_id = any($1::text[])', [[...merged.keys()]]);
  }

  async writeHouseholdMembers(tx: Transaction, members: ReadonlyMap<EntityId, ReadonlyMap<EntityId, string | undefined>>): Promise<void> {
    if (members.size === 0) return;
    await tx.client.query({ name: 'household_member_clear', text: 'delete from household_member where household_id = any($1::text[])', values: [[...members.keys()]] });
    const rows = [...members].flatMap(([household, persons]) => [...persons].map(([person, relation]) => [household, person, relation ?? null] as const));
    if (rows.length === 0) return;
    await tx.client.query({
      name: 'household_member_add', text: 'insert into household_member (household_id, person_id, relation) select * from unnest($1::text[], $2::text[], $3::text[])',
      values: [rows.map((r) => r[0]), rows.map((r) => r[1]), rows.map((r) => r[2])],
    });
  }

  /** As {@link writeSearch}, where most stays as it is: reading is a tenth of what writing costs. */
  async renewSearch(tx: Transaction, entities: readonly Pick<EntityVersion, 'id' | 'search'>[]): Promise<void> {
    if (entities.length === 0) return;
    const found = await tx.client.query<{ entity_id: EntityId; row: string }>({
      name: 'entity_search_read',
      text: `select entity_id, kind || ' ' || encode(value_ref, 'hex') || ' ' || coalesce(array_to_string(scopes, '+'), '') as row from entity_search where entity_id = any($1::text[])`,
      values: [entities.map((e) => e.id)],
    });
    const stored = new Map<EntityId, string[]>();
    for (const { entity_id: id, row } of found.rows) {
      const rows = stored.get(id);
      if (rows === undefined) stored.set(id, [row]);
      else rows.push(row);
    }
    const wanted = (e: Pick<EntityVersion, 'search'>): string => e.search.map((s) => `${s.kind} ${s.ref.toString('hex')} ${openingOf(s.scopes)}`).sort().join('\n');
    await this.writeSearch(tx, entities.filter((e) => wanted(e) !== (stored.get(e.id) ?? []).sort().join('\n')));
  }

  /** Replaces what these entities are found by. */
  async writeSearch(tx: Transaction, entities: readonly Pick<EntityVersion, 'id' | 'search'>[]): Promise<void> {
    if (entities.length === 0) return;
    await tx.client.query({ name: 'entity_search_clear', text: 'delete from entity_search where entity_id = any($1::text[])', values: [entities.map((e) => e.id)] });
    const rows = entities.flatMap((e) => e.search.map((s) => ({ id: e.id, ...s })));
    if (rows.length === 0) return;
    await tx.client.query({
      name: 'entity_search_add', text: `insert into entity_search (entity_id, kind, value_ref, scopes)
             select e, k, v, string_to_array(s, '+') from unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) as u(e, k, v, s)`,
      values: [rows.map((r) => r.id), rows.map((r) => r.kind), rows.map((r) => r.ref), rows.map((r) => openingOf(r.scopes))],
    });
  }
}
