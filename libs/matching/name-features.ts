import { pinyin } from 'pinyin-pro';
import type { PersonName } from '#libs/model/values';

/** What comparing needs of a name, computed once a distinct name and shared by all records that hold it. */
export interface NameFeatures {
  /** Serial number of the distinct name in this process; only a handle for memoising, never an order. */
  readonly serial: number;
  readonly key: string;
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

const COMPOUND = new Set(
  '欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 夏侯 轩辕 端木 百里 东郭 南宫 西门 独孤 呼延 司空 太史 申屠 公羊 澹台 赫连 钟离 闻人 濮阳 淳于 单于 鲜于 完颜 拓跋 万俟 第五 仲孙 亓官 贺兰 左丘 谷梁 乐正 公冶 宗政 太叔 闾丘 梁丘'.split(' '),
);
const NICKNAME = /^.{1,2}(叔|姨|哥|姐|爷|奶|伯|婶|嫂|妈|爸|老师|师傅|先生|女士|小姐|阿姨|大爷|大妈|大哥|大姐|奶奶|爷爷|叔叔|同学|老板)$|^[小老阿]\p{Script=Han}$/u;
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

/** Features of a name; undefined when it has no readable character. `trusted` names are never taken for nicknames. */
export function nameFeatures(name: PersonName | undefined, trusted = false): NameFeatures | undefined {
  if (name === undefined || name.key === '' || /^\?+$/.test(name.key)) return undefined;
  const nickname = name.nickname === true || (!trusted && NICKNAME.test(name.key));
  const id = `${name.key}${name.cut === true ? '<' : ''}${name.wildcard === true ? '?' : ''}${nickname ? '~' : ''}`;
  const known = cache.get(id);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  const chars = Array.from(name.key);
  const syllables = chars.map(syllable);
  const features: NameFeatures = {
    serial: serials++,
    key: name.key,
    chars,
    syllables,
    sound: syllables.join(''),
    surnameLength: chars.length > 2 && COMPOUND.has(chars[0]! + chars[1]!) ? 2 : 1,
    cut: name.cut === true,
    wildcard: name.wildcard === true || chars.includes('?'),
    nickname,
  };
  cache.set(id, features);
  return features;
}
