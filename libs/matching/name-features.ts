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

/** Features of a name; undefined when it has no readable character. `trusted`: beside an own ID even 龙龙 is a name. */
export function nameFeatures(name: PersonName | undefined, trusted = false): NameFeatures | undefined {
  if (name === undefined || name.key === '' || /^\?+$/.test(name.key)) return undefined;
  const nickname = name.nickname === true || (!trusted && (REDUPLICATED.test(name.key) || NEWBORN.test(name.key)));
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

/** Single surnames of the Hundred Family Surnames and the common ones it lacks. */
const SURNAMES = new Set(
  '赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴鬱胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖闫付代覃岳苑佟冼涂仝邸揭郄尉苟展战帅亢况滕漆谌佘但占官原初才揣阳税来蹇舍区仵楚斯鹿',
);

/** Whether a name could stand on an identity card: a known surname and two to three characters, four after a compound surname, or a dotted or long transliterated name. */
export function looksLegal(n: NameFeatures): boolean {
  if (n.nickname) return false;
  if (n.wildcard || !HAN.test(n.chars[0] ?? '')) return true;
  if (n.surnameLength === 2) return n.chars.length <= 4;
  if (n.chars.length <= 3) return n.chars.length >= 2 && SURNAMES.has(n.chars[0]!);
  return n.chars.length >= 5;
}

/** The same name, taken for a nickname. */
export function asNickname(n: NameFeatures): NameFeatures {
  const id = `${n.key}~`;
  let known = cache.get(id);
  if (known === undefined) cache.set(id, (known = { ...n, serial: serials++, nickname: true }));
  return known;
}
