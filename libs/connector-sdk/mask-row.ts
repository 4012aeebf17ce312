import { YiciError } from '#libs/kernel/errors';
import { cellText, type Row } from '#libs/mapping/cells';
import { encodeText } from './formats/encode-text.js';

const STAR = 0x2a;

/**
 * The row's bytes with the text of every column that must never enter overwritten by `*`. Where the text cannot be found
 * in the bytes (it was escaped), the whole row is replaced by its other columns as JSON: masked counts more than original.
 */
export function maskRow(bytes: Uint8Array, row: Row, never: readonly string[]): Uint8Array {
  let masked: Buffer | undefined;
  for (const column of never) {
    const text = cellText(row[column]);
    if (text === '') continue;
    masked ??= Buffer.from(bytes);
    if (!overwrite(masked, text)) return Buffer.from(JSON.stringify({ ...row, ...Object.fromEntries(never.map((c) => [c, '***'])) }), 'utf8');
  }
  return masked ?? bytes;
}

/** Overwrites every occurrence: the text might stand in another column too, and that would tell it as well. */
function overwrite(bytes: Buffer, text: string): boolean {
  let found = false;
  for (const needle of spellings(text)) {
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) {
      bytes.fill(STAR, at, at + needle.length);
      found = true;
    }
  }
  return found;
}

/** A row is UTF-8 or of the GB family; neither spelling of a Chinese text occurs in the other encoding by chance. */
function spellings(text: string): Buffer[] {
  const utf8 = Buffer.from(text, 'utf8');
  try {
    const gb = encodeText(text, 'gb18030');
    return gb.equals(utf8) ? [utf8] : [utf8, gb];
  } catch (e) {
    // What cannot be spelt cannot stand in the bytes that way either.
    if (e instanceof YiciError) return [utf8];
    throw e;
  }
}
