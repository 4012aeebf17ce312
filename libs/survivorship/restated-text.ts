/** How a text that a system gives back stands to the one written there: the same in another spelling, or the beginning of it. */
export type Restatement = 'same' | 'cut';

/** A shorter text is no cut: columns that cut keep at least four characters, eight bytes of GB18030 (names of social insurance: 12), and a short name is a name. */
const LEAST_CUT_BYTES = 8;

/**
 * Whether `incoming` only repeats `written`: full-width or half-width, spaced, in another case, with or without dots, +86 before
 * a phone, another word for a building, leading zeros of a room; or cut at the width of a column, in the middle of a character
 * at worst. Digits alone are never taken for a cut: a shorter number is another number.
 */
export function restates(incoming: string, written: string): Restatement | undefined {
  if (incoming === written) return 'same';
  const wanted = loosened(written);
  const said = loosened(incoming);
  if (said === '' || wanted === '') return undefined;
  if (said === wanted || (isDateText(incoming) && isDateText(written) && digits(incoming) === digits(written))) return 'same';
  return beginnings(incoming).some((text) => isCutOf(text, wanted)) ? 'cut' : undefined;
}

function isCutOf(text: string, wanted: string): boolean {
  const said = loosened(text);
  return bytes(text) >= LEAST_CUT_BYTES && !/^\d*[xX]?$/.test(said) && said.length < wanted.length && wanted.startsWith(said);
}

/** The text as it stands, without half a character at its end, and without a word of an address that broke off. */
function beginnings(text: string): string[] {
  const whole = text.normalize('NFKC').trimEnd().replace(/[?\uFFFD□*]$/u, '');
  return [whole, whole.replace(/[号单元]+$/u, '')];
}

/** Bytes in GB18030, near enough: one for ASCII, two for the rest. */
function bytes(text: string): number {
  let n = 0;
  for (const c of text) n += c.charCodeAt(0) < 128 ? 1 : 2;
  return n;
}

const NUMERALS = '〇一二三四五六七八九';

/** One spelling for all: NFKC, no spaces or marks, simplest words of an address, plain phone. */
function loosened(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\s/gu, '');
  const phone = /^(?:\+?86|0086|0)?-?(1\d{10})$/.exec(plain.replace(/(?<=\d)-(?=\d)/g, ''))?.[1];
  if (phone !== undefined) return phone;
  return plain
    .replace(/[〇零一二三四五六七八九十]+(?=号楼|[幢栋座号单室楼层])/gu, arabic)
    .replace(/(?<=[\da-z])(?:号楼|[幢栋座#])/gu, '-')
    .replace(/(?<=[\da-z])单元/gu, '-')
    .replace(/(?<=[\da-z])室$/u, '')
    .replace(/(?<!\d)0+(?=\d)/g, '')
    .replace(/[^\p{L}\p{N}-]/gu, '');
}

/** 三 → 3, 十二 → 12, 二十 → 20, 一〇二 → 102. */
function arabic(numeral: string): string {
  const text = numeral.replaceAll('零', '〇');
  const [tens, ones] = text.split('十');
  if (ones === undefined) return [...text].map((c) => NUMERALS.indexOf(c)).join('');
  return String((tens === '' ? 1 : NUMERALS.indexOf(tens!)) * 10 + (ones === '' ? 0 : NUMERALS.indexOf(ones)));
}

function isDateText(text: string): boolean {
  return /^\s*\d{4}[-./年]?\d{2}[-./月]?\d{2}日?\s*$/u.test(text.normalize('NFKC'));
}

function digits(text: string): string {
  return text.normalize('NFKC').replace(/\D/g, '');
}
