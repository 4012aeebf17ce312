import { ID } from './person-features.js';
import { eachCompoundName } from './place-features.js';
import type { PlaceFeatures } from './place-features.js';
import type { PersonFeatures } from './person-features.js';
import type { DwellingFeatures } from './dwelling-features.js';
import type { HouseholdFeatures } from './household-features.js';

/**
 * Kinds of blocking keys. A key proposes pairs inside its block, is counted (how many distinct people stand behind it),
 * or both. The names are stable: they are part of what callers hash.
 */
export const KEY = {
  citizenId: 'id', idTail: 'it', birth: 'nb', phone: 'p', phoneName: 'pn', phoneBirth: 'pb', place: 'd', placeName: 'dn', placeBirth: 'db',
  kinName: 'kn', kinBirth: 'kb', contextName: 'hn', contextBirth: 'hb', number: 'hh', head: 'he', home: 'hd', member: 'hm', dwelling: 'dw', title: 'tn',
} as const;

export type KeyKind = (typeof KEY)[keyof typeof KEY];

export interface BlockingKey {
  kind: KeyKind;
  /** Kind and value in one text; callers hash it. */
  text: string;
}

/**
 * How many distinct people stand behind a counted key, coarse on purpose, so that it rarely changes:
 * 0 one, 1 a family, 2 shared (an agent, a shop), 3 public. A proposing key is 0, or 3 when its block is over its bound.
 */
export type KeyLevel = 0 | 1 | 2 | 3;

const COUNTED = new Set<KeyKind>([KEY.citizenId, KEY.phone, KEY.place]);
/** Most records of a block that still proposes pairs. Composite keys hold one person's records and those of a few namesakes. */
const BOUND = 64;
/** A household or dwelling key may hold a tower's worth of rows before it says nothing. */
const MEMBER_BOUND = 400;

/** Whether the number of distinct tokens behind keys of this kind is part of what matching knows. */
export function isCounted(kind: KeyKind): boolean {
  return COUNTED.has(kind);
}

/** Whether records that share the key are compared. Phone and place alone only bring accounts without identity to their people. */
export function proposes(kind: KeyKind): boolean {
  return kind !== KEY.place;
}

/** Level of a key from the number of records that carry it and of distinct tokens among them. */
export function levelOf(kind: KeyKind, size: number, distinctTokens: number): KeyLevel {
  if (!COUNTED.has(kind)) return size > (kind === KEY.member || kind === KEY.home || kind === KEY.number ? MEMBER_BOUND : BOUND) ? 3 : 0;
  if (distinctTokens <= 1) return 0;
  // A flat sees its family, its owner and a few former tenants; a phone only a family.
  const [family, shared] = kind === KEY.place ? [14, 40] : [6, 16];
  if (distinctTokens <= family) return 1;
  return distinctTokens <= shared ? 2 : 3;
}

/** What is counted as one person behind a key: the sound of the name, so that a homophone or variant is no second person. Empty: not counted. */
export function token(f: PersonFeatures): string {
  const n = f.name;
  return f.restricted || n === undefined || n.nickname || n.cut || n.wildcard ? '' : n.sound;
}

/** Takes one key: its kind and the parts of its value. Parts are hashed as they come; millions of joined strings cost more than the hashing. */
export type EmitKey = (kind: KeyKind, part: string, second: string, third: string, fourth: string) => void;

/** The text of a key, as `blockingKeys` gives it. */
export function keyText(kind: KeyKind, part: string, second = '', third = '', fourth = ''): string {
  return `${kind}:${part}|${second}|${third}|${fourth}`;
}

/** Keys of a record. Two records that share a key whose level is below 3 are compared. */
export function blockingKeys(f: PersonFeatures | HouseholdFeatures | DwellingFeatures): BlockingKey[] {
  const keys: BlockingKey[] = [];
  eachKey(f, (kind, ...parts) => keys.push({ kind, text: keyText(kind, ...parts) }));
  return keys;
}

/** The same in parts. A landlord is found under his own keys, through the record that names him. */
export function eachKey(f: PersonFeatures | HouseholdFeatures | DwellingFeatures, emit: EmitKey): void {
  if (f.type === 'person') {
    eachKeyOf(f, emit);
    if (f.landlord !== undefined) eachKeyOf(f.landlord, emit);
  } else if (f.type === 'household') householdKeys(f, emit);
  else if (f.code !== '') emit(KEY.dwelling, f.code, '', '', '');
}

/** Keys of one person, a record or a mentioned landlord. */
export function eachKeyOf(f: PersonFeatures, emit: EmitKey): void {
  eachCountedKey(f, emit);
  personKeys(f, emit);
}

/** Keys whose distinct people are counted: number, phone, dwelling. */
export function eachCountedKey(f: PersonFeatures, emit: EmitKey): void {
  if (f.test || f.mention) return;
  if (f.idStatus !== ID.none && f.idStatus !== ID.masked) emit(KEY.citizenId, f.id, '', '', '');
  for (const id of f.formerIds) emit(KEY.citizenId, id, '', '', '');
  for (const phone of f.phones) emit(KEY.phone, phone, '', '', '');
  for (const place of f.places) eachPlaceKey(place, KEY.place, '', emit);
}

export function eachPlaceKey(p: PlaceFeatures, kind: KeyKind, last: string, emit: EmitKey): void {
  eachCompoundName(p, (name) => emit(kind, name, p.building, p.room, last));
}

function personKeys(f: PersonFeatures, emit: EmitKey): void {
  if (f.test || f.attachable) return;
  const birth = birthOf(f);
  // A title names its house by a code, a tenant his landlord's by its address: only building and room are common to both.
  if ((f.title || f.mention) && f.name !== undefined) for (const p of f.places) if (p.fine) emit(KEY.title, f.name.sound, p.building, p.room, '');
  for (const sound of soundsOf(f)) {
    if (f.id.length === 18) emit(KEY.idTail, sound, f.id.slice(14), '', '');
    if (birth !== '') emit(KEY.birth, sound, birth, '', '');
    if (f.idBirth !== 0 && f.idBirth !== f.birth && f.birth % 100 !== 0) emit(KEY.birth, sound, String(f.idBirth), '', '');
    for (const phone of f.phones) emit(KEY.phoneName, phone, sound, '', '');
    for (const place of f.places) eachPlaceKey(place, KEY.placeName, sound, emit);
    for (const r of f.relatives) if (r.id !== '') emit(KEY.kinName, r.id, sound, '', '');
  }
  if (birth === '') return;
  for (const phone of f.phones) emit(KEY.phoneBirth, phone, birth, '', '');
  for (const place of f.places) eachPlaceKey(place, KEY.placeBirth, birth, emit);
  for (const r of f.relatives) if (r.id !== '') emit(KEY.kinBirth, r.id, birth, '', '');
}

/** The stated birth date when its day is known, else the one inside the number, damaged or not. */
function birthOf(f: PersonFeatures): string {
  if (f.birth % 100 !== 0) return String(f.birth);
  if (f.idBirth !== 0) return String(f.idBirth);
  return f.idStatus === ID.checksum || f.idStatus === ID.truncated ? f.id.slice(6, 14) : '';
}

/** Sounds under which a record's names are looked up; a cut or unreadable name has none. */
function soundsOf(f: PersonFeatures): string[] {
  const sounds: string[] = [];
  const n = f.name;
  if (n !== undefined && !n.nickname && !n.cut && !n.wildcard) sounds.push(n.sound);
  for (const n of f.former) if (!n.cut && !n.wildcard && !sounds.includes(n.sound)) sounds.push(n.sound);
  return sounds;
}

/**
 * Keys of a person record in the third stage: the relatives it lives with (labels of their clusters) with its own name
 * or birth date. Proposes the pairs that only their families bring together.
 */
export function contextKeys(f: PersonFeatures, kin: readonly string[]): BlockingKey[] {
  const keys: BlockingKey[] = [];
  eachContextKey(f, kin, (kind, ...parts) => keys.push({ kind, text: keyText(kind, ...parts) }));
  return keys;
}

export function eachContextKey(f: PersonFeatures, kin: readonly string[], emit: EmitKey): void {
  if (f.test || f.attachable || kin.length === 0) return;
  const sounds = soundsOf(f);
  const birth = birthOf(f);
  for (const label of kin) {
    for (const sound of sounds) emit(KEY.contextName, label, sound, '', '');
    if (birth !== '') emit(KEY.contextBirth, label, birth, '', '');
  }
}

function householdKeys(f: HouseholdFeatures, emit: EmitKey): void {
  if (f.number !== '') emit(KEY.number, f.kind, f.number, '', '');
  if (f.collective) return;
  if (f.headId !== '') emit(KEY.head, f.kind, f.headId, '', '');
  if (f.place !== undefined && f.headName !== undefined) eachPlaceKey(f.place, KEY.home, `${f.kind}${f.headName.sound}`, emit);
}
