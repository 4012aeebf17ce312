import type pg from 'pg';
import { livesElsewhere } from '#libs/fanout/plan-tickets';
import type { EntityId } from '#libs/kernel/ids';
import type { Address, CitizenIdReading, PersonName } from '#libs/model/values';
import type { Sealing } from '#libs/platform/sealing';
import type { StoredGolden } from '#libs/resolution/golden';
import type { Divisions } from '#libs/values/divisions';

/** Somebody who lives apart from the register (人户分离), and a dwelling of the same community to move to. */
export interface DemoMover {
  personId: EntityId;
  name: string;
  /** Masked: the terminal needs no more. */
  citizenId: string;
  registered: string;
  current: string;
  /** As a worker would type it. */
  next: string;
}

const MOST_CANDIDATES = 400;

/**
 * Chooses the mover from the store: known to the register and to the grid, each by one record, alive, with the register's own valid ID (a ticket quotes it), living
 * elsewhere than registered. Of those the one that most systems know, so that most lights have something to say. Undefined when nobody fits.
 */
export async function chooseMover(pool: pg.Pool, sealing: Sealing, divisions: Divisions): Promise<DemoMover | undefined> {
  const found = await pool.query<{ id: string; sealed_golden: Buffer }>(
    `select e.id, e.sealed_golden from entity e where e.state = 'active' and e.record_type = 'person' and e.id in (
       select c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_type = 'person' and s.system in ('hukou', 'grid', 'hub')
       group by c.entity_id having count(*) filter (where s.system = 'hukou') = 1 and count(*) filter (where s.system = 'grid') = 1
          and count(*) filter (where s.system = 'hub') = 0 and bool_and(s.state = 'current' and not s.test and not c.attached))
     order by (select count(distinct s.system) from crosswalk c join source_record s on s.id = c.record_id where c.entity_id = e.id) desc, e.id limit $1`, [MOST_CANDIDATES]);
  const people = found.rows.map((row) => personOf(row.id, sealing.openJson<StoredGolden>(row.sealed_golden).fields));
  for (const p of people) {
    if (p.id?.status !== 'valid' || !p.registeredId || p.name === undefined || p.dead || !isHouse(p.current) || p.registered === undefined || !livesElsewhere(p.current, p.registered)) continue;
    const next = people.find((other) => isHouse(other.current) && other.current.division === p.current!.division && other.current.estate !== p.current!.estate
      && livesElsewhere(other.current, p.current!) && livesElsewhere(other.current, p.registered!))?.current;
    if (next === undefined) continue;
    const spell = (a: Address): string => spelling(a, divisions);
    return {
      personId: p.personId, name: p.name.value, citizenId: `${p.id.value.slice(0, 6)}********${p.id.value.slice(14)}`,
      registered: spell(p.registered), current: spell(p.current), next: spell(next),
    };
  }
  return undefined;
}

function personOf(personId: string, fields: StoredGolden['fields']) {
  const value = <T>(path: string): T | undefined => fields[path]?.value as T | undefined;
  return {
    personId, id: value<CitizenIdReading>('citizenId'), registeredId: fields['citizenId']?.record.startsWith('hukou:') === true, name: value<PersonName>('name'), dead: (value<string>('vitalStatus') ?? 'alive') !== 'alive',
    registered: value<Address>('registeredAddress'), current: value<Address>('currentAddress'),
  };
}

/** A flat that can be written down: community, estate, building and room. */
function isHouse(a: Address | undefined): a is Address {
  return a?.division?.length === 12 && a.estate !== undefined && a.building !== undefined && a.room !== undefined && (a.tags ?? []).length === 0;
}

/** 东园社区幸福小区3幢2单元301室 */
function spelling(a: Address, divisions: Divisions): string {
  const community = a.division === undefined ? '' : (divisions.nameOf(a.division) ?? '');
  const part = (text: string | undefined, unit: string): string => (text === undefined ? '' : `${text}${unit}`);
  return `${community}${a.estate ?? ''}${a.road ?? ''}${part(a.number, '号')}${part(a.building, '幢')}${part(a.unit, '单元')}${part(a.room, '室')}` || a.raw;
}
