import { recordKey } from '#libs/kernel/record-key';
import type { RecordKey } from '#libs/kernel/record-key';
import type { Membership, PersonBody, Relative } from '#libs/model/bodies';
import { restrictedFacetsOf } from '#libs/model/restricted';
import type { SourceRecord } from '#libs/model/source-record';
import { dateNumber } from './birth-dates.js';
import type { DateNumber } from './birth-dates.js';
import { kinshipOf } from './kinship.js';
import { asNickname, looksLegal, nameFeatures } from './name-features.js';
import type { NameFeatures } from './name-features.js';
import { placeFeatures, placeOfDwellingCode } from './place-features.js';
import type { PlaceFeatures } from './place-features.js';

/** What a text in the ID column is worth as evidence of identity. */
export const ID = {
  none: 0,
  /** Valid and, as far as this record tells, the person's own. */
  own: 1,
  /** Valid, but the record itself shows that it is somebody else's (a parent's number for a child). */
  borrowed: 2,
  checksum: 3,
  masked: 4,
  truncated: 5,
  /** Local to its source or of another document: equal values agree, unequal ones say nothing. */
  other: 6,
} as const;

export interface RelativeFeatures {
  readonly role: Relative['role'];
  readonly id: string;
  readonly name: NameFeatures | undefined;
}

export interface MembershipFeatures {
  /** Record key of the household. */
  readonly household: RecordKey;
  readonly kind: Membership['kind'];
  /** Generations below the head (parents −1, children 1); undefined where the relation does not say. */
  readonly generation: number | undefined;
  /** Family of the head, no lodger. */
  readonly kin: boolean;
  readonly relation: string;
}

/** Everything matching needs of a person record; the record itself is not read again. */
export interface PersonFeatures {
  readonly type: 'person';
  readonly key: RecordKey;
  readonly system: string;
  readonly test: boolean;
  readonly name: NameFeatures | undefined;
  readonly former: readonly NameFeatures[];
  /** 1, 2 or 0; of an own valid ID its 17th digit, which decides (case 30). */
  readonly sex: number;
  readonly idStatus: number;
  /** Normalised text of the ID column; empty when it says nothing. */
  readonly id: string;
  readonly formerIds: readonly string[];
  /** Birth date inside an own ID. */
  readonly idBirth: DateNumber;
  /** Birth date as stated. */
  readonly birth: DateNumber;
  readonly slippable: boolean;
  readonly phones: readonly string[];
  readonly places: readonly PlaceFeatures[];
  readonly relatives: readonly RelativeFeatures[];
  readonly memberships: readonly MembershipFeatures[];
  /** The landlord this record names, as if he were a record with a name, a phone and this dwelling. He joins an owner's title to the person who has that phone. */
  readonly landlord: PersonFeatures | undefined;
  /** An owner on a title: lives there or not. */
  readonly title: boolean;
  /** This is such a landlord, no record. */
  readonly mention: boolean;
  /**
   * Carries facts that only a scope may see. It joins what others made and joins no two of them, counts behind no key and pulls
   * no account: what everybody sees is the same whether the record exists or not.
   */
  readonly restricted: boolean;
  /** Neither a legal name nor a usable ID nor a birth date: attached to a person, never identity. */
  readonly attachable: boolean;
}

const NONE: readonly never[] = [];

/** Features of a person record. Fields that only repeat what the hub wrote are no evidence. */
export function personFeatures(record: SourceRecord<'person'>): PersonFeatures {
  // The answer to a dispute says what is right of a person it is linked to, and not who that person is.
  const body = record.settles === undefined ? withoutHubOrigin(record) : {};
  const relatives = relativesOf(body);
  const birth = dateNumber(body.birthDate);
  const [idStatus, id] = idOf(body, relatives, birth);
  const idBirth = idStatus === ID.own ? Number(id.slice(6, 14)) : 0;
  const named = nameFeatures(body.name, idStatus === ID.own);
  // An account that tells nothing else of a person may bear any name: 知足常乐 is none.
  const account = idStatus === ID.none && birth === 0 && body.sex === undefined;
  const name = account && named !== undefined && !looksLegal(named) ? asNickname(named) : named;
  const usableId = idStatus === ID.own || idStatus === ID.checksum || idStatus === ID.masked;
  return {
    type: 'person',
    key: flat(recordKey(record.system, 'person', record.naturalKey)),
    system: record.system,
    test: record.test === true,
    name,
    former: formerOf(body),
    sex: idStatus === ID.own ? (Number(id[16]) % 2 === 1 ? 1 : 2) : body.sex === '1' ? 1 : body.sex === '2' ? 2 : 0,
    idStatus,
    id,
    formerIds: exact(body.otherIdentifiers?.filter((o) => o.kind === 'formerCitizenId').map((o) => o.value) ?? NONE),
    idBirth,
    birth,
    slippable: body.birthDate?.slippable === true,
    phones: phonesOf(body),
    places: placesOf(body),
    relatives,
    memberships: membershipsOf(record, body),
    landlord: landlordOf(record, body),
    title: isTitle(record, body),
    mention: false,
    restricted: restrictedFacetsOf(record.body).length > 0,
    attachable: (name === undefined || name.nickname) && !usableId && birth === 0,
  };
}

/** Mentions sort behind all records, so that none ever names a cluster. */
const BEHIND_ALL = '\uffff';

function landlordOf(record: SourceRecord<'person'>, body: PersonBody): PersonFeatures | undefined {
  const name = nameFeatures(body.relatives?.find((r) => r.role === 'landlord')?.name, true);
  if (name === undefined || name.cut || name.wildcard || record.test === true) return undefined;
  const phones = exact(body.phones?.filter((p) => p.holder === 'landlord').map((p) => p.number) ?? NONE);
  const place = placeFeatures(body.currentAddress);
  if (phones.length === 0 || place === undefined || !place.fine) return undefined;
  return {
    type: 'person', key: flat(`${BEHIND_ALL}${recordKey(record.system, 'person', record.naturalKey)}`), system: record.system, test: false, name, former: NONE, sex: 0,
    idStatus: ID.none, id: '', formerIds: NONE, idBirth: 0, birth: 0, slippable: false, phones, places: [place], relatives: NONE, memberships: NONE,
    landlord: undefined, title: false, mention: true, restricted: restrictedFacetsOf(record.body).length > 0, attachable: false,
  };
}

function withoutHubOrigin(record: SourceRecord<'person'>): PersonBody {
  if (record.hubOrigin === undefined || record.hubOrigin.length === 0) return record.body;
  const body: Record<string, unknown> = { ...record.body };
  for (const path of record.hubOrigin) {
    const top = /^[^.[]+/.exec(path)?.[0];
    if (top !== undefined) delete body[top];
  }
  for (const [path, value] of Object.entries(record.ownValues ?? {})) if (!path.includes('.')) body[path] = value;
  return body as PersonBody;
}

function idOf(body: PersonBody, relatives: readonly RelativeFeatures[], birth: DateNumber): [number, string] {
  const reading = body.citizenId;
  if (reading === undefined || reading.value === '') return [ID.none, ''];
  const value = reading.value;
  switch (reading.status) {
    case 'valid':
      // A spreadsheet's 000 passes the check one time in eleven.
      if (value.endsWith('000')) return [ID.truncated, value];
      return [isBorrowed(value, relatives, birth) ? ID.borrowed : ID.own, value];
    case 'checksum':
      return [ID.checksum, value];
    case 'masked':
      return value.length === 18 ? [ID.masked, value] : [ID.none, ''];
    case 'truncated':
      return /^\d{14,}/.test(value) ? [ID.truncated, value] : [ID.none, ''];
    case 'placeholder':
      return [ID.none, ''];
    default:
      return value.length >= 6 ? [ID.other, value] : [ID.none, ''];
  }
}

/** A generation between the stated birth and the one inside the number, or the number of a named relative (case 9). */
function isBorrowed(id: string, relatives: readonly RelativeFeatures[], birth: DateNumber): boolean {
  for (const r of relatives) if (r.id === id && (r.role === 'father' || r.role === 'mother' || r.role === 'guardian')) return true;
  if (birth === 0) return false;
  return Math.abs(Math.trunc(birth / 10000) - Number(id.slice(6, 10))) > 12;
}

function relativesOf(body: PersonBody): readonly RelativeFeatures[] {
  if (body.relatives === undefined) return NONE;
  const out: RelativeFeatures[] = [];
  for (const r of body.relatives) {
    const id = r.citizenId?.status === 'valid' ? r.citizenId.value : '';
    const name = nameFeatures(r.name, true);
    if (id !== '' || name !== undefined) out.push({ role: r.role, id, name });
  }
  return exact(out);
}

function formerOf(body: PersonBody): readonly NameFeatures[] {
  if (body.formerNames === undefined || body.formerNames.length === 0) return NONE;
  return body.formerNames.map((n) => nameFeatures(n, true)).filter((n) => n !== undefined);
}

/**
 * Households the record is listed in. The owners on one title (keys `FWBM#n`) count as one as well: who is on it beside
 * an absent owner is often the only thing that tells him from a namesake.
 */
function membershipsOf(record: SourceRecord<'person'>, body: PersonBody): readonly MembershipFeatures[] {
  const out: MembershipFeatures[] = [];
  for (const m of body.memberships ?? NONE) {
    out.push({ household: flat(recordKey(m.system ?? record.system, 'household', m.key)), kind: m.kind, relation: m.relation ?? '', ...kinshipOf(m.relation) });
  }
  if (isTitle(record, body)) {
    out.push({ household: flat(recordKey(record.system, 'household', `title ${body.dwellingCode}`)), kind: 'living', relation: '', generation: undefined, kin: true });
  }
  return exact(out);
}

/** Keys `FWBM#n` are owners by position. */
function isTitle(record: SourceRecord<'person'>, body: PersonBody): boolean {
  return body.dwellingCode !== undefined && record.naturalKey.startsWith(`${body.dwellingCode}#`);
}

function phonesOf(body: PersonBody): readonly string[] {
  if (body.phones === undefined || body.phones.length === 0) return NONE;
  const own = body.phones.filter((p) => p.holder === undefined || p.holder === 'own').map((p) => p.number);
  return exact(own.length > 1 ? [...new Set(own)] : own);
}

function placesOf(body: PersonBody): readonly PlaceFeatures[] {
  const out: PlaceFeatures[] = [];
  for (const p of [placeFeatures(body.currentAddress), placeFeatures(body.registeredAddress), placeOfDwellingCode(body.dwellingCode)]) {
    if (p !== undefined && !out.includes(p)) out.push(p);
  }
  return exact(out);
}

/** An array grown by push keeps room for 17; millions of records cannot afford that. */
function exact<T>(grown: readonly T[]): readonly T[] {
  return grown.length === 0 ? NONE : grown.slice();
}

/** A key joined from parts is kept as a tree of its parts until somebody reads it; reading it once makes it one string, half the size. */
function flat(key: RecordKey): RecordKey {
  key.charCodeAt(0);
  return key;
}
