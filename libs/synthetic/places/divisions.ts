import type { Rng } from '../random.js';
import { pad } from '../calendar.js';
import { PLACE_NAMES } from './place-names.js';

export interface Division {
  code: string;
  name: string;
  level: 'city' | 'district' | 'street' | 'community';
  parent: string;
  validFrom: string;
  /** Empty while in force. */
  validTo: string;
  successors: string[];
}

export interface Community extends Division {
  level: 'community';
  street: Division;
  district: Division;
  village: boolean;
  /** Codes of closed communities that became this one. */
  formerly: Division[];
}

export interface Divisions {
  city: Division;
  all: Division[];
  districts: Division[];
  communities: Community[];
  /** Region codes for the first six digits of IDs, with the year until which they were given out. */
  idRegions: { code: string; until: number }[];
  roadRenames: Map<string, string>;
}

/** Persons a community of the generated city holds on average. */
const PERSONS_PER_COMMUNITY = 2600;

/**
 * The city's divisions: districts, streets and towns, communities and villages; some closed, with one or two successors. Codes follow GB/T 2260 and GB/T 10114:
 * streets 001–099, towns 100–199, 居委会 001–199, 村委会 200–399.
 */
export function planDivisions(rng: Rng, persons: number, name: string, cityCode: string): Divisions {
  const all: Division[] = [];
  const add = <D extends Division>(d: D): D => { all.push(d); return d; };
  const city = add<Division>({ code: cityCode, name, level: 'city', parent: '', validFrom: '1983-07-01', validTo: '', successors: [] });
  const communityCount = Math.max(4, Math.round(persons / PERSONS_PER_COMMUNITY));
  const districtCount = Math.min(PLACE_NAMES.districts.length, Math.max(2, Math.round(communityCount / 16)));
  const districts = Array.from({ length: districtCount }, (_, i) => add<Division>({
    code: `${cityCode}${pad(i + 1, 2)}`, name: PLACE_NAMES.districts[i]!, level: 'district', parent: cityCode,
    validFrom: i === 0 ? '2000-01-01' : '2011-07-01', validTo: '', successors: [],
  }));
  const oldCounty = add<Division>({ code: `${cityCode}21`, name: PLACE_NAMES.counties[0]!, level: 'district', parent: cityCode, validFrom: '1983-07-01', validTo: '1999-12-31',
    successors: [districts[0]!.code] });
  const oldDistrict = add<Division>({
    code: `${cityCode}22`, name: PLACE_NAMES.counties[2]!, level: 'district', parent: cityCode, validFrom: '1983-07-01', validTo: '2011-06-30',
    successors: [districts[1]!.code, districts[0]!.code],
  });
  const streetNames = rng.shuffle([...PLACE_NAMES.streets]);
  const townNames = rng.shuffle([...PLACE_NAMES.towns]);
  const communityNames = rng.shuffle([...PLACE_NAMES.communities]);
  const villageNames = rng.shuffle([...PLACE_NAMES.villages]);
  const communities: Community[] = [];
  const villageEvery = 7;
  for (let d = 0; d < districtCount; d++) {
    const district = districts[d]!;
    const own = Math.floor(communityCount / districtCount) + (d < communityCount % districtCount ? 1 : 0);
    const streetCount = Math.max(1, Math.ceil(own / 6));
    for (let s = 0; s < streetCount; s++) {
      const isTown = own > 6 && s === streetCount - 1;
      const base = isTown ? `${townNames.pop() ?? '新河'}镇` : `${streetNames.pop() ?? `第${s + 1}`}街道`;
      const street = add<Division>({
        code: `${district.code}${isTown ? pad(100 + s, 3) : pad(s + 1, 3)}`, name: base, level: 'street', parent: district.code, validFrom: district.validFrom, validTo: '', successors: [],
      });
      const here = Math.floor(own / streetCount) + (s < own % streetCount ? 1 : 0);
      for (let c = 0; c < here; c++) {
        const village = isTown && c % 2 === 1 || (communities.length + 1) % villageEvery === 0 && communityCount > 10;
        const ordinal = communities.length;
        const plain = village ? villageNames[ordinal % villageNames.length]! : communityNames[ordinal % communityNames.length]!;
        const again = ordinal >= (village ? villageNames : communityNames).length ? '新' : '';
        communities.push(add<Community>({
          code: `${street.code}${village ? pad(200 + c, 3) : pad(c + 1, 3)}`, name: `${again}${plain}${village ? '村' : '社区'}`, level: 'community', parent: street.code,
          validFrom: d === 0 ? '2001-01-01' : '2011-07-01', validTo: '', successors: [], street, district, village, formerly: [],
        }));
      }
    }
  }
  closeSome(rng, communities, oldDistrict, oldCounty, add);
  const roadRenames = new Map<string, string>();
  for (const road of rng.shuffle([...PLACE_NAMES.roads]).slice(0, 6)) roadRenames.set(road, `老${road}`);
  const idRegions = [{ code: oldCounty.code, until: 1999 }, { code: oldDistrict.code, until: 2011 }, ...districts.map((x) => ({ code: x.code, until: 9999 }))];
  return { city, all, districts, communities, idRegions, roadRenames };
}

/** Closed offices and communities: merged into one successor, or split over two. */
function closeSome(rng: Rng, communities: Community[], oldDistrict: Division, oldCounty: Division, add: <D extends Division>(d: D) => D): void {
  const last = communities[communities.length - 1]!;
  const office = add<Division>({ code: `${oldDistrict.code}001`, name: '老城办事处', level: 'street', parent: oldDistrict.code, validFrom: '1990-01-01', validTo: '2011-06-30',
    successors: [last.street.code] });
  const old = add<Division>({ code: `${oldCounty.code}100`, name: '湖口镇', level: 'street', parent: oldCounty.code, validFrom: '1990-01-01', validTo: '1999-12-31',
    successors: [communities[0]!.street.code] });
  const closed = Math.max(2, Math.round(communities.length / 5));
  const picks = rng.shuffle([...communities]).slice(0, closed);
  picks.forEach((community, i) => {
    const inOldCounty = community.district.code.endsWith('01') && i % 2 === 0;
    const parent = inOldCounty ? old : office;
    const neighbour = communities.find((c) => c !== community && c.parent === community.parent);
    const split = i % 3 === 1 && neighbour !== undefined;
    const gone = add<Division>({
      code: `${parent.code}${pad(i + 1, 3)}`, name: `${community.name.replace(/社区|村$/, '')}居委会`, level: 'community', parent: parent.code, validFrom: '1990-01-01', validTo: parent.validTo,
      successors: split ? [community.code, neighbour.code] : [community.code],
    });
    community.formerly.push(gone);
    if (split) neighbour.formerly.push(gone);
  });
}
