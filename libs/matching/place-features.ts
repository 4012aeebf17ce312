import type { Address } from '#libs/model/values';

/** A residential compound as addresses name it: by its estate, by road and number, by community. Empty where unnamed. */
interface Compound {
  readonly estate: string;
  readonly road: string;
  readonly community: string;
  /** Last three digits of an FWBM: they tell apart estates of one community that number their buildings alike. */
  readonly suffix: string;
  readonly dwellings: Map<string, PlaceFeatures>;
}

/** A dwelling as far as an address names it; one object a distinct place, shared by all records that live there. */
export interface PlaceFeatures {
  readonly compound: Compound;
  readonly building: string;
  readonly unit: string;
  readonly room: string;
  /** A room of a building or a numbered house: fine enough to be somebody's home. */
  readonly fine: boolean;
}

const compounds = new Map<string, Compound>();
let places = 0;
/** Above this many distinct places the cache starts anew; a city of a million people has about 800,000 spellings. */
const CACHE_LIMIT = 1_500_000;

/** Features of an address; undefined when it holds nothing comparable. */
export function placeFeatures(a: Address | undefined): PlaceFeatures | undefined {
  if (a === undefined) return undefined;
  // The house of a village has a number, and neither road, building nor room: the number is its door.
  const house = a.number !== undefined && a.building === undefined && a.room === undefined && (a.road === undefined) !== (a.estate === undefined);
  // Villages and roads of one name lie in every county; estates and numbered compounds are written with and without the place.
  const far = house ? (a.place ?? '') : '';
  const estate = a.estate === undefined ? '' : `${far}${a.estate}`;
  const road = a.road === undefined ? '' : `${far}${a.road}${house ? '' : (a.number ?? '')}`;
  const community = a.division !== undefined && a.division.length === 12 ? a.division : '';
  return place(estate, road, community, '', a.building ?? '', a.unit ?? '', house ? a.number! : (a.room ?? ''));
}

/** The dwelling named by an FWBM: community 12, building 4, unit 2, room 4, suffix 3. */
export function placeOfDwellingCode(code: string | undefined): PlaceFeatures | undefined {
  if (code === undefined || !/^\d{25}$/.test(code)) return undefined;
  const part = (from: number, to: number): string => code.slice(from, to).replace(/^0+/, '');
  return place('', '', code.slice(0, 12), code.slice(22), part(12, 16), part(16, 18), part(18, 22));
}

function place(estate: string, road: string, community: string, suffix: string, building: string, unit: string, room: string): PlaceFeatures | undefined {
  if (estate === '' && road === '' && room === '') return undefined;
  const id = `${estate}/${road}/${community}/${suffix}`;
  let compound = compounds.get(id);
  if (compound === undefined) compounds.set(id, (compound = { estate, road, community, suffix, dwellings: new Map() }));
  const door = `${building}/${unit}/${room}`;
  let features = compound.dwellings.get(door);
  if (features === undefined) {
    if (++places > CACHE_LIMIT) {
      compounds.clear();
      places = 0;
    }
    compound.dwellings.set(door, (features = { compound, building, unit, room, fine: room !== '' }));
  }
  return features;
}

/** The ways of naming the compound of a dwelling, each a blocking text together with building and room; none unless `fine`. */
export function eachCompoundName(p: PlaceFeatures, emit: (name: string) => void): void {
  if (!p.fine) return;
  const c = p.compound;
  if (c.estate !== '') emit(c.estate);
  if (c.road !== '') emit(c.road);
  if (c.community !== '' && p.building !== '') emit(c.community);
}
