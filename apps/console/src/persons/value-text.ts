import type { Membership, OtherIdentifier, PersonFacets, Relative } from '#libs/model/bodies';
import type { Address, CitizenIdReading, PartialDate, PersonName, Phone } from '#libs/model/values';
import type { Text } from '../text/language.js';
import { isoDayOf } from '../text/times.js';
import type { TextKey } from '../text/zh.js';

/** What a value is put into words with: the texts of the language, and the name of a national code. */
export interface Wording {
  t: Text;
  codeName(table: CodeTable, code: string): string | undefined;
}

export type CodeTable = 'sex' | 'ethnicGroup' | 'maritalStatus' | 'education' | 'politicalStatus' | 'relation'
  | 'disabilityCategory' | 'hukouNature' | 'residencePlace' | 'permitReason' | 'flowReason';
const CODED: ReadonlySet<string> = new Set<CodeTable>(['sex', 'ethnicGroup', 'maritalStatus', 'education', 'politicalStatus', 'relation']);
/** Details of facets that are codes of a national table; those of the canonical model's own words are in the dictionary as `code.<facet>.<detail>.<code>`. */
const FACET_CODES: Readonly<Record<string, CodeTable>> = {
  'disability.category': 'disabilityCategory', 'familyPlanning.hukouNature': 'hukouNature', 'permit.place': 'residencePlace', 'permit.reason': 'permitReason', 'grid.flowReason': 'flowReason', 'party.residenceType': 'residencePlace',
};

/** A value in words, one text an element; a scalar has one, nothing has none. Equal texts are equal values to the reader. */
export function valueTexts(path: string, value: unknown, wording: Wording): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.flatMap((element) => valueTexts(path, element, wording));
  if (typeof value === 'string') return [scalarText(path, value, wording)];
  if (typeof value !== 'object') return [String(value)];
  const text = objectText(path, value, wording);
  return text === '' ? [] : [text];
}

function scalarText(path: string, value: string, { t, codeName }: Wording): string {
  if (CODED.has(path)) return codeName(path as CodeTable, value) ?? value;
  return path === 'vitalStatus' || path === 'residency' ? t(`value.${value}` as TextKey) : value;
}

function objectText(path: string, value: object, wording: Wording): string {
  switch (path) {
    case 'name':
    case 'formerNames': return (value as PersonName).value;
    case 'citizenId': return idText(value as CitizenIdReading, wording);
    case 'otherIdentifiers': return `${wording.t(`id.${(value as OtherIdentifier).kind}`)} ${(value as OtherIdentifier).value}`;
    case 'birthDate':
    case 'deathDate': return dateText(value as PartialDate, wording);
    case 'phones': return phoneText(value as Phone, wording);
    case 'registeredAddress':
    case 'currentAddress':
    case 'address': return addressText(value as Address, wording);
    case 'relatives': return relativeText(value as Relative, wording);
    default: return path.startsWith('memberships') ? membershipText(value as Membership, wording) : facetText(path.replace('facets.', ''), value as PersonFacets[keyof PersonFacets] & object, wording);
  }
}

const PLAIN_ID = new Set(['valid', 'placeholder']);

function idText({ value, status }: CitizenIdReading, { t }: Wording): string {
  return PLAIN_ID.has(status) ? value : t('value.note', { value, note: t(`id.${status}` as TextKey) });
}

function dateText({ date, calendar }: PartialDate, { t }: Wording): string {
  return calendar === 'lunar' ? `${t('value.lunar')} ${date}` : date;
}

function phoneText({ number, verified, holder }: Phone, { t }: Wording): string {
  const notes = [...(holder === undefined || holder === 'own' ? [] : [t(`value.${holder}`)]), ...(verified ? [t('value.verified')] : [])];
  return notes.length === 0 ? number : t('value.note', { value: number, note: notes.join(' ') });
}

/**
 * An address as it is said in China, in either language: 中山路153号幸福小区3幢2单元301室, in the order in which the hub reads it back. What
 * could not be read stands as written.
 */
export function addressText(a: Address, { t }: Wording): string {
  const { building, unit, floor, room, number } = a;
  const house = number && (number.endsWith('弄') ? number : `${number}${t('value.number')}`);
  const text = [
    a.place, a.road, a.road && house, a.estate, a.road ? undefined : house, building && `${building}${t('value.building')}`, unit && `${unit}${t('value.unit')}`,
    room === undefined && floor !== undefined ? floor : undefined, room && `${room}${t('value.room')}`,
  ].filter(Boolean).join('');
  const shown = text === '' ? a.raw : text;
  return a.tags?.length ? t('value.note', { value: shown, note: a.tags.join(' ') }) : shown;
}

function relativeText({ role, name, citizenId }: Relative, wording: Wording): string {
  return [wording.t(`value.${role}`), name?.value, citizenId && idText(citizenId, wording)].filter(Boolean).join(' ');
}

/** What the person is in the household; which one it is, the path says. */
function membershipText({ relation }: Membership, { t, codeName }: Wording): string {
  return relation === undefined ? t('value.member') : (codeName('relation', relation) ?? relation);
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT/;

/** `name：value` of every detail that is there. Keys are named where the dictionary has them. */
function facetText(kind: string, facet: object, { t, codeName }: Wording): string {
  const details = Object.entries(facet).filter(([, v]) => v !== undefined && v !== '' && !(Array.isArray(v) && v.length === 0));
  const coded = (key: string, v: unknown): string => {
    const table = FACET_CODES[`${kind}.${key}`];
    const word = table === undefined ? wordOf(`code.${kind}.${key}.${String(v)}`, t) : codeName(table, String(v));
    return word ?? (TIMESTAMP.test(String(v)) ? isoDayOf(String(v)) : String(v));
  };
  const said = (key: string, v: unknown): string => (typeof v === 'boolean' ? t(v ? 'value.yes' : 'value.no') : Array.isArray(v) ? v.map((e) => coded(key, e)).join(t('value.list')) : coded(key, v));
  return details.map(([key, v]) => t('value.detail', { name: named(key, t), value: said(key, v) })).join(t('value.details'));
}

function named(key: string, t: Wording['t']): string {
  return wordOf(`facet.${key}`, t) ?? key;
}

/** The dictionary's word; undefined where it has none. */
function wordOf(key: string, t: Wording['t']): string | undefined {
  const text = t(key as TextKey) as string | undefined;
  return text === key ? undefined : text;
}

/** Codes of places that are long and nobody's. */
const OPEN_PATHS = new Set(['dwellingCode', 'facets.grid']);

/** A text with its long numbers covered, as a screen in a busy hall shows them: 990101********0428, 139****0001. */
export function covered(path: string, text: string): string {
  if (OPEN_PATHS.has(path)) return text;
  return text.replace(/\d{7,}[\dXx]*/g, (digits) => {
    const [head, tail] = digits.length >= 15 ? [6, 4] : [3, 4];
    return digits.slice(0, head) + '*'.repeat(Math.max(0, digits.length - head - tail)) + digits.slice(-tail);
  });
}
