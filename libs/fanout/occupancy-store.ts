import type pg from 'pg';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';
import type { Residence } from './residence.js';

/** Where a person lives, as it is kept. */
interface KeptResidence {
  doors: Buffer[];
  household?: string;
  provider: string;
}

export interface ResidenceChange {
  personId: string;
  /** Undefined: lives nowhere that may be counted. */
  now?: KeptResidence;
  /** Doors before and after, whose counts may differ by it. */
  doors: Buffer[];
}

/** Somebody who lives in a dwelling. */
export interface Resident {
  dwellingId: string;
  provider: string;
  household?: string;
}

/** Begins the name of a household whose record the crosswalk does not list. */
const UNLISTED = 'r-';

/** Who lives behind which door, for the counts that targets get. */
export class OccupancyStore {
  constructor(private readonly pool: pg.Pool, private readonly sealing: Sealing) {}

  /** The doors of dwellings; those without any are taken out. */
  async putDoors(tx: Transaction, dwellings: ReadonlyMap<string, readonly string[]>): Promise<void> {
    if (dwellings.size === 0) return;
    await tx.client.query({ name: 'door_clear', text: 'delete from dwelling_door where dwelling_id = any($1::text[])', values: [[...dwellings.keys()]] });
    const rows = [...dwellings].flatMap(([id, doors]) => doors.map((door) => ({ id, ref: this.doorRef(door) })));
    await tx.client.query({
      name: 'door_put', text: 'insert into dwelling_door (dwelling_id, door_ref) select * from unnest($1::text[], $2::bytea[]) on conflict do nothing',
      values: [rows.map((r) => r.id), rows.map((r) => r.ref)],
    });
  }

  /** Of these dwellings those that would have other doors than they have, each with the doors it has and would have. */
  async changedDoors(dwellings: ReadonlyMap<string, readonly string[]>): Promise<{ dwellingId: string; doors: Buffer[] }[]> {
    if (dwellings.size === 0) return [];
    const before = await this.pool.query<{ dwelling_id: string; door_ref: Buffer }>({
      name: 'doors_of', text: 'select dwelling_id, door_ref from dwelling_door where dwelling_id = any($1::text[])', values: [[...dwellings.keys()]],
    });
    const known = new Map<string, Buffer[]>();
    for (const row of before.rows) known.set(row.dwelling_id, [...(known.get(row.dwelling_id) ?? []), row.door_ref]);
    return [...dwellings].flatMap(([dwellingId, names]) => {
      const had = new Map((known.get(dwellingId) ?? []).map((ref) => [ref.toString('hex'), ref]));
      const has = new Map(names.map((door) => this.doorRef(door)).map((ref) => [ref.toString('hex'), ref]));
      const same = had.size === has.size && [...has.keys()].every((ref) => had.has(ref));
      return same ? [] : [{ dwellingId, doors: [...new Map([...had, ...has]).values()] }];
    });
  }

  /** What would change of where these persons live; those who live as before are left out. */
  async changes(target: string, residences: ReadonlyMap<string, Residence | undefined>): Promise<ResidenceChange[]> {
    const households = await this.householdIds([...residences.values()].flatMap((r) => r?.household ?? []));
    const before = await this.pool.query<{ person_id: string; door_refs: Buffer[]; household: string | null; provider: string }>({
      name: 'resident_load', text: 'select person_id, door_refs, household, provider from dwelling_resident where target = $1 and person_id = any($2::text[])', values: [target, [...residences.keys()]],
    });
    const known = new Map(before.rows.map((r) => [r.person_id, r]));
    const changes: ResidenceChange[] = [];
    for (const [personId, residence] of residences) {
      const old = known.get(personId);
      const now: KeptResidence | undefined = residence && {
        doors: residence.doors.map((d) => this.doorRef(d)), provider: residence.provider,
        ...(residence.household !== undefined && { household: households.get(residence.household) }),
      };
      const same = now === undefined ? old === undefined
        : old !== undefined && old.provider === now.provider && (old.household ?? undefined) === now.household && Buffer.concat(old.door_refs).equals(Buffer.concat(now.doors));
      if (!same) changes.push({ personId, ...(now !== undefined && { now }), doors: [...(old?.door_refs ?? []), ...(now?.doors ?? [])] });
    }
    return changes;
  }

  /**
   * Persons who are kept as living with one of these households, or with one of their records, each with that household. Plan: an index scan of
   * dwelling_resident_household a name.
   */
  async livingIn(target: string, householdIds: readonly string[]): Promise<Map<string, string>> {
    if (householdIds.length === 0) return new Map();
    const found = await this.pool.query<{ person_id: string; household: string }>({
      name: 'residents_of_households',
      text: `with named as (
               select id as household, id as name from unnest($2::text[]) as u(id)
               union all select c.entity_id, '${UNLISTED}' || encode(s.record_ref, 'hex') from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = any($2::text[])
             )
             select r.person_id, n.household from named n join dwelling_resident r on r.target = $1 and r.household = n.name`,
      values: [target, householdIds],
    });
    return new Map(found.rows.map((r) => [r.person_id, r.household]));
  }

  async put(tx: Transaction, target: string, changes: readonly ResidenceChange[]): Promise<void> {
    const gone = changes.filter((c) => c.now === undefined).map((c) => c.personId);
    if (gone.length > 0) await tx.client.query({ name: 'resident_gone', text: 'delete from dwelling_resident where target = $1 and person_id = any($2::text[])', values: [target, gone] });
    const there = changes.flatMap(({ personId, now }) => (now === undefined ? [] : [{ personId, ...now }]));
    if (there.length === 0) return;
    await tx.client.query({
      name: 'resident_put',
      // Arrays of arrays must be rectangular: the doors come as rows and are gathered.
      text: `insert into dwelling_resident (target, person_id, door_refs, household, provider)
             select $1, p, array(select d from unnest($5::text[], $6::bytea[]) with ordinality as u(i, d, n) where u.i = r.p order by n), h, v
             from unnest($2::text[], $3::text[], $4::text[]) as r(p, h, v)
             on conflict (target, person_id) do update set door_refs = excluded.door_refs, household = excluded.household, provider = excluded.provider`,
      values: [
        target, there.map((t) => t.personId), there.map((t) => t.household ?? null), there.map((t) => t.provider),
        there.flatMap((t) => t.doors.map(() => t.personId)), there.flatMap((t) => t.doors),
      ],
    });
  }

  /** Dwellings that have one of these doors. */
  async dwellingsAt(doors: readonly Buffer[]): Promise<{ dwellingId: string; door: string }[]> {
    if (doors.length === 0) return [];
    const found = await this.pool.query<{ dwelling_id: string; door_ref: Buffer }>({
      name: 'door_dwellings', text: 'select dwelling_id, door_ref from dwelling_door where door_ref = any($1::bytea[])', values: [doors],
    });
    return found.rows.map((r) => ({ dwellingId: r.dwelling_id, door: r.door_ref.toString('hex') }));
  }

  /** Everybody whose door is one of these dwellings' and of no other dwelling: an address that names two houses counts in neither. */
  async residentsOf(target: string, dwellingIds: readonly string[]): Promise<Resident[]> {
    const found = await this.pool.query<{ dwelling_id: string; provider: string; household: string | null }>({
      name: 'residents_of',
      text: `with near as (
               select distinct r.person_id, r.provider, r.household, r.door_refs from dwelling_door d join dwelling_resident r on r.target = $1 and r.door_refs @> array[d.door_ref]
               where d.dwelling_id = any($2::text[])
             )
             select min(d.dwelling_id) as dwelling_id, n.provider, n.household from near n join dwelling_door d on d.door_ref = any(n.door_refs)
             group by n.person_id, n.provider, n.household having count(distinct d.dwelling_id) = 1 and min(d.dwelling_id) = any($2::text[])`,
      values: [target, dwellingIds],
    });
    return found.rows.map((r) => ({ dwellingId: r.dwelling_id, provider: r.provider, ...(r.household !== null && { household: r.household }) }));
  }

  /** Golden household of each household record; a record the crosswalk does not list yet stands for itself. */
  private async householdIds(keys: readonly RecordKey[]): Promise<Map<RecordKey, string>> {
    const refs = new Map([...new Set(keys)].map((key) => [key, recordRef(this.sealing, key)]));
    if (refs.size === 0) return new Map();
    const found = await this.pool.query<{ record_ref: Buffer; entity_id: string }>({
      name: 'household_of_record', text: 'select s.record_ref, c.entity_id from source_record s join crosswalk c on c.record_id = s.id where s.record_ref = any($1::bytea[])', values: [[...refs.values()]],
    });
    const entities = new Map(found.rows.map((r) => [r.record_ref.toString('hex'), r.entity_id]));
    return new Map([...refs].map(([key, ref]) => [key, entities.get(ref.toString('hex')) ?? `${UNLISTED}${ref.toString('hex')}`]));
  }

  private doorRef(door: string): Buffer {
    return this.sealing.ref('door', door);
  }
}
