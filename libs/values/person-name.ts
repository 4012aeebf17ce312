import type { PersonName } from '#libs/model/values';
import { foldVariants, simplify } from './character-key.js';
import { looksLikeNickname } from './nickname.js';
import { splitBracketNotes } from './name-notes.js';
import { foldText } from './text-folding.js';

export interface NameOptions {
  /** Byte width of the source's column in GBK: a text that fills it may have been cut. */
  widthBytes?: number;
  /** The reader saw a cut (half a character at the end). */
  cut?: boolean;
}

export interface NameReading {
  name?: PersonName;
  /** Names the same text gives besides the first one: `张三（曾用名李四）`. */
  formerNames?: PersonName[];
}

/**
 * A longer text is no name. The longest in use have some forty characters; reading takes time that grows with the square of the
 * length (2 s at 10,000), so that one spoilt cell of a megabyte would hold up everything for hours.
 */
export const LONGEST_NAME = 500;

const PLAIN_HAN = /^[\u4e00-\u9fff]{2,4}$/;
/** The dot of a transliterated name in any of its costumes; NFKC unifies only some of them. */
const DOT_FAMILY = /[·•‧・･․∙⋅●。᛫˙﹒.﹡⸱ꞏ|]/gu;
const HAN_CLASS = '\\p{Script=Han}';
const DOT_BETWEEN = new RegExp(`(?<=[${HAN_CLASS}a-z?*□])\\s*[·•‧・･․∙⋅●。᛫˙﹒.⸱ꞏ]+\\s*(?=[${HAN_CLASS}a-z?*□])`, 'giu');
const EDGE_DOTS = /^[·•‧・･․∙⋅●。᛫˙﹒.⸱ꞏ\s'"`,，、:：-]+|[·•‧・･․∙⋅●。᛫˙﹒.⸱ꞏ\s'"`,，、:：-]+$/gu;
const STRAY_BRACKET = /(?<!\([^()]*)[)\]}>〕】〗》」]|[([{<〔【〖《「](?![^()]*\))/gu;
const HAS_HAN = /\p{Script=Han}/u;
const HAN_SPACE = /(?<=[\p{Script=Han}·?*□])\s+(?=[\p{Script=Han}·?*□])/gu;
const HAN_COUNT = /\p{Script=Han}/gu;
/** What stands where a character could not be written: signs, its pinyin, an unknown private-use code, 某. */
const WILDCARD = /[?*□■�×_\ue000-\uf8ff]|某|(?<=\p{Script=Han})[a-zü\u00e0-\u01dc]+[1-5]?|[a-zü\u00e0-\u01dc]+[1-5]?(?=\p{Script=Han})/giu;
/** `张伟2`, `张伟B`: the office's own mark between namesakes. */
const NAMESAKE_MARK = /(?<=\p{Script=Han}{2})[A-D1-9]$/u;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u20e3/gu;
const HAS_EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const KEY_NOISE = /[·•‧・･․∙⋅●。᛫˙﹒.⸱ꞏ\s'’-]/gu;
const LETTERS = /[\p{Script=Han}\p{L}]/u;

/** What is written where no name is known. Compared after folding, lower case. */
const PLACEHOLDERS = new Set([
  '不详', '不祥', '无名', '无', '未知', '无名氏', '不明', '未取名', '未起名', '待定', '待补', '暂无', '没有', '空', '未填', '未填写', '无姓名', '姓名', '姓名不详', '不清楚', '未登记',
  'null', 'none', 'nan', 'n/a', 'na', 'undefined', 'unknown', '匿名', '保密', '某某', '某某某', '某人',
]);

/**
 * Reads a name as a source wrote it. Empty, placeholder, letterless or endless texts give no name. The display value keeps what was
 * written (traditional characters too); `key` is simplified, without dots and spaces, with `?` for each unreadable character.
 */
export function readName(raw: string, opts?: NameOptions): NameReading {
  if (raw.length > LONGEST_NAME) return {};
  const cut = opts !== undefined && (opts.cut === true || fillsWidth(raw, opts.widthBytes));
  if (PLAIN_HAN.test(raw)) return PLACEHOLDERS.has(raw) ? {} : readPlain(raw, cut);
  return readDirty(raw, cut);
}

function readPlain(value: string, cut: boolean): NameReading {
  const wildcard = value.includes('某');
  const name: PersonName = { value, key: wildcard ? simplify(value).replaceAll('某', '?') : simplify(value) };
  if (wildcard) name.wildcard = true;
  if (cut) name.cut = true;
  if (looksLikeNickname(value)) name.nickname = true;
  return { name };
}

function readDirty(raw: string, cut: boolean): NameReading {
  const folded = foldText(raw);
  const hasEmoji = HAS_EMOJI.test(folded);
  const { text, aliases } = splitBracketNotes(hasEmoji ? folded.replace(EMOJI, '').trim() : folded);
  const value = displayForm(text);
  if (!LETTERS.test(value) || PLACEHOLDERS.has(value.toLowerCase())) return {};
  const name = nameOf(value, text);
  if (name === undefined) return {};
  if (cut) name.cut = true;
  if (hasEmoji || looksLikeNickname(value)) name.nickname = true;
  const formerNames = aliases.flatMap((a) => {
    const alias = nameOf(displayForm(a.text), a.text);
    if (alias === undefined || alias.key === name.key || PLACEHOLDERS.has(alias.value)) return [];
    return [a.nickname || looksLikeNickname(alias.value) ? { ...alias, nickname: true } : alias];
  });
  return formerNames.length === 0 ? { name } : { name, formerNames };
}

/** Tidied until nothing changes, so that a display value reads as itself (taking one mark off may bare another). */
function displayForm(text: string): string {
  let value = text;
  for (let n = 0; n < 6; n++) {
    const tidied = tidy(value);
    if (tidied === value) break;
    value = tidied;
  }
  return value;
}

/** Dots unified to U+00B7 and outer ones dropped; inner spaces of a short Han name dropped, of a long one read as a dot. */
function tidy(text: string): string {
  let value = text.replace(STRAY_BRACKET, '').replace(EDGE_DOTS, '').replace(NAMESAKE_MARK, '').replace(EDGE_DOTS, '');
  if (!HAS_HAN.test(value)) return value.replace(/\s+/gu, ' ').toUpperCase();
  value = value.replace(DOT_BETWEEN, '·');
  if (!/\s/u.test(value)) return value;
  const long = (value.match(HAN_COUNT)?.length ?? 0) > 4;
  return value.replace(HAN_SPACE, long ? '·' : '').replace(/·{2,}/gu, '·').replace(/\s+/gu, '');
}

function nameOf(value: string, written: string): PersonName | undefined {
  if (!LETTERS.test(value)) return undefined;
  const han = HAS_HAN.test(written);
  const bare = value.replace(COMPONENTS, '?');
  const marked = han ? bare.replace(WILDCARD, '?') : bare;
  const key = simplify(marked.replace(KEY_NOISE, '').toLowerCase());
  if (!LETTERS.test(key)) return undefined;
  return key.includes('?') ? { value, key, wildcard: true } : { value, key };
}

/** `王(龙天)`: one unreadable character written as its components. `splitBracketNotes` leaves only such brackets in the text. */
const COMPONENTS = /\([^()]*\)/gu;

/** True when the GBK bytes of the text reach the column's width, so that more may have been lost. */
function fillsWidth(raw: string, widthBytes: number | undefined): boolean {
  if (widthBytes === undefined || raw.length * 4 < widthBytes) return false;
  let bytes = 0;
  for (const c of raw) {
    const point = c.codePointAt(0) ?? 0;
    if (point < 0x80) bytes += 1;
    else if ((point >= 0x4e00 && point <= 0x9fa5) || point === 0xb7 || (point >= 0x3000 && point < 0x3040) || (point >= 0xe000 && point < 0x10000)) bytes += 2;
    else bytes += 4;
  }
  return bytes >= widthBytes;
}

/** Comparison key with variant characters (喆/哲, 镕/熔) folded: equal variant keys make a candidate, not the same name. */
export function variantKey(name: PersonName): string {
  return foldVariants(name.key);
}

const TEST_WORDS = /测试|测验|试用|演示|ceshi|test|demo/iu;
const TEST_NAMES = new Set(['张三', '李四', '王五', '赵六', '某某', '某某某', '张三三', '小明', 'aaa', 'abc', 'xxx', 'asdf', 'qwe']);

/** True for names typed to try a system out. Only together with a test ID does a row count as a test row. */
export function isTestName(raw: string): boolean {
  const text = foldText(raw).replace(DOT_FAMILY, '').replace(/\s+/gu, '');
  return TEST_WORDS.test(text) || TEST_NAMES.has(text.toLowerCase()) || /^\d+$/.test(text);
}
