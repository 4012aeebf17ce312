import { sha256Hex } from '#libs/kernel/hashing';
import type { OutValue } from '#libs/mapping/encode-value';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/;
/** 2020-01-01: refs that name no time get one of the three years from here, by their digest. */
const LONG_AGO = 1_577_836_800_000;

/** When a ref was made, and which of that millisecond it was: a UUIDv7 says so itself. Equal for every attempt of one write. */
export function refTime(ref: string): { milliseconds: number; counter: number } {
  const hex = ref.replace(/^[phd]-/, '');
  if (!UUID_V7.test(hex)) {
    const digest = sha256Hex(ref);
    return { milliseconds: LONG_AGO + (parseInt(digest.slice(0, 12), 16) % 94_608_000_000), counter: parseInt(digest.slice(12, 15), 16) };
  }
  return { milliseconds: parseInt(hex.slice(0, 8) + hex.slice(9, 13), 16), counter: parseInt(hex.slice(15, 18), 16) };
}

/** A moment as the clocks of Shanghai show it, which have known no summer time since 1991. */
export function shanghai(at: Date, format: 'yyyy-MM-dd HH:mm:ss' | 'yyyyMMddHHmmssSSS'): string {
  const iso = new Date(at.getTime() + 8 * 3_600_000).toISOString();
  return format === 'yyyyMMddHHmmssSSS' ? iso.replace(/\D/g, '') : iso.slice(0, 19).replace('T', ' ');
}

/** What a value is as text in a column; null when it is not written. */
export function wireText(value: OutValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Which columns a text names; the rest of it may hold personal values and is left out. */
export function namedColumns(text: string, columns: readonly string[]): string {
  const words = new Set(text.match(/[A-Za-z_]\w*/g) ?? []);
  return columns.filter((c) => words.has(c)).join(', ');
}
