import type { Phone } from '#libs/model/values';
import { foldText } from './text-folding.js';

/** A longer text is no list of phone numbers; see `LONGEST_NAME`. */
const LONGEST_PHONES = 500;

const PLAIN_MOBILE = /^1[3-9]\d{9}$/;
/** Signs that only stand between two numbers. */
const STRONG_SEPARATOR = /[、,，;；/|\\\n\t或和及与]|转\d*/u;
const GROUPING = /[-–—‐()（）.\s]/gu;
const COUNTRY = /^(?:\+|00)86/;
const BARE_COUNTRY = /^86(?=1[3-9]\d{9}$)/;
/** Three-digit area codes 010, 02x; four-digit 03xx–09xx; local numbers of 7 or 8 digits, never starting with 0 or 1. */
const LANDLINE = /^0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}$/;
const LOCAL_LANDLINE = /^[2-9]\d{6,7}$/;
const SERVICE = /^(?:400|800)\d{7}$/;
const REPEATED = /(\d)\1{7,}$/;
/** The operator's own recharge line, typed to get past a mandatory field. */
const FILLERS = new Set(['13800138000', '13900139000', '12345678', '87654321', '23456789', '2345678', '7654321']);

/**
 * The phone numbers in a field: none, one or several, each once, in the order written. Digits only, without +86 and without a
 * zero before a mobile number; a landline keeps its area code where one is written. Junk (too short, one digit repeated,
 * service lines, filler numbers) gives nothing.
 */
export function readPhones(raw: string): Phone[] {
  if (PLAIN_MOBILE.test(raw)) return isFiller(raw) ? [] : [{ number: raw }];
  if (raw.length > LONGEST_PHONES) return [];
  const text = foldText(raw);
  if (text.length < 7) return [];
  const numbers: string[] = [];
  for (const part of text.split(STRONG_SEPARATOR)) collect(part, numbers);
  return numbers.map((number) => ({ number }));
}

function collect(part: string, into: string[]): void {
  const whole = phoneNumber(part.replace(GROUPING, ''));
  if (whole !== undefined) {
    if (!into.includes(whole)) into.push(whole);
    return;
  }
  // `19100458985 6089322`: a space separates two numbers only when the whole is not one.
  for (const piece of part.trim().split(/\s+/u)) {
    const number = phoneNumber(piece.replace(GROUPING, ''));
    if (number !== undefined && !into.includes(number)) into.push(number);
  }
}

function phoneNumber(written: string): string | undefined {
  const text = written.replace(/^[^\d+]+/u, '').replace(/\D+$/u, '');
  let digits = text.replace(COUNTRY, '').replace(BARE_COUNTRY, '');
  if (digits !== text && LANDLINE.test(`0${digits}`)) digits = `0${digits}`;
  if (/^01[3-9]\d{9}$/.test(digits)) digits = digits.slice(1);
  const known = PLAIN_MOBILE.test(digits) || LANDLINE.test(digits) || (LOCAL_LANDLINE.test(digits) && !SERVICE.test(digits));
  return known && !isFiller(digits) ? digits : undefined;
}

function isFiller(digits: string): boolean {
  return FILLERS.has(digits) || REPEATED.test(digits) || /^(\d)\1+$/.test(digits);
}
