import type { TextDecoder } from 'node:util';
import type { DelimitedOptions } from './format-options.js';
import { characterLength, wholeCharacters } from './gb18030-bytes.js';

/**
 * Splits a row whose `cutColumn` was cut at `cutBytes` bytes inside a character: the half character and the delimiter after it read
 * as one (0x7C is a GB18030 trail byte), or as broken bytes. The columns before it are walked character by character, the cut
 * column is counted in bytes and keeps its whole characters, what follows is decoded as usual.
 *
 * Gives undefined when the row is wrong in another way. (social-insurance: AAC003, 12 bytes.)
 */
export function splitSwallowedBar(bytes: Uint8Array, columns: readonly string[], options: DelimitedOptions, decoder: TextDecoder): string[] | undefined {
  const at = columns.indexOf(options.cutColumn!);
  const delimiter = options.delimiter.charCodeAt(0);
  const start = afterDelimiters(bytes, at, delimiter);
  const width = options.cutBytes ?? 0;
  if (start < 0 || bytes[start + width] !== delimiter) return undefined;
  const cut = bytes.subarray(start, start + width);
  const whole = wholeCharacters(cut);
  if (whole < 0 || whole === width) return undefined;
  try {
    const before = at > 0 ? decoder.decode(bytes.subarray(0, start - 1)).split(options.delimiter) : [];
    const after = decoder.decode(bytes.subarray(start + width + 1)).split(options.delimiter);
    const fields = [...before, decoder.decode(cut.subarray(0, whole)), ...after];
    return fields.length === columns.length && !fields.some((f) => f.includes('\0')) ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** Offset behind the `count`-th delimiter, whole characters stepped over; -1 when there are fewer. */
function afterDelimiters(bytes: Uint8Array, count: number, delimiter: number): number {
  let i = 0;
  for (let seen = 0; seen < count; ) {
    if (i >= bytes.length) return -1;
    const length = characterLength(bytes, i);
    if (length <= 0) return -1;
    if (bytes[i] === delimiter) seen += 1;
    i += length;
  }
  return i;
}
