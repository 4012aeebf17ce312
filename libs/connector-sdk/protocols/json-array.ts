import { YiciError } from '#libs/kernel/errors';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Cuts the bytes of a JSON array into the bytes of its elements without parsing them, so that each element keeps its original
 * bytes and meets its own fate. UTF-8 continuation bytes are never structural. Throws YICI_PUSH_MALFORMED when the body is
 * not one array, YICI_PUSH_TOO_MANY when it has more elements than `max`.
 */
export function cutJsonArray(body: Uint8Array, max: number): Uint8Array[] {
  let start = skipSpace(body, 0);
  let end = body.length;
  while (end > start && isSpace(body[end - 1]!)) end -= 1;
  if (body[start] !== 0x5b || body[end - 1] !== 0x5d || end - start < 2) throw malformed();
  const elements: Uint8Array[] = [];
  let depth = 0;
  start += 1;
  const close = end - 1;
  for (let i = start; i < close; i++) {
    const c = body[i]!;
    if (c === QUOTE) i = stringEnd(body, i, close);
    else if (c === 0x7b || c === 0x5b) depth += 1;
    else if (c === 0x7d || c === 0x5d) depth -= 1;
    else if (c === 0x2c && depth === 0) {
      elements.push(body.subarray(skipSpace(body, start), i));
      if (elements.length >= max) throw tooMany(max);
      start = i + 1;
    }
    if (depth < 0) throw malformed();
  }
  if (depth !== 0) throw malformed();
  const last = skipSpace(body, start);
  if (last < close) elements.push(body.subarray(last, close));
  else if (elements.length > 0) throw malformed();
  return elements;
}

/**
 * Cuts the bytes of a JSON object into the bytes of its values by key, without parsing them; of a repeated key the last. Values
 * are not checked: whoever parses one finds its faults. Throws YICI_PUSH_MALFORMED when the bytes are not one object.
 */
export function cutJsonObject(body: Uint8Array): Map<string, Uint8Array> {
  const start = skipSpace(body, 0);
  let end = body.length;
  while (end > start && isSpace(body[end - 1]!)) end -= 1;
  if (body[start] !== 0x7b || body[end - 1] !== 0x7d || end - start < 2) throw notAnObject();
  const members = new Map<string, Uint8Array>();
  const close = end - 1;
  for (let at = skipSpace(body, start + 1); at < close;) {
    if (body[at] !== QUOTE) throw notAnObject();
    const keyEnd = stringEnd(body, at, close);
    const colon = skipSpace(body, keyEnd + 1);
    if (body[colon] !== 0x3a) throw notAnObject();
    const from = skipSpace(body, colon + 1);
    const to = valueEnd(body, from, close);
    members.set(keyOf(body.subarray(at, keyEnd + 1)), body.subarray(from, to));
    at = skipSpace(body, to + 1);
  }
  return members;
}

function keyOf(quoted: Uint8Array): string {
  try {
    return JSON.parse(Buffer.from(quoted).toString('utf8')) as string;
  } catch {
    throw notAnObject();
  }
}

/** Where the comma or brace stands that ends the value beginning at `from`. */
function valueEnd(body: Uint8Array, from: number, close: number): number {
  let depth = 0;
  for (let i = from; i < close; i++) {
    const c = body[i]!;
    if (c === QUOTE) i = stringEnd(body, i, close);
    else if (c === 0x7b || c === 0x5b) depth += 1;
    else if (c === 0x7d || c === 0x5d) depth -= 1;
    else if (c === 0x2c && depth === 0) return i;
    if (depth < 0) throw notAnObject();
  }
  if (depth !== 0) throw notAnObject();
  return close;
}

function stringEnd(body: Uint8Array, from: number, end: number): number {
  for (let i = from + 1; i < end; i++) {
    if (body[i] === BACKSLASH) i += 1;
    else if (body[i] === QUOTE) return i;
  }
  throw malformed();
}

function skipSpace(body: Uint8Array, from: number): number {
  let i = from;
  while (i < body.length && isSpace(body[i]!)) i += 1;
  return i;
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}

function malformed(): YiciError {
  return new YiciError({ code: 'YICI_PUSH_MALFORMED', stage: 'decoding', message: 'The body is not a JSON array.', fix: 'Send a JSON array of objects in UTF-8.' });
}

function notAnObject(): YiciError {
  return new YiciError({ code: 'YICI_PUSH_MALFORMED', stage: 'decoding', message: 'The body is not a JSON object.', fix: 'Send one JSON object in UTF-8.' });
}

function tooMany(max: number): YiciError {
  return new YiciError({ code: 'YICI_PUSH_TOO_MANY', stage: 'receiving', message: `The array has more than ${max} elements.`, fix: `Send at most ${max} at a time.` });
}
