import type { Address } from '#libs/model/values';

/** A dwelling as far as an address names it; one object a distinct place, shared by all records that live there. */
export interface PlaceFeatures {
  /** Names of the compound: estate, road with number, community with building. Empty when the text names none. */
  readonly estate: string;
  readonly road: string;
  readonly community: string;
  readonly building: string;
  readonly unit: string;
  readonly room: string;
  /** A room of a building or a numbered house: fine enough to be somebody's home. */
  readonly fine: boolean;
  /** Blocking texts of the dwelling, one a way of naming its compound; empty unless `fine`. */
  readonly keys: readonly string[];
}

const cache = new Map<string, PlaceFeatures>();
const CACHE_LIMIT = 1_000_000;

/** Features of an address; undefined when it holds nothing comparable. */
export function placeFeatures(a: Address | undefined): PlaceFeatures | undefined {
  if (a === undefined) return undefined;
  // The house of a village has a number, and neither road, building nor room: the number is its door.
  const house = a.number !== undefined && a.building === undefined && a.room === undefined && (a.road === undefined) !== (a.estate === undefined);
  const estate = `${a.place ?? ''}${a.estate ?? ''}`;
  const road = a.road === undefined ? '' : `${a.place ?? ''}${a.road}${house ? '' : a.number ?? ''}`;
  const community = a.division !== undefined && a.division.length === 12 ? a.division : '';
  return place(a.estate === undefined ? '' : estate, road, community, a.building ?? '', a.unit ?? '', house ? a.number! : a.room ?? '');
}

/** The dwelling named by an FWBM: community 12, building 4, unit 2, room 4, suffix 3. */
export function placeOfDwellingCode(code: string | undefined): PlaceFeatures | undefined {
  if (code === undefined || !/^\d{25}$/.test(code)) return undefined;
  const part = (from: number, to: number): string => code.slice(from, to).replace(/^0+/, '');
  return place('', '', code.slice(0, 12), part(12, 16), part(16, 18), part(18, 22));
}

function place(estate: string, road: string, community: string, building: string, unit: string, room: string): PlaceFeatures | undefined {
  const id = `${estate}/${road}/${community}/${building}/${unit}/${room}`;
  const known = cache.get(id);
  if (known !== undefined) return known;
  if (estate === '' && road === '' && room === '') return undefined;
  const fine = room !== '';
  const tail = `|${building}|${room}`;
  const keys: string[] = [];
  if (fine) {
    if (estate !== '') keys.push(`${estate}${tail}`);
    if (road !== '') keys.push(`${road}${tail}`);
    if (community !== '' && building !== '' && room !== '') keys.push(`${community}${tail}`);
  }
  const features: PlaceFeatures = { estate, road, community, building, unit, room, fine, keys };
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(id, features);
  return features;
}
