import type { CitizenIdReading, CitizenIdStatus } from '#libs/model/values';
import { isRealDate } from './calendar.js';
import { foldText } from './text-folding.js';

/** GB 11643: weights of the first 17 digits, and the check characters by the sum modulo 11 (ISO 7064 MOD 11-2). */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = '10X98765432';

const EIGHTEEN = /^\d{17}[\dX]$/;
const FIFTEEN = /^\d{15}$/;
/** Home return, Taiwan and residence permits of 港澳台 residents carry 810000, 820000, 830000 instead of a region. */
const HMT_RESIDENCE_PERMIT = /^8[123]0000\d{11}[\dX]$/;
const SCIENTIFIC = /^\d(?:\.\d+)?E\+?\d{1,2}$/;
const MASK_CHARACTERS = /[*×●○■□#•·?_]/gu;
const MASKED_RUN = /^([\dX]*)(\*+)([\dX]*)$/;
const LETTER_MASK = /^(\d+)(X{2,})([\dX]*)$/;
const TEMPORARY = /^LS\d{6,18}$/;
const PASSPORT = /^(?:[A-Z]\d{7,9}|[A-Z]{2}\d{6,8})$/;
const PSEUDO = /^[A-Z]{2,3}[0-9A-Z]{8,15}$/;
const NOISE = /[\s'"`‘’“”′＇]/gu;
const LABEL = /^(?:居民)?身份证(?:件)?(?:号码?)?[:：]?/u;
const ONE_DIGIT_ONLY = /^(\d)\1*$/;
const ASCENDING = '1234567890'.repeat(2);
const DESCENDING = '9876543210'.repeat(2);
const HAS_DIGITS = /\d{4}/;

/**
 * Reads whatever stands in a citizen-ID column. Nothing is repaired: a wrong check digit stays wrong and is said so.
 * Returns undefined for an empty text. The value is '' for a placeholder (111…, 123456…, 不详, 无).
 * `valid` means: check digit right, real birth date, no placeholder; 15 digits (issued until 1999) are upgraded with
 * century 19 and the computed check digit, and marked `upgraded`.
 */
export function readCitizenId(raw: string): CitizenIdReading | undefined {
  if (EIGHTEEN.test(raw)) return readEighteen(raw);
  let text = foldText(raw).replace(NOISE, '').toUpperCase();
  if (text === '') return undefined;
  if (text.charCodeAt(0) > 0x4e00) text = text.replace(LABEL, '');
  if (HAS_DIGITS.test(text) && text.includes('-')) text = text.replaceAll('-', '');
  if (EIGHTEEN.test(text)) return readEighteen(text);
  if (FIFTEEN.test(text)) return readFifteen(text);
  return readOther(text);
}

function readEighteen(id: string): CitizenIdReading {
  if (id.startsWith('8') && HMT_RESIDENCE_PERMIT.test(id)) return { status: 'residencePermit', value: id };
  // Fillers (111…, 123456…) hold no real date, so the common case needs no look at them.
  if (isBirthDate(id) && checkDigit(id) === id[17] && !id.startsWith('19000101', 6)) return { status: 'valid', value: id };
  if (isFillerNumber(id)) return PLACEHOLDER;
  if (id.endsWith('000')) return { status: 'truncated', value: id };
  return { status: 'checksum', value: id };
}

function readFifteen(id: string): CitizenIdReading {
  if (isFillerNumber(id)) return PLACEHOLDER;
  const first17 = `${id.slice(0, 6)}19${id.slice(6)}`;
  if (!isBirthDate(first17)) return { status: 'partial', value: id };
  return { status: 'valid', value: first17 + checkDigit(first17), upgraded: true };
}

function readOther(text: string): CitizenIdReading {
  if (SCIENTIFIC.test(text)) return { status: 'truncated', value: text };
  if (isFillerNumber(text)) return PLACEHOLDER;
  const masked = readMasked(text);
  if (masked !== undefined) return masked;
  return classify(text);
}

function classify(text: string): CitizenIdReading {
  let status: CitizenIdStatus = 'placeholder';
  if (TEMPORARY.test(text)) status = 'temporary';
  else if (PASSPORT.test(text)) status = 'passport';
  else if (PSEUDO.test(text) && HAS_DIGITS.test(text)) status = 'pseudo';
  else if (HAS_DIGITS.test(text)) status = 'partial';
  return status === 'placeholder' ? PLACEHOLDER : { status, value: text };
}

/** Any masking character becomes `*`; one run of them is widened or narrowed so that the whole has 18 places again. */
function readMasked(text: string): CitizenIdReading | undefined {
  const stars = text.replace(LETTER_MASK, (_all, head: string, run: string, tail: string) => maskLetters(head, run, tail)).replace(MASK_CHARACTERS, '*');
  if (!stars.includes('*')) return undefined;
  const run = MASKED_RUN.exec(stars);
  if (run === null) return /^[\dX*]{15,18}$/.test(stars) ? { status: 'masked', value: stars } : undefined;
  const [, head = '', , tail = ''] = run;
  const visible = head.length + tail.length;
  if (visible === 0) return PLACEHOLDER;
  if (visible > 17) return undefined;
  return { status: 'masked', value: stars.length === 15 ? stars : head + '*'.repeat(18 - visible) + tail };
}

/** `9901XXXXXXXXXX031X`: the run of X is a mask, except that an X in the last place may be the check digit. */
function maskLetters(head: string, run: string, tail: string): string {
  return head + '*'.repeat(run.length) + tail;
}

const PLACEHOLDER: CitizenIdReading = Object.freeze({ status: 'placeholder', value: '' });

/** 111…, 123456…, 987654…, a region followed by nothing but zeros or by the first day of 1900: typed to get past a mandatory field. */
function isFillerNumber(text: string): boolean {
  const digits = text.endsWith('X') ? text.slice(0, -1) : text;
  if (ONE_DIGIT_ONLY.test(digits)) return true;
  const start = digits.slice(0, 6);
  if (start === '123456') return ASCENDING.startsWith(digits.slice(0, 17)) || digits.slice(6, 12) === '123456';
  if (start === '987654') return DESCENDING.startsWith(digits.slice(0, 17));
  if (digits.length < 6) return ASCENDING.startsWith(digits);
  return digits.length >= 15 && (digits.endsWith('000000000') || (digits.length === 18 - Number(text.endsWith('X')) && digits.startsWith('19000101', 6)));
}

/** True for the digit placeholders above: with a test name it makes a test row; with a real name it is only unusable. */
export function isTestCitizenId(raw: string): boolean {
  const text = foldText(raw).replace(NOISE, '').toUpperCase();
  if (text.includes('测试') || text === 'TEST') return true;
  return /^\d+X?$/.test(text) && isFillerNumber(text);
}

/** Check character of the first 17 digits (GB 11643, MOD 11-2). A longer text is read up to its 17th digit. */
export function checkDigit(first17: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += (first17.charCodeAt(i) - 48) * (WEIGHTS[i] ?? 0);
  return CHECK_CHARACTERS.charAt(sum % 11);
}

function isBirthDate(id: string): boolean {
  return isRealDate(+id.slice(6, 10), +id.slice(10, 12), +id.slice(12, 14));
}

/** `yyyy-mm-dd` inside an 18-digit ID, or undefined when the value is masked, cut or holds no real date. */
export function citizenIdBirthDate(value: string): string | undefined {
  if (!EIGHTEEN.test(value) || !isBirthDate(value)) return undefined;
  return `${value.slice(6, 10)}-${value.slice(10, 12)}-${value.slice(12, 14)}`;
}

/** Sex by the 17th digit (odd 1 male, even 2 female; GB/T 2261.1), or undefined when that place is not visible. */
export function citizenIdSex(value: string): '1' | '2' | undefined {
  const digit = value.length === 18 ? value.charCodeAt(16) - 48 : Number.NaN;
  if (!(digit >= 0 && digit <= 9)) return undefined;
  return digit % 2 === 1 ? '1' : '2';
}
