import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ageAt, civil, compact, dashed, pad, type Day } from '../calendar.js';
import type { DirtRates } from '../dirt/dirt-rates.js';
import { CARE } from '../dirt/dirt-rates.js';
import { AddressWriter, NO_ADDRESS, cleanPhone, writePhone, type WrittenAddress } from '../dirt/dirty-contact.js';
import { cleanId, isCalendarDate, isUsableId, writeBirth, writeId, writeName, type WrittenBirth } from '../dirt/dirty-identity.js';
import type { Community } from '../places/divisions.js';
import type { City } from '../population/city.js';
import type { Person } from '../population/person.js';
import type { Rng } from '../random.js';
import type { CityTruth } from '../truth.js';

/** A person as one record of one system shows it. */
export interface Seen {
  person: Person;
  name: string;
  id: string;
  birth: WrittenBirth;
  sex: 1 | 2;
  phone: string;
  phoneOfFamily: boolean;
  address: WrittenAddress;
}

export type Where = 'home' | 'registered';

/** One office at work: sees people with its own mistakes, files what it wrote under its keys in the truth, and counts what nobody can read. */
export class Desk {
  readonly rng: Rng;
  readonly care: number;
  readonly addresses: AddressWriter;
  readonly today: Day;

  constructor(readonly system: string, readonly city: City, readonly rates: DirtRates, readonly truth: CityTruth, private readonly outDir: string) {
    this.rng = city.rng.fork(`system/${system}`);
    this.care = CARE[system] ?? 1;
    this.addresses = new AddressWriter(city.places, rates, this.rng);
    this.today = city.today;
  }

  path(file: string): string {
    mkdirSync(join(this.outDir, this.system), { recursive: true });
    return join(this.outDir, this.system, file);
  }

  age(p: Person): number {
    return ageAt(p.birth, this.today);
  }

  see(p: Person, where: Where = 'home'): Seen {
    const { rng, rates, care } = this;
    const phone = writePhone(p, rates, rng);
    return {
      person: p, name: writeName(p, rates, care, rng), id: writeId(p, rates, care, this.today, rng), birth: writeBirth(p, rates, care, rng),
      sex: rng.chance(rates.sexWrong * care) ? (p.sex === 1 ? 2 : 1) : p.sex, phone: phone.text, phoneOfFamily: phone.ofFamily, address: this.address(p, where),
    };
  }

  /** Address of the home or of the register, with this office's mistakes. */
  address(p: Person, where: Where): WrittenAddress {
    if (where === 'registered') {
      if (p.registered.elsewhere) return { text: p.registered.elsewhere, means: undefined, complete: true };
      const place = p.registered.place;
      if (place) return { text: `${place.community.district.name}${place.road}${place.number}号${place.name}集体户`, means: undefined, complete: true };
      return this.addresses.write(p.registered.dwelling, p.formerDwelling);
    }
    const home = p.home;
    if (!home) return this.addresses.write(p.formerDwelling ?? p.registered.dwelling, undefined);
    if (home.room) return this.rng.chance(this.rates.addressEmpty) ? NO_ADDRESS : { text: home.place!.community.district.name + home.room, means: undefined, complete: true };
    return this.addresses.write(home.dwelling, p.formerDwelling);
  }

  /** Everybody once, some twice: the second time as another office window saw them. */
  withCopies(persons: readonly Person[]): { person: Person; copy: boolean }[] {
    const out: { person: Person; copy: boolean }[] = [];
    for (const person of persons) {
      out.push({ person, copy: false });
      if (this.rng.chance(this.rates.duplicate)) out.push({ person, copy: true });
    }
    return out;
  }

  /** Code of a community, now and then of a closed one that became it. */
  communityCode(community: Community): string {
    const old = community.formerly[0];
    return old && this.rng.chance(this.rates.addressClosed) ? old.code : community.code;
  }

  /** The code, or now and then something that does not belong into its column. */
  code(right: string, wrong: readonly string[]): string {
    return this.rng.chance(this.rates.codeWrong) ? this.rng.pick(wrong) : right;
  }

  /** How many of `n` rows, at least one for cities of 500 people and more. */
  some(n: number, rate: number): number {
    return Math.max(this.city.persons.length >= 500 ? 1 : 0, Math.round(n * rate));
  }

  /** Number of unreadable rows for a file of `n` rows: two at least. */
  malformed(n: number): number {
    return Math.max(2, Math.round(n * this.rates.malformed));
  }

  /** Files one person record under its key; `copy` marks the second record of the same person; `knowsSex` is false for a system without that column. */
  file(key: string, seen: Seen, householdKey = '', copy = false, knowsSex = true): void {
    const { person } = seen;
    this.truth.add(this.system, 'person', key, person.entity);
    this.truth.flat?.add(this.system, key, person.entity, {
      name: seen.name.replace(/\s/g, ''), id: cleanId(seen.id), birth: isoBirth(seen.birth), sex: knowsSex ? seen.sex : 0, phone: cleanPhone(seen.phone),
      address: seen.address.text.normalize('NFKC'), household: householdKey,
    });
    const counts = this.truth.counts(this.system);
    counts.personRecords += 1;
    if (copy) counts.keptTwice += 1;
    if (!isUsableId(seen.id)) counts.withoutUsableId += 1;
    if (seen.phone) {
      counts.withPhone += 1;
      if (seen.phoneOfFamily) counts.withFamilyPhone += 1;
    }
    const exact = civil(person.birth);
    const birthDiffers = typeof seen.birth !== 'string' && seen.birth.date !== 0 && (seen.birth.year !== exact.year || seen.birth.month !== exact.month || seen.birth.date !== exact.date);
    const addressDiffers = seen.address.means !== undefined && seen.address.means !== person.home?.dwelling && seen.address.means !== person.registered.dwelling;
    const nameDiffers = seen.name !== '' && seen.name.replace(/\s/g, '') !== person.name.replace(/\s/g, '');
    if (nameDiffers || birthDiffers || addressDiffers) counts.differing += 1;
  }

  household(key: string, entity: string): void {
    this.truth.add(this.system, 'household', key, entity);
  }

  dead(count = 1): void {
    this.truth.counts(this.system).deadLetters += count;
  }

  row(count = 1): void {
    this.truth.counts(this.system).rows += count;
  }

  /** A time of an office day between two days, as seconds of that day. */
  stamp(from: Day, to: Day): Stamp {
    const day = Math.min(this.today - 1, from + this.rng.int(Math.max(1, to - from)));
    return { day, second: this.rng.between(8 * 3600, 18 * 3600 - 1) };
  }

  /** A recent time: half of them within two years. */
  recent(p: Person): Stamp {
    const span = Math.floor(this.rng.next() ** 2 * 365 * 9) + 1;
    const from = Math.max(p.arrived + 1, this.today - span);
    return this.stamp(from, from + 30);
  }
}

export interface Stamp {
  day: Day;
  second: number;
}

export function clockTime(second: number, separator = ':'): string {
  return [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map((n) => pad(n, 2)).join(separator);
}

/** yyyyMMddHHmmss */
export function compactStamp(s: Stamp): string {
  return compact(s.day) + clockTime(s.second, '');
}

/** yyyy-MM-dd HH:mm:ss */
export function dashedStamp(s: Stamp): string {
  return `${dashed(s.day)} ${clockTime(s.second)}`;
}

/** yyyy-MM-ddTHH:mm:ss+08:00 */
export function isoStamp(s: Stamp): string {
  return `${dashed(s.day)}T${clockTime(s.second)}+08:00`;
}

function isoBirth(birth: WrittenBirth): string {
  if (birth === 'empty' || birth === 'zeros') return '';
  if (birth === 'year-1900') return '1900-01-01';
  return isCalendarDate(birth) ? `${birth.year}-${pad(birth.month, 2)}-${pad(birth.date, 2)}` : '';
}

/** yyyyMMdd, `00000000`, `19000101` or empty. */
export function compactBirth(birth: WrittenBirth): string {
  if (birth === 'empty') return '';
  if (birth === 'zeros') return '00000000';
  if (birth === 'year-1900') return '19000101';
  return `${birth.year}${pad(birth.month, 2)}${pad(birth.date, 2)}`;
}

/** yyyy-MM-dd, `0000-00-00`, `1900-01-01` or empty. */
export function dashedBirth(birth: WrittenBirth): string {
  const text = compactBirth(birth);
  return text && `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
}

export function sexLabel(sex: 1 | 2): string {
  return sex === 1 ? '男' : '女';
}

/** One RFC 4180 line without its end. */
export function csvLine(fields: readonly (string | number)[]): string {
  return fields.map((f) => (typeof f === 'string' && /[",\r\n]/.test(f) ? `"${f.replaceAll('"', '""')}"` : f)).join(',');
}

export function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Puts extra rows at random places among others. */
export function scatter<T>(rows: T[], extra: readonly T[], rng: Rng): T[] {
  for (const row of extra) {
    const at = rng.int(rows.length + 1);
    rows.push(row);
    // Swap instead of insert: constant time, and the order is random anyway.
    [rows[at], rows[rows.length - 1]] = [rows[rows.length - 1]!, rows[at]!];
  }
  return rows;
}
