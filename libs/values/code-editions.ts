/**
 * Conversions between editions of a national table. Each returns undefined for a code the older edition does not have:
 * an unknown code is a quality issue of its field, never a default.
 */
import { codeTable } from './code-tables.js';

/**
 * GB/T 4658-1984 (tens only) to GB/T 4658-2006. The old table does not say whether a course was finished, so it maps to the
 * groups of the new one; 技工学校 became part of 中等职业教育, 文盲或半文盲 has no code any more and is 其他.
 */
const EDUCATION_2006_BY_1984: Readonly<Record<string, string>> = {
  '10': '10', '20': '20', '30': '30', '40': '40', '50': '40', '60': '60', '70': '70', '80': '80', '90': '90',
};

export function educationFrom1984(code: string): string | undefined {
  return Object.hasOwn(EDUCATION_2006_BY_1984, code) ? EDUCATION_2006_BY_1984[code] : undefined;
}

/** GB/T 4658-2006 to the tens of GB/T 4658-1984, for systems that still hold the old table. */
export function educationTo1984(code: string): string | undefined {
  if (!codeTable('education').has(code)) return undefined;
  if (code === '47' || code === '48' || code === '49') return '50';
  return `${code[0]}0`;
}

/** GB/T 4761-1984 to GB/T 4761-2008: 03 小集体户户主 was dropped and is read as 02 户主; the other codes kept their meaning. */
export function kinshipFrom1984(code: string): string | undefined {
  if (code === '03') return '02';
  return codeTable('kinship').has(code) ? code : undefined;
}
