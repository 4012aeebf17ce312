import type { Rng } from '../random.js';
import type { SystemRow } from './simulator.js';

/** Columns of one system in which an ordinary day leaves its traces. */
interface Habits {
  /** Columns with a phone number. */
  phones: readonly string[];
  /** Columns that change together when somebody moves: taken over from another record of the same system. */
  addresses: readonly (readonly string[])[];
  /** Other columns and what they may become. */
  others: Readonly<Record<string, readonly string[]>>;
}

/** Systems that people ring and move through. A house changes hands rather than its number of rooms; a certificate changes its guardian's phone. */
const HABITS: Readonly<Record<string, Habits>> = {
  hukou: { phones: ['DHHM'], addresses: [], others: { HYZK: ['10', '20', '30', '40'] } },
  'residence-permit': { phones: ['LXDH'], addresses: [['XZZ']], others: { ZZSY: ['204', '101'] } },
  'family-planning': { phones: ['LXDH'], addresses: [], others: { HYZK: ['10', '20', '40'] } },
  grid: { phones: ['phone'], addresses: [['residence', 'residencedetail', 'tenantId', 'gridCode']], others: { education: ['20', '60', '70'] } },
  corrections: { phones: ['LXDH'], addresses: [['XZZ']], others: {} },
  'social-assistance': { phones: ['TEL_MOBILE'], addresses: [], others: { MARRIAGE: ['10', '20', '30', '40'] } },
  disability: { phones: ['JHRDH'], addresses: [], others: {} },
  'social-insurance': { phones: ['AAE005'], addresses: [], others: { AAC008: ['1', '2', '4'] } },
  'public-health': { phones: ['phone'], addresses: [['address', 'divisionCode']], others: { contracted: ['0', '1'] } },
  'smart-community': { phones: ['mobile'], addresses: [['address', 'houseId']], others: {} },
  housing: { phones: [], addresses: [], others: { YT: ['住宅', '商铺', '其他'] } },
  'party-volunteer': { phones: ['联系电话'], addresses: [['现住址']], others: {} },
};

/** Shares of an ordinary day: mostly new numbers, now and then a move, seldom anything else. */
const PHONE_SHARE = 0.6;
const MOVE_SHARE = 0.3;

/**
 * What an office might change in one of its records on an ordinary day, in its own columns. `other` is another record of the same
 * system, whose address a mover takes over. Empty when this record offers nothing to change.
 */
export function everydayChange(system: string, row: SystemRow, other: SystemRow, rng: Rng): SystemRow {
  const habits = HABITS[system];
  if (habits === undefined) return {};
  const draw = rng.next();
  const phones = habits.phones.filter((c) => c in row);
  if (draw < PHONE_SHARE && phones.length > 0) return { [rng.pick(phones)]: newNumber(rng) };
  const addresses = habits.addresses.filter((columns) => columns.every((c) => c in row) && columns.some((c) => other[c] !== row[c] && filled(other[c])));
  if (draw < PHONE_SHARE + MOVE_SHARE && addresses.length > 0) return Object.fromEntries(rng.pick(addresses).map((c) => [c, other[c] ?? null]));
  const columns = Object.keys(habits.others).filter((c) => c in row);
  if (columns.length > 0) {
    const column = rng.pick(columns);
    const values = habits.others[column]!.filter((v) => v !== row[column]);
    if (values.length > 0) return { [column]: rng.pick(values) };
  }
  return phones.length > 0 ? { [rng.pick(phones)]: newNumber(rng) } : {};
}

function filled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function newNumber(rng: Rng): string {
  return `1${rng.pick(['36', '39', '58', '77', '86'])}${String(rng.int(100_000_000)).padStart(8, '0')}`;
}
