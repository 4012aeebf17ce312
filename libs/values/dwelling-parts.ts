/** Building, unit, floor and room at the end of an address, in one spelling. */
import { normaliseAddressText } from './address-text.js';

export interface DwellingParts {
  building?: string;
  unit?: string;
  floor?: string;
  room?: string;
}

type Kind = 'building' | 'unit' | 'floor' | 'room' | 'house' | 'dash' | 'end';

interface Element {
  value: string;
  kind: Kind;
}

const VALUE = /(?:负|地下|B)?\d{1,5}[A-Z]?|[A-Z]\d{0,4}|[甲乙丙丁戊己](?=单元|幢|栋|座|号|楼|门)|[东西南北中](?=单元|座|幢|栋)/y;
const DESIGNATOR = /(?:号楼|#楼|号院?#?幢|号(?=[幢栋])|幢楼?|栋楼?|棟|橦|憧|#|座|单元|单(?=\d)|梯|号门|门(?!面)|层|楼|F(?!\w)|室|房间?|号房?|户(?!口))-?|-/y;
const KIND: Readonly<Record<string, Kind>> = {
  号楼: 'building', '#楼': 'building', 幢: 'building', 幢楼: 'building', 栋: 'building', 栋楼: 'building', 棟: 'building', 橦: 'building', 憧: 'building', '#': 'building', 座: 'building',
  单元: 'unit', 单: 'unit', 梯: 'unit', 号门: 'unit', 门: 'unit', 层: 'floor', F: 'floor', 室: 'room', 房: 'room', 房间: 'room', 号房: 'room', 户: 'room', 号: 'house', '-': 'dash',
};
const DOUBLE_DESIGNATOR = /^(?:[幢栋])/;
const ORDINALS: Readonly<Record<string, string>> = { 甲: '甲', 乙: '乙', 丙: '丙', 丁: '丁' };

export interface TailReading {
  parts: DwellingParts;
  /** Where reading stopped. */
  end: number;
  /** A lone `12号`: building or house number, the caller knows which. */
  house?: string;
}

/**
 * Reads `3幢1单元301室`, `3-1-301`, `2-103`, `3#301`, `1单元0402` … from `start`. Undefined when what stands there is no
 * such tail (`88小区`, `3期`). Numbers joined by dashes are building-unit-room, two of them building-room, unless a designator
 * said otherwise; the last bare number is the room.
 */
export function readTail(text: string, start: number): TailReading | undefined {
  const elements: Element[] = [];
  let at = start;
  while (at < text.length) {
    VALUE.lastIndex = at;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined) break;
    const next = at + value.length;
    if (next === text.length) {
      elements.push({ value: trimZeros(value), kind: 'end' });
      at = next;
      break;
    }
    DESIGNATOR.lastIndex = next;
    const written = DESIGNATOR.exec(text)?.[0];
    if (written === undefined) break;
    elements.push({ value: trimZeros(value), kind: kindOf(written, text, next + written.length) });
    at = next + written.length;
    if (DOUBLE_DESIGNATOR.test(text.slice(at, at + 1))) at += 1;
  }
  if (elements.length === 0) return undefined;
  const [only] = elements;
  if (elements.length === 1 && only?.kind === 'house') return { parts: {}, end: at, house: only.value };
  if (elements.length === 1 && only?.kind === 'dash') return undefined;
  return { parts: assign(elements), end: at };
}

/** `楼` is a floor after a building or when the room that follows starts with it (`3楼302`), else a building. */
function kindOf(written: string, text: string, rest: number): Kind {
  const designator = written.length > 1 && written.endsWith('-') ? written.slice(0, -1) : written;
  if (designator === '楼') return /^\d{1,2}(?!\d)|^\d+单元|^\d+-/.test(text.slice(rest, rest + 5)) ? 'building' : 'floor';
  return KIND[designator] ?? 'building';
}

function assign(elements: Element[]): DwellingParts {
  const parts: DwellingParts = {};
  const open: string[] = [];
  const last = elements.length - 1;
  elements.forEach(({ value, kind }, i) => {
    let role = kind;
    if (kind === 'house') role = i === last ? 'room' : 'building';
    // `1号3幢`: the house number of the yard, the building is named later.
    if (kind === 'house' && i < last && elements.some((e) => e.kind === 'building')) return;
    if (role === 'floor' && parts.building === undefined && open.length === 0 && i === 0 && floorIsBuilding(elements)) role = 'building';
    if (role === 'room' && i === last) parts.room = value;
    else if (role === 'building' && parts.building === undefined) parts.building = value;
    else if (role === 'unit' && parts.unit === undefined) {
      placeBefore(parts, open, 'unit');
      parts.unit = value;
    } else if (role === 'floor') {
      placeBefore(parts, open, 'floor');
      parts.floor = value;
    } else if (role === 'end' && (i > 0 || value.length > 2)) parts.room = value;
    else open.push(value);
  });
  placeOpen(parts, open);
  return joinFloor(parts);
}

/** `3楼302`: a floor, since the room starts with it; `3楼501`: a building. */
function floorIsBuilding(elements: readonly Element[]): boolean {
  const [first, second] = elements;
  if (second === undefined || second.value.length < 3) return false;
  return !second.value.startsWith(first?.value ?? '');
}

/** Bare numbers before a unit can only name the building. */
function placeBefore(parts: DwellingParts, open: string[], kind: 'unit' | 'floor'): void {
  if (open.length > 0 && parts.building === undefined) parts.building = open.shift();
  if (kind === 'floor' && open.length > 0 && parts.unit === undefined) parts.unit = open.shift();
}

function placeOpen(parts: DwellingParts, open: string[]): void {
  const tail = open.at(-1);
  // `301-1`: a room let in parts; the long number is the room, the short one its part.
  if (tail !== undefined && /^\d{3,}$/.test(tail) && parts.room !== undefined && parts.room.length <= 2 && (parts.building !== undefined || open.length > 1)) {
    parts.room = `${open.pop()}-${parts.room}`;
  }
  if (open.length > 0 && parts.building === undefined) parts.building = open.shift();
  if (open.length > 0 && parts.unit === undefined) parts.unit = open.shift();
  if (open.length > 0 && parts.floor === undefined) parts.floor = open.shift();
}

/** 3层2室 is room 302. */
function joinFloor(parts: DwellingParts): DwellingParts {
  if (parts.floor !== undefined && parts.room !== undefined && /^\d{1,2}$/.test(parts.room) && /^\d+$/.test(parts.floor)) {
    parts.room = parts.floor + parts.room.padStart(2, '0');
  }
  return parts;
}

/** Leading zeros mean nothing in a building, unit or room: `0301` is 301, `0003` is 3; `0000` is ''. */
function trimZeros(value: string): string {
  const zero = value.charCodeAt(0) === 48 ? value.replace(/^0+/, '') : value;
  return ORDINALS[zero] ?? zero;
}

const COLUMN_SUFFIX = /(?:号楼|#楼|幢|栋|棟|#|座|楼|单元|单|梯|门|层|室|房间?|号)$/u;

/** One part from a column of its own: `三号楼` → 3, `1单元` → 1, `0402` → 402, `A座` → A. Undefined when nothing is left. */
export function readPart(raw: string): string | undefined {
  const { text } = normaliseAddressText(raw);
  let value = text;
  for (let n = 0; n < 2; n++) value = value.replace(COLUMN_SUFFIX, '');
  value = trimZeros(value);
  return value === '' || value === '-' ? undefined : value;
}
