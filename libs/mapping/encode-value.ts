import type { Membership, Relative } from '#libs/model/bodies';
import type { Address, CitizenIdReading, PartialDate, PersonName, Phone } from '#libs/model/values';
import type { CodeMap } from './code-map.js';
import type { OutColumn } from './mapping-out.js';
import { nationalTable } from './read-code.js';

/** A value as the target's wire carries it. */
export type OutValue = string | number | boolean | null | readonly string[];

/** Thrown inside an encoder when the target has no way to say the value. */
export class Unsayable {
  constructor(readonly code: string, readonly reason: string) {}
}

export type ValueEncoder = (value: unknown) => OutValue | undefined;

/** Compiles the spelling of one legacy column; faults of the folder are pushed. */
export function valueEncoder(spec: OutColumn, codes: ReadonlyMap<string, CodeMap>, where: string, faults: string[]): ValueEncoder {
  const plain = encoderFor(spec, codes, where, faults);
  if (spec.part === undefined) return plain;
  const part = spec.part;
  return (value) => {
    const inner = (value as Record<string, unknown>)[part];
    return inner === undefined ? undefined : plain(inner);
  };
}

function encoderFor(spec: OutColumn, codes: ReadonlyMap<string, CodeMap>, where: string, faults: string[]): ValueEncoder {
  switch (spec.as) {
    case 'text':
      return (v) => String(v);
    case 'number':
      return (v) => Number(v);
    case 'list':
      return (v) => v as string[];
    case 'boolean': {
      const texts = spec.texts;
      return (v) => (texts === undefined ? v === true : v === true ? texts[0] : texts[1]);
    }
    case 'flag':
      return (v) => (v as string[]).includes(spec.flag ?? '');
    case 'citizenId':
      return (v) => usable(v as CitizenIdReading);
    case 'name':
      return (v) => whole(v as PersonName);
    case 'code':
      return codeEncoder(spec, codes, where, faults);
    case 'date':
      return (v) => encodeDate(v as PartialDate | string, spec.format ?? 'yyyy-MM-dd');
    case 'phone':
      return (v) => (v as Phone[]).find((p) => (p.holder ?? 'own') === (spec.holder ?? 'own'))?.number;
    case 'division':
      // Written codes have 12 digits; one of a street or district ends in zeros.
      return (v) => (v as Address).division?.padEnd(12, '0');
    case 'address':
      return (v) => addressText(v as Address);
    case 'householdKey':
      return (v) => membership(v, spec)?.key;
    case 'matches':
      // Answered by the comparison with what the target holds; the value itself never leaves.
      return () => undefined;
    case 'count':
      return (v) => (v as unknown[]).length;
    case 'householdCount':
      return (v) => new Set((v as Membership[]).map((m) => `${m.kind}:${m.key}`)).size;
    case 'relation': {
      const code = spec.map === undefined && spec.table === undefined ? undefined : codeEncoder(spec, codes, where, faults);
      return (v) => {
        const relation = membership(v, spec)?.relation;
        return relation === undefined ? undefined : code === undefined ? relation : code(relation);
      };
    }
    case 'relativeName':
      return (v) => {
        const name = relative(v, spec)?.name;
        return name === undefined ? undefined : whole(name);
      };
    case 'relativeCitizenId':
      return (v) => {
        const id = relative(v, spec)?.citizenId;
        return id === undefined ? undefined : usable(id);
      };
  }
}

function codeEncoder(spec: OutColumn, codes: ReadonlyMap<string, CodeMap>, where: string, faults: string[]): ValueEncoder {
  const map = spec.map === undefined ? undefined : codes.get(spec.map)?.out;
  if (spec.map !== undefined && map === undefined) faults.push(`${where}: there is no codes/${spec.map}.csv`);
  const table = spec.table === undefined ? undefined : nationalTable(spec.table, where, faults);
  if (map === undefined && table === undefined) faults.push(`${where}: a code needs a map, a national table or both`);
  return (value) => {
    const code = String(value);
    const said = map?.get(code) ?? (table?.has(code) ? code : undefined);
    if (said === undefined) throw new Unsayable('YICI_OUT_UNKNOWN_CODE', 'The target has no code for this value.');
    return said;
  };
}

/** Only a valid citizen ID is ever written back; a damaged one would be spread. */
function usable(id: CitizenIdReading): string {
  if (id.status !== 'valid') throw new Unsayable('YICI_OUT_ID_NOT_VALID', 'Only a valid citizen ID is written to another system.');
  return id.value;
}

function whole(name: PersonName): string {
  if (name.cut || name.wildcard) throw new Unsayable('YICI_OUT_NAME_DAMAGED', 'A name that is cut or has an unreadable character is not written to another system.');
  return name.value;
}

function membership(value: unknown, spec: OutColumn): Membership | undefined {
  return (value as Membership[]).find((m) => spec.kind === undefined || m.kind === spec.kind);
}

function relative(value: unknown, spec: OutColumn): Relative | undefined {
  return (value as Relative[]).find((r) => r.role === spec.role);
}

/**
 * The canonical one-line spelling: a place outside the city, road and number or estate, then 幢, 单元, 室; the raw text when
 * nothing was read from it. A number without a road is a house of the estate or village.
 */
export function addressText(a: Address): string {
  const number = a.number === undefined ? '' : `${a.number}号`;
  const street = a.road === undefined ? '' : `${a.road}${number}`;
  const estate = `${a.estate ?? ''}${a.road === undefined ? number : ''}`;
  const house = `${a.building === undefined ? '' : `${a.building}幢`}${a.unit === undefined ? '' : `${a.unit}单元`}${a.room === undefined ? '' : `${a.room}室`}`;
  const text = `${street}${estate}${house}`;
  return text === '' ? a.raw : `${a.place ?? ''}${text}`;
}

function encodeDate(value: PartialDate | string, format: NonNullable<OutColumn['format']>): OutValue {
  const date = typeof value === 'string' ? value : value.date;
  const [year = '', month, day] = date.split('-');
  if (typeof value !== 'string' && value.calendar === 'lunar') throw new Unsayable('YICI_OUT_LUNAR_DATE', 'A lunar date is not written to another system.');
  if (format === 'yyyyMM') return month === undefined ? needDay() : `${year}${month}`;
  if (month === undefined || day === undefined) return needDay();
  switch (format) {
    case 'yyyyMMdd':
      return `${year}${month}${day}`;
    case 'yyyy.MM':
      return `${year}.${month}.${day}`;
    case 'excelSerial':
      return (Date.UTC(Number(year), Number(month) - 1, Number(day)) - Date.UTC(1899, 11, 30)) / 86_400_000;
    case 'epochMillisShanghai':
      return shanghaiMidnight(Number(year), Number(month), Number(day));
    default:
      return date;
  }
}

function needDay(): never {
  throw new Unsayable('YICI_OUT_DATE_PARTIAL', 'The target needs a full date and only part of it is known.');
}

const SHANGHAI = new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Shanghai', hourCycle: 'h23', hour: 'numeric', minute: 'numeric', second: 'numeric' });

/** Epoch milliseconds of the local midnight that begins the day, historic summer time included. */
function shanghaiMidnight(year: number, month: number, day: number): number {
  const standard = Date.UTC(year, month - 1, day) - 8 * 3_600_000;
  // At standard midnight the local clock shows 00:00, or 01:00 in summer time: go back by what it shows.
  const parts = SHANGHAI.formatToParts(standard);
  const of = (type: string): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const shown = of('hour') * 3600 + of('minute') * 60 + of('second');
  return shown < 43_200 ? standard - shown * 1000 : standard + (86_400 - shown) * 1000;
}
