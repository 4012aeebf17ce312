/** First step of reading an address: one alphabet, digits for Chinese numerals, tags taken out. */
import { foldText } from './text-folding.js';

const NUMERAL = '[〇○零一二三四五六七八九十百两]';
const HAS_NUMERAL = /[〇○零一二三四五六七八九十百两]/u;
/** Numerals become digits only before a designator: estates are called 团结三村 and 五一花园. */
const NUMERAL_BEFORE_DESIGNATOR = new RegExp(`${NUMERAL}+(?=幢|栋|棟|号楼|#|座|单元|单|梯|层|楼(?!下|上|顶)|室|房间|组|村民小组|小组|社|队|期|门|弄|-)`, 'gu');
/** A house number; elsewhere 号 may end a name (学府一号). */
const NUMERAL_OF_HOUSE = new RegExp(`(?<=[路街道巷弄组队村附])${NUMERAL}+(?=号(?!楼))`, 'gu');
const POSITIONAL_ROOM = new RegExp(`(?<=幢|栋|号楼|#|单元|-|层)${NUMERAL}{3,4}$`, 'gu');
const ORDINAL = /第(?=\d)/gu;
const DASHES = /[—–―‐‑−~～_/\\]/gu;
const NOISE = /[,，、;；。:：!'"“”‘’*|]/gu;
/** `101、102室`: a dwelling of two doors is known by its first. */
const SECOND_DOOR = /(?<=\d{2})[、,，和及&]\d{2,5}(?=室|$)/gu;
const GAP_BETWEEN_NUMBERS = /(?<=[\dA-Z])\s+(?=[\dA-Z])/gu;
const SPACE = /\s+/gu;
const LOWER = /[a-z]/u;
const IRREGULAR = /[^\u4e00-\u9fff0-9A-Z#-]/u;
const DIGITS: Readonly<Record<string, number>> = { 〇: 0, '○': 0, 零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };

const BRACKET = /[([{<〔【]([^()[\]{}<>〔〕【】]*)[)\]}>〕】]?/gu;
const IN_BRACKETS_ROOM = /^\d{1,4}[A-Z]?(?:室|单元|幢|栋|号楼?)?$/;
/** Words about the household or the place next door; none is part of an address. */
const TAG =
  /空挂户|寄挂户|空挂|寄挂|挂靠户|挂户|集体户口|集体户|人户分离|(?:的)?(?:对面|对门|隔壁|旁边|附近|斜对面|楼上|楼下|后面|前面)$|(?:职工|员工|学生|单身|集体|教工)?宿舍区?|(?:出租房屋?|出租屋|群租房?)$|(?<=[\d号栋幢楼])(?:车库|车棚|地下室|阁楼|储藏室|门面房?|商铺|店面|架空层)/gu;
const HAS_TAG = /[挂舍租离]|集体户|[对隔旁附楼后前][面门壁边近上下]|车[库棚]|地下室|阁楼|储藏室|门面|商铺|店面|架空层/u;

export interface AddressText {
  text: string;
  tags: string[];
}

/** Digits of a Chinese numeral: `二十三` 23, `一〇一` 101, `十` 10, `三百零五` 305. */
function numeralToDigits(numeral: string): string {
  if (!/[十百]/u.test(numeral)) return Array.from(numeral, (c) => String(DIGITS[c] ?? '')).join('');
  let total = 0;
  let current = 0;
  for (const c of numeral) {
    if (c === '百' || c === '十') {
      total += (current === 0 ? 1 : current) * (c === '百' ? 100 : 10);
      current = 0;
    } else current = DIGITS[c] ?? 0;
  }
  return String(total + current);
}

/** Half-width, upper case, `-` for every dash, no punctuation, digits before designators; tags separated. */
export function normaliseAddressText(raw: string): AddressText {
  const tags: string[] = [];
  let text = raw;
  if (IRREGULAR.test(text)) text = cleanIrregular(text, tags);
  if (HAS_NUMERAL.test(text)) {
    text = text.replace(NUMERAL_BEFORE_DESIGNATOR, numeralToDigits).replace(NUMERAL_OF_HOUSE, numeralToDigits).replace(POSITIONAL_ROOM, numeralToDigits).replace(ORDINAL, '');
  } else if (text.includes('第')) text = text.replace(ORDINAL, '');
  if (HAS_TAG.test(text)) {
    text = text.replace(TAG, (tag) => {
      tags.push(tag);
      return '';
    });
  }
  return { text, tags };
}

function cleanIrregular(raw: string, tags: string[]): string {
  let text = foldText(raw);
  if (LOWER.test(text)) text = text.toUpperCase();
  text = text.replace(DASHES, '-').replace(BRACKET, (_all, inside: string) => {
    const note = inside.trim();
    if (IN_BRACKETS_ROOM.test(note)) return note;
    if (note !== '') tags.push(note);
    return '';
  });
  return text.trim().replace(SECOND_DOOR, '').replace(GAP_BETWEEN_NUMBERS, '-').replace(SPACE, '').replace(NOISE, '');
}
