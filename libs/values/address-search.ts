import type { Address } from '#libs/model/values';

/**
 * What an address is looked up by. A blind index answers equality alone, so a part of an address is found because each part that a clerk
 * asks for has a key of its own: the estate, its building, the room in it; the road, the house number on it. Unit and floor have none:
 * sources leave them out, and a building is few people; `isWithin` compares them on what the reader may see.
 */
export function addressSearchKeys(address: Address): string[] {
  const { number, building, room } = address;
  const { estate, road } = compound(address);
  const keys: string[] = [];
  if (estate !== undefined) {
    keys.push(key(estate));
    if (building !== undefined) keys.push(key(estate, building));
    if (building !== undefined && room !== undefined) keys.push(key(estate, building, room));
    if (number !== undefined && road === undefined) keys.push(key(estate, `${number}号`));
  }
  if (road !== undefined) {
    keys.push(key(road));
    if (number !== undefined) keys.push(key(road, `${number}号`));
  }
  return keys;
}

/**
 * The narrowest keys that an address as a clerk typed it can be found by: one of its estate, one of its road, since a source may know
 * either. Empty when it names neither (`3幢301室`): that is no place.
 */
export function addressSearchTerms(sought: Address): string[] {
  const { number, building, room } = sought;
  const { estate, road } = compound(sought);
  const terms: string[] = [];
  if (estate !== undefined) {
    if (building !== undefined && room !== undefined) terms.push(key(estate, building, room));
    else if (building !== undefined) terms.push(key(estate, building));
    else if (number !== undefined && road === undefined) terms.push(key(estate, `${number}号`));
    else terms.push(key(estate));
  }
  if (road !== undefined) terms.push(number === undefined ? key(road) : key(road, `${number}号`));
  return terms;
}

/**
 * Does the address lie in what was sought? Every part that was asked for must be there and be equal, but for two that sources leave
 * out: the compound may be known by its estate or by its road alone, and a room may stand without its unit.
 */
export function isWithin(address: Address, sought: Address): boolean {
  const [there, here] = [compound(address), compound(sought)];
  const estates = both(there.estate, here.estate);
  const numbered = (road: string | undefined, number: string | undefined): string | undefined => (road === undefined || sought.number === undefined ? road : `${road}${number ?? ''}`);
  const roads = both(numbered(there.road, address.number), numbered(here.road, sought.number));
  if (estates === 'differ' || roads === 'differ' || (estates === 'unknown' && roads === 'unknown')) return false;
  if (both(address.place, sought.place) === 'differ' || elsewhere(address.division, sought.division)) return false;
  if (sought.number !== undefined && here.road === undefined && address.number !== sought.number) return false;
  if (sought.building !== undefined && address.building !== sought.building) return false;
  if (sought.room !== undefined && address.room !== sought.room) return false;
  return sought.unit === undefined || address.unit === sought.unit || (address.unit === undefined && sought.room !== undefined);
}

function key(...parts: string[]): string {
  return parts.join('/');
}

/** An estate that was written before its road and read as part of it: 北苑小区中山路. */
const ESTATE_IN_ROAD = /^(.{2,}?(?:小区|新村|花园|花苑|公寓|家园))(.{2,})$/u;

/** The names of a compound in one spelling: 幸福小区 and 幸福 are one estate, 幸福苑 is another. */
function compound({ estate, road }: Address): { estate?: string; road?: string } {
  const [, before, after] = (estate === undefined && road !== undefined && ESTATE_IN_ROAD.exec(road)) || [];
  const named = (estate ?? before)?.toUpperCase().replace(/(?<=^.{2,})小区$/u, '');
  const way = after ?? road;
  return { ...(named !== undefined && { estate: named }), ...(way !== undefined && { road: way }) };
}

function both(a: string | undefined, b: string | undefined): 'equal' | 'differ' | 'unknown' {
  if (a === undefined || b === undefined) return 'unknown';
  return a === b ? 'equal' : 'differ';
}

function elsewhere(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && !a.startsWith(b) && !b.startsWith(a);
}
