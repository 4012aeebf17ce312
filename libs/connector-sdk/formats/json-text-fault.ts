import type { RowFault } from './row-batches.js';

const DUPLICATE_KEY: RowFault = { code: 'YICI_ROW_DUPLICATE_KEY', reason: 'An object in the record names the same key twice.' };
const NUMBER_TOO_LONG: RowFault = {
  code: 'YICI_ROW_NUMBER_TOO_LONG',
  reason: 'A number in the record has 16 or more digits; an identifier written without quotes loses its last digits.',
};
const TOO_DEEP: RowFault = { code: 'YICI_ROW_TOO_DEEP', reason: 'The record is nested deeper than any agreed record.' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * What `JSON.parse` would pass over in silence: repeated keys (the last one wins), numbers beyond 15 digits (rounded), and nesting
 * without bound. One pass that jumps from quote to quote; text that is no JSON at all is left for `JSON.parse` to refuse.
 */
export function jsonTextFault(text: string, maxDepth: number): RowFault | undefined {
  const keys: (Set<string> | undefined)[] = [];
  let depth = 0;
  let i = 0;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      const end = stringEnd(text, i + 1);
      if (end < 0) return undefined;
      let after = end + 1;
      while (isSpace(text.charCodeAt(after))) after += 1;
      if (text.charCodeAt(after) === 0x3a && depth > 0) {
        const seen = keys[depth];
        if (seen) {
          const key = plainKey(text.slice(i, end + 1));
          if (seen.has(key)) return DUPLICATE_KEY;
          seen.add(key);
        }
      }
      i = after;
    } else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return TOO_DEEP;
      keys[depth] = c === 0x7b ? new Set() : undefined;
      i += 1;
    } else if (c === 0x7d || c === 0x5d) {
      depth -= 1;
      i += 1;
    } else if (isDigit(c)) {
      let digits = 0;
      for (; isNumberPart(text.charCodeAt(i)); i += 1) if (isDigit(text.charCodeAt(i))) digits += 1;
      if (digits >= 16) return NUMBER_TOO_LONG;
    } else i += 1;
  }
  return undefined;
}

/** Index of the closing quote of the string whose text begins at `from`; -1 when there is none. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH && quote - 1 - slashes >= from) slashes += 1;
    if (slashes % 2 === 0) return quote;
  }
  return -1;
}

/** `"\u0069d"` and `"id"` are the same key. */
function plainKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Digits, `.`, `e`, `E`, `+`, `-`. */
function isNumberPart(c: number): boolean {
  return isDigit(c) || c === 0x2e || c === 0x65 || c === 0x45 || c === 0x2b || c === 0x2d;
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
}
