/** Division names at the head of an address text. */
import type { Division, DivisionLevel, Divisions } from './divisions.js';

interface NameEntry {
  name: string;
  division: Division;
  /** The code in force today; undefined when it is closed into several, or the name means several divisions. */
  today: string | undefined;
}

export interface DivisionMatch {
  /** Where the rest of the address begins. */
  end: number;
  /** Deepest division named, as it stands today. */
  division?: string;
  /** The community's name today, where a village group (6组) follows. */
  village?: string;
  /** Names that belong to no division of this city: `疆南屯市江口县高坎街道`. */
  place?: string;
}

type Index = Readonly<Record<DivisionLevel, ReadonlyMap<string, readonly NameEntry[]>>>;

const PROVINCE = /^[^\d省区]{1,8}?(?:省|自治区)/u;
const NOT_OF_A_NAME = '(?<![小社园校厂景片住矿库])区';
/** City, district and street of elsewhere; the city alone proves nothing (城市花园 is an estate). */
const ELSEWHERE = new RegExp(
  `^(?:[^\\d省]{2,8}?(?:省|自治区))?[^\\d市]{2,7}?(?:市|自治州|地区|盟)(?=[^\\d]{1,7}?(?:${NOT_OF_A_NAME}|县|旗|市|街道|镇|乡))` +
    `(?:[^\\d]{1,6}?(?:${NOT_OF_A_NAME}|县|旗|市))?(?:[^\\d]{1,6}?(?:街道|镇|乡|苏木))?`, 'u');
const UNKNOWN_STREET = /^[^\d]{1,6}?(?:街道办事处|街道|办事处|(?:镇|乡)(?=[^\d]{1,8}(?:村|社区|组|路|街)))/u;
const VILLAGE_FOLLOWS = /^[^\d]{1,8}村(?:\d|$|第)/u;
const UNKNOWN_COMMUNITY = /^[^\d路街]{1,8}?(?:社区居委会|社区居民委员会|居民委员会|居委会|村民委员会|村委会|社区)(?=[^\d]{2})/u;
const GROUP_FOLLOWS = /^\d{1,3}(?:村民小组|小组|组|队|社(?!区))/u;
const COMMUNITY_SUFFIX = /(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村)$/u;
const COMMUNITY_SPELLINGS = ['社区居民委员会', '社区居委会', '居民委员会', '居委会', '社区'];
const VILLAGE_SPELLINGS = ['村民委员会', '村委会', '村'];

const indexes = new WeakMap<Divisions, Index>();

function indexOf(divisions: Divisions): Index {
  let index = indexes.get(divisions);
  if (index === undefined) {
    index = buildIndex(divisions);
    indexes.set(divisions, index);
  }
  return index;
}

function buildIndex(divisions: Divisions): Index {
  const levels = { city: new Map(), district: new Map(), street: new Map(), community: new Map() } as Record<DivisionLevel, Map<string, NameEntry[]>>;
  for (const division of divisions.all()) {
    for (const name of spellings(division)) {
      const first = name.charAt(0);
      const entry = { name, division, today: divisions.current(division.code) };
      const entries = levels[division.level].get(first);
      if (entries === undefined) levels[division.level].set(first, [entry]);
      else entries.push(entry);
    }
  }
  for (const level of Object.values(levels)) for (const entries of level.values()) entries.sort((a, b) => b.name.length - a.name.length);
  return levels;
}

/** A community is written as 社区, 居委会 or both; a street as 街道 or 街道办事处. */
function spellings({ name, level }: Division): Set<string> {
  const all = new Set([name]);
  if (level === 'street' && name.endsWith('街道')) {
    all.add(`${name}办事处`).add(`${name.slice(0, -2)}办事处`);
  } else if (level === 'community') {
    const base = name.replace(COMMUNITY_SUFFIX, '');
    if (base.length < 2) return all;
    for (const suffix of /村(?:委会|民委员会)?$/u.test(name) ? VILLAGE_SPELLINGS : COMMUNITY_SPELLINGS) all.add(base + suffix);
  }
  return all;
}

/**
 * Takes city, district, street and community off the head of a text. Closed names are recoded to what they are today. Names of
 * other cities give `place` and no division, also where the district's name exists here too. `hinted`, a code of today, decides
 * between divisions of the same name where the text does not.
 */
export function matchDivisions(text: string, divisions: Divisions, hinted?: string): DivisionMatch {
  const index = indexOf(divisions);
  const city = cityEnd(text, index);
  let end = city.end;
  let code = city.code;
  const district = longest(index.district, text, end, code, hinted);
  if (district === undefined && end === 0) {
    const elsewhere = ELSEWHERE.exec(text)?.[0];
    if (elsewhere !== undefined) return { end: elsewhere.length, place: elsewhere };
  }
  if (district !== undefined) {
    end += district.name.length;
    code = district.today ?? code;
  }
  const street = longest(index.street, text, end, code, hinted);
  if (street !== undefined) {
    end += street.name.length;
    // A closed district was recoded as a whole, its streets one by one: the street knows better.
    code = district?.division.validTo === '' ? deeper(street.today, code) : (street.today ?? code);
  } else if (district !== undefined || city.code !== undefined) {
    const rest = text.slice(end);
    const unknown = UNKNOWN_STREET.exec(rest)?.[0] ?? '';
    // Our streets are all listed: a village under an unknown one means that the district is another city's namesake.
    // Anything else is a misspelt street of ours.
    if (unknown !== '' && city.code === undefined && VILLAGE_FOLLOWS.test(rest.slice(unknown.length))) {
      return { end: end + unknown.length, place: text.slice(0, end + unknown.length) };
    }
    end += unknown.length;
  }
  const community = longest(index.community, text, end, code, hinted);
  if (community === undefined) {
    end += UNKNOWN_COMMUNITY.exec(text.slice(end))?.[0].length ?? 0;
    return code === undefined ? { end } : { end, division: code };
  }
  end += community.name.length;
  code = deeper(community.today, code);
  const match: DivisionMatch = code === undefined ? { end } : { end, division: code };
  // 马家村6组: the village is the estate as well, by the name it has today.
  if (GROUP_FOLLOWS.test(text.slice(end, end + 8))) match.village = nameToday(community, divisions);
  return match;
}

function nameToday({ today, division }: NameEntry, divisions: Divisions): string {
  const current = today === undefined ? undefined : divisions.get(today);
  return current?.level === 'community' ? current.name : division.name;
}

function cityEnd(text: string, index: Index): { end: number; code?: string } {
  const province = PROVINCE.exec(text)?.[0].length ?? 0;
  for (const start of province > 0 ? [0, province] : [0]) {
    for (const { name, division } of index.city.get(text.charAt(start)) ?? []) {
      if (text.startsWith(name, start)) return { end: start + name.length, code: division.code };
    }
  }
  return { end: 0 };
}

/**
 * The longest name at that place, preferring one inside the division already known, as it stands today or as it stood. Two
 * divisions of that name, undecided by the hint: the name is taken off and means no code.
 */
function longest(names: ReadonlyMap<string, readonly NameEntry[]>, text: string, at: number, code: string | undefined, hinted: string | undefined): NameEntry | undefined {
  let [inside, outside]: [NameEntry | undefined, NameEntry | undefined] = [undefined, undefined];
  for (const entry of names.get(text.charAt(at)) ?? []) {
    if (!text.startsWith(entry.name, at)) continue;
    if (code === undefined || entry.today?.startsWith(code) === true || entry.division.code.startsWith(code)) {
      if (inside === undefined) inside = entry;
      else if (inside.name === entry.name && inside.today !== entry.today) inside = decide(inside, entry, hinted);
    } else outside ??= entry;
  }
  return inside ?? outside;
}

function decide(one: NameEntry, other: NameEntry, hinted: string | undefined): NameEntry {
  const agrees = (e: NameEntry): boolean => hinted !== undefined && e.today !== undefined && (e.today.startsWith(hinted) || hinted.startsWith(e.today));
  if (agrees(one) !== agrees(other)) return agrees(one) ? one : other;
  return { ...one, today: undefined };
}

/** A deeper code counts only inside what is already known; a contradicting one leaves the known part. */
function deeper(found: string | undefined, known: string | undefined): string | undefined {
  if (found === undefined) return known;
  return known === undefined || found.startsWith(known) ? found : known;
}
