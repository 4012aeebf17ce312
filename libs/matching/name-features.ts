import { pinyin } from 'pinyin-pro';
import { COMPOUND_SURNAMES } from '#libs/values/surnames';
import { variantKey } from '#libs/values/person-name';
import type { PersonName } from '#libs/model/values';

/** What comparing needs of a name, computed once a distinct name and shared by all records that hold it. */
export interface NameFeatures {
  /** Serial number of the distinct name in this process; only a handle for memoising, never an order. */
  readonly serial: number;
  readonly key: string;
  /** Key with variant characters (喆/哲) made one; equal variants are a candidate only. */
  readonly variant: string;
  /** Characters of the key; `?` for an unreadable one. */
  readonly chars: readonly string[];
  /** Toneless syllable of each Han character, or the character itself. */
  readonly syllables: readonly string[];
  /** Syllables in one word: the coarse key that counts distinct people and proposes homophones. */
  readonly sound: string;
  /** Characters of the surname (2 for the compound ones). */
  readonly surnameLength: number;
  readonly cut: boolean;
  readonly wildcard: boolean;
  readonly nickname: boolean;
}

/** 婷婷, 豆豆: a pet form, no legal name. */
const REDUPLICATED = /^(\p{Script=Han})\1$/u;
/** 李宝宝, 王大毛: a child registered before it was named. */
const NEWBORN = /^\p{Script=Han}{1,2}(?:宝宝|毛毛|大毛|小毛|二毛|贝贝|某|[男女]婴)$/u;
const HAN = /^\p{Script=Han}$/u;

const syllableOf = new Map<string, string>();
const cache = new Map<string, NameFeatures>();
let serials = 0;
/** Above this many distinct names the cache starts anew; a city of a million has about 400,000. */
const CACHE_LIMIT = 1_000_000;

function syllable(char: string): string {
  let s = syllableOf.get(char);
  if (s === undefined) {
    s = HAN.test(char) ? pinyin(char, { toneType: 'none' }) : char;
    syllableOf.set(char, s);
  }
  return s;
}

/** Features of a name; undefined when it has no readable character. `trusted`: beside an own ID even 小芳 is a name. */
export function nameFeatures(name: PersonName | undefined, trusted = false): NameFeatures | undefined {
  if (name === undefined || name.key === '' || /^\?+$/.test(name.key)) return undefined;
  const nickname = !trusted && (name.nickname === true || REDUPLICATED.test(name.key) || NEWBORN.test(name.key));
  const id = `${name.key}${name.cut === true ? '<' : ''}${name.wildcard === true ? '?' : ''}${nickname ? '~' : ''}`;
  const known = cache.get(id);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  const chars = Array.from(name.key);
  const syllables = chars.map(syllable);
  const features: NameFeatures = {
    serial: serials++,
    key: name.key,
    variant: variantKey(name),
    chars,
    syllables,
    sound: syllables.join(''),
    surnameLength: chars.length > 2 && COMPOUND_SURNAMES.has(chars[0]! + chars[1]!) ? 2 : 1,
    cut: name.cut === true,
    wildcard: name.wildcard === true || chars.includes('?'),
    nickname,
  };
  cache.set(id, features);
  return features;
}
