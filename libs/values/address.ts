import type { Address } from '#libs/model/values';
import { normaliseAddressText } from './address-text.js';
import { matchDivisions } from './division-names.js';
import type { Divisions } from './divisions.js';
import { readPart, readTail, type TailReading } from './dwelling-parts.js';

/** Parts that a source keeps in columns of their own; each wins over the same part read from the text. */
export interface AddressHint {
  /** Division code in any spelling (trailing zeros cut, closed). */
  division?: string;
  estate?: string;
  road?: string;
  number?: string;
  building?: string;
  unit?: string;
  room?: string;
}

/** A longer text is no address: reading takes time that grows with the square of the length, as with names. */
export const LONGEST_ADDRESS = 1000;

const NOTHING = /^(?:不详|未知|无|暂无|没有|不明|待补|未填|null|none|n\/a|[-—/.\s0]*)$/iu;
const ROAD_AND_NUMBER = /([^\d#-]{1,12}?(?:大道|大街|马路|公路|路|街|巷|弄|道|胡同))(\d{1,5}(?:-\d{1,4}|附\d{1,3}|[A-Z甲乙丙丁](?=号))?)(号院?内?|弄|巷)(?!楼|门|线|地块)/uy;
const ROAD_ALONE = /([^\d#-]{1,8}?(?:大道|大街|路|街|巷|胡同))(?=$|(?!小区|新村|花园|苑|公寓|大厦|广场|社区|校区|[一二三四五东西南北中]区|[口北南东西号段]|市场|菜场|商|小学|中学|医院|村|里)[^\d]{2,})/uy;
const VILLAGE_GROUP = /([^\d]{0,16}?)(\d{1,3})(?:村民小组|小组|组|队|社(?!区))(?:(\d{1,5}(?:-\d{1,4})?)号?(?=$|[^\d楼]))?/uy;
const TAIL_START = /[0-9A-Z甲乙丙丁戊己]|负(?=\d)|地下(?=\d)|[东西南北中](?=单元|座|幢|栋)/gu;
const VILLAGE = /(?<!新)[村屯庄寨坝沟湾坡岭]$/u;
const EDGES = /^[-#的之]+|[-#的之]+$/gu;

/**
 * Reads an address as a source wrote it: estate, road, number, building, unit, floor and room in one spelling, tags apart,
 * division names turned into the code in force today. `raw` is kept. Undefined when nothing is written (不详, empty, no hint), or without end.
 * Where text and hint name different divisions the text wins: it says where the door is, the column often who keeps the file.
 */
export function readAddress(raw: string, divisions: Divisions, hint?: AddressHint): Address | undefined {
  if (raw.length > LONGEST_ADDRESS || (hint !== undefined && Object.values(hint).some((part: string | undefined) => (part?.length ?? 0) > LONGEST_ADDRESS))) return undefined;
  const empty = raw === '' || NOTHING.test(raw);
  if (empty && hint === undefined) return undefined;
  const address: Address = { raw };
  if (!empty) readText(raw, divisions, address, hint?.division);
  if (hint !== undefined) applyHint(address, divisions, hint);
  return hasAnything(address) ? address : undefined;
}

function hasAnything(address: Address): boolean {
  for (const field in address) if (field !== 'raw') return true;
  return address.raw.length > 1;
}

function readText(raw: string, divisions: Divisions, address: Address, hinted: string | undefined): void {
  const { text, tags } = normaliseAddressText(raw);
  const { end, division, place, village } = matchDivisions(text, divisions, hinted === undefined ? undefined : divisions.current(hinted));
  if (division !== undefined) address.division = division;
  if (place !== undefined) address.place = place;
  readStreetPart(text, end, village, address);
  if (tags.length > 0) address.tags = tags;
}

/** Everything after the divisions: road and number, or village group, then estate and dwelling. */
function readStreetPart(text: string, start: number, village: string | undefined, address: Address): void {
  let at = start;
  VILLAGE_GROUP.lastIndex = at;
  const group = VILLAGE_GROUP.exec(text);
  if (group !== null) {
    address.estate = `${village ?? group[1]}${Number(group[2])}组`;
    if (group[3] !== undefined) address.number = trimNumber(group[3]);
    const tail = readTail(text, VILLAGE_GROUP.lastIndex);
    if (tail !== undefined) applyTail(address, tail);
    return;
  }
  ROAD_AND_NUMBER.lastIndex = at;
  const road = ROAD_AND_NUMBER.exec(text);
  if (road !== null) {
    address.road = road[1];
    address.number = road[3] === '弄' ? `${road[2]}弄` : trimNumber(road[2] ?? '');
    at = ROAD_AND_NUMBER.lastIndex;
  } else {
    ROAD_ALONE.lastIndex = at;
    const alone = ROAD_ALONE.exec(text);
    if (alone !== null) {
      address.road = alone[1];
      at = ROAD_ALONE.lastIndex;
    }
  }
  readEstate(text, at, address);
}

/** The estate's name ends where a readable building, unit or room begins; numbers inside the name (88小区, 3期) do not count. */
function readEstate(text: string, start: number, address: Address): void {
  let [stop, tail]: [number, TailReading | undefined] = [text.length, undefined];
  TAIL_START.lastIndex = start;
  for (let match = TAIL_START.exec(text); match !== null; match = TAIL_START.exec(text)) {
    const candidate = match.index > start && /[0-9A-Z]/.test(text.charAt(match.index - 1)) ? undefined : readTail(text, match.index);
    if (candidate === undefined) continue;
    [stop, tail] = [match.index, candidate];
    break;
  }
  const estate = text.slice(start, stop).replace(EDGES, '');
  if (estate !== '') address.estate = estate;
  if (tail !== undefined) applyTail(address, tail);
}

function applyTail(address: Address, { parts, house }: TailReading): void {
  if (house !== undefined) {
    const village = address.number === undefined && address.road === undefined && VILLAGE.test(address.estate ?? '');
    if (village) address.number = house;
    else if (house !== '') address.building = house;
    return;
  }
  if (parts.building !== undefined && parts.building !== '') address.building = parts.building;
  if (parts.unit !== undefined && parts.unit !== '') address.unit = parts.unit;
  if (parts.floor !== undefined && parts.floor !== '') address.floor = parts.floor;
  if (parts.room !== undefined && parts.room !== '') address.room = parts.room;
}

function trimNumber(number: string): string {
  return number.replace(/^0+(?=\d)/, '');
}

function applyHint(address: Address, divisions: Divisions, hint: AddressHint): void {
  if (hint.division !== undefined) address.division = chooseDivision(address, divisions, hint.division);
  if (address.division === undefined) delete address.division;
  if (hint.estate !== undefined) {
    const { text, tags } = normaliseAddressText(hint.estate);
    const estate = text.replace(EDGES, '');
    if (estate !== '') address.estate = estate;
    if (tags.length > 0) address.tags = [...new Set([...(address.tags ?? []), ...tags])];
  }
  if (hint.road !== undefined && hint.road.trim() !== '') address.road = normaliseAddressText(hint.road).text;
  nameGroup(address, divisions);
  for (const part of ['number', 'building', 'unit', 'room'] as const) {
    const written = hint[part];
    const value = written === undefined ? undefined : readPart(written);
    if (value !== undefined) address[part] = value;
  }
}

/** `6组12号` with the village in a code column: the group's name needs the village. */
function nameGroup(address: Address, divisions: Divisions): void {
  if (address.division?.length !== 12 || address.estate === undefined || !/^\d+组$/.test(address.estate)) return;
  address.estate = (divisions.nameOf(address.division) ?? '') + address.estate;
}

function chooseDivision(address: Address, divisions: Divisions, written: string): string | undefined {
  const hinted = divisions.current(written);
  const read = address.division;
  if (hinted === undefined) return read;
  // A place of another city with a code of this one: the code names the office that keeps the file.
  if (address.place !== undefined) return divisions.get(hinted.slice(0, 4)) === undefined ? hinted : undefined;
  return read === undefined || hinted.startsWith(read) ? hinted : read;
}

/**
 * The canonical one-line spelling of where a dwelling is: place, road and number, estate, building, unit, room. Undefined
 * when neither an estate nor a road with its number is known, because then it names no spot. Reading it again gives the same.
 */
export function addressKey(address: Address): string | undefined {
  const { place, road, number, estate, building, unit, room } = address;
  if (estate === undefined && (road === undefined || number === undefined)) return undefined;
  let key = place ?? '';
  if (road !== undefined) key += road;
  if (road !== undefined && number !== undefined) key += number.endsWith('弄') ? number : `${number}号`;
  if (estate !== undefined) key += estate;
  if (road === undefined && number !== undefined) key += `${number}号`;
  if (building !== undefined) key += `${building}幢`;
  if (unit !== undefined) key += `${unit}单元`;
  if (room !== undefined) key += `${room}室`;
  return key;
}
