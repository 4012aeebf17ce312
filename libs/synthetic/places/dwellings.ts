import type { Rng } from '../random.js';
import { pad } from '../calendar.js';
import type { Community, Divisions } from './divisions.js';
import { PLACE_NAMES } from './place-names.js';

export interface Estate {
  name: string;
  /** Name people use, or the registered name where the public one differs; empty when there is none. */
  alias: string;
  community: Community;
  road: string;
  /** Number on the road, without 号. */
  number: string;
  buildings: number;
  units: number;
  floors: number;
  perFloor: number;
  /** Ordinal of the estate in its community: the three-digit suffix of the house code, so that house codes of two estates never collide. */
  ordinal: number;
}

export interface Dwelling {
  index: number;
  community: Community;
  /** Absent for a farmhouse. */
  estate?: Estate;
  /** Building of the estate, or the group of a village. */
  building: number;
  unit: number;
  floor: number;
  /** Door on its floor; for a farmhouse its number in the group. */
  door: number;
  area: string;
  use: string;
}

/** A place many people share: a school or factory with dormitory blocks. */
export interface Institution {
  name: string;
  kind: 'school' | 'factory';
  community: Community;
  road: string;
  number: string;
}

export interface Places {
  divisions: Divisions;
  estates: Estate[];
  dwellings: Dwelling[];
  institutions: Institution[];
}

/** Room as written on the door: floor and door, e.g. 1202, 302. */
export function roomText(d: Dwelling): string {
  return d.estate ? `${d.floor}${pad(d.door, 2)}` : String(d.door);
}

/** House code of 25 digits: community, building, unit, room, suffix. */
export function houseCode(d: Dwelling): string {
  return d.estate
    ? `${d.community.code}${pad(d.building, 4)}${pad(d.unit, 2)}${pad(d.floor, 2)}${pad(d.door, 2)}${pad(d.estate.ordinal, 3)}`
    : `${d.community.code}${pad(d.building, 4)}00${pad(d.door, 4)}900`;
}

/** Lays out estates and farmhouses until there are `count` dwellings, in an order that fills communities evenly. */
export function planPlaces(rng: Rng, divisions: Divisions, count: number): Places {
  const estates: Estate[] = [];
  const dwellings: Dwelling[] = [];
  const names = rng.shuffle([...PLACE_NAMES.estates]);
  const roadNumbers = new Set<string>();
  const address = (): { road: string; number: string } => {
    for (;;) {
      const road = rng.pick(PLACE_NAMES.roads);
      const number = String(rng.between(1, 480));
      if (!roadNumbers.has(road + number)) {
        roadNumbers.add(road + number);
        return { road, number };
      }
    }
  };
  const perCommunity = Math.ceil(count / divisions.communities.length);
  for (const community of divisions.communities) {
    const before = dwellings.length;
    const want = Math.min(perCommunity, count - before);
    if (community.village) {
      for (let group = 1; dwellings.length - before < want; group++) {
        const houses = rng.between(18, 60);
        for (let house = 1; house <= houses && dwellings.length - before < want; house++) {
          dwellings.push({ index: dwellings.length, community, building: group, unit: 0, floor: 0, door: house, area: area(rng), use: '住宅' });
        }
      }
      continue;
    }
    for (let ordinal = 0; dwellings.length - before < want; ordinal++) {
      const small = want < 60;
      const tall = rng.chance(0.25);
      const n = estates.length;
      const estate: Estate = {
        name: n < names.length ? names[n]! : `${names[n % names.length]!}${'二三四五六七八九'[Math.floor(n / names.length) - 1] ?? '十'}期`,
        alias: rng.chance(0.3) ? `${rng.pick(PLACE_NAMES.companies).slice(0, 2)}${rng.pick(['家属院', '公寓', '小区'])}` : '',
        community, ...address(), buildings: small ? rng.between(2, 4) : rng.between(4, 16), units: rng.between(1, small ? 2 : 4), floors: tall ? rng.between(11, 26) : rng.between(5, 8),
        perFloor: rng.between(2, 4), ordinal,
      };
      estates.push(estate);
      layEstate(rng, estate, dwellings, want - (dwellings.length - before));
    }
  }
  const institutions = planInstitutions(rng, divisions, address);
  return { divisions, estates, dwellings, institutions };
}

function layEstate(rng: Rng, estate: Estate, dwellings: Dwelling[], limit: number): void {
  const all: Dwelling[] = [];
  for (let building = 1; building <= estate.buildings; building++) {
    for (let unit = 1; unit <= estate.units; unit++) {
      for (let floor = 1; floor <= estate.floors; floor++) {
        for (let door = 1; door <= estate.perFloor; door++) {
          const use = rng.chance(0.94) ? '住宅' : rng.pick(['商铺', '车库', '其他']);
          all.push({ index: 0, community: estate.community, estate, building, unit, floor, door, area: area(rng), use });
        }
      }
    }
  }
  for (const d of all.length > limit ? rng.shuffle(all).slice(0, limit) : all) {
    d.index = dwellings.length;
    dwellings.push(d);
  }
}

function planInstitutions(rng: Rng, divisions: Divisions, address: () => { road: string; number: string }): Institution[] {
  const make = (name: string, kind: Institution['kind']): Institution => ({ name, kind, community: rng.pick(divisions.communities.filter((c) => !c.village)), ...address() });
  return [...PLACE_NAMES.schools.map((n) => make(n, 'school')), ...PLACE_NAMES.dormCompanies.map((n) => make(n, 'factory'))];
}

function area(rng: Rng): string {
  return (40 + rng.next() * 100).toFixed(2);
}
