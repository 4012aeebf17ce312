import iconv from 'iconv-lite';
import { YiciError } from '#libs/kernel/errors';
import type { TextEncoding } from './format-options.js';
import { fatalDecoder } from './text-chunks.js';

const decoders = { gb18030: fatalDecoder('gb18030'), gbk: fatalDecoder('gbk') };

/**
 * Text as bytes of a legacy encoding. iconv-lite writes `?` for what it cannot map, in silence; here each result is read back and
 * compared. In GBK a character of four bytes does not exist.
 *
 * Throws YICI_TEXT_UNMAPPABLE; its message names how many characters, never which.
 */
export function encodeText(text: string, encoding: TextEncoding): Buffer {
  if (encoding === 'utf-8') {
    if (/\p{Surrogate}/u.test(text)) throw unmappable(encoding, 1);
    return Buffer.from(text, 'utf8');
  }
  if (/^[\0-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1');
  const bytes = iconv.encode(text, 'gb18030');
  if (readsBack(bytes, text, encoding)) return bytes;
  throw unmappable(encoding, [...text].filter((c) => !readsBack(iconv.encode(c, 'gb18030'), c, encoding)).length);
}

/** Bytes that `text` takes in a legacy column. Throws YICI_TEXT_UNMAPPABLE like `encodeText`. */
export function byteWidth(text: string, encoding: TextEncoding): number {
  return encodeText(text, encoding).length;
}

function readsBack(bytes: Buffer, text: string, encoding: 'gb18030' | 'gbk'): boolean {
  if (encoding === 'gbk' && hasFourByteCharacter(bytes)) return false;
  try {
    return decoders[encoding].decode(bytes) === text;
  } catch {
    return false;
  }
}

/** Only four-byte characters have a second byte below 0x40. */
function hasFourByteCharacter(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i += bytes[i]! < 0x80 ? 1 : 2) {
    if (bytes[i]! >= 0x80 && bytes[i + 1]! < 0x40) return true;
  }
  return false;
}

function unmappable(encoding: TextEncoding, count: number): YiciError {
  return new YiciError({
    code: 'YICI_TEXT_UNMAPPABLE',
    stage: 'sending',
    message: `The text has ${count} character(s) that ${encoding} cannot hold.`,
    fix: 'Agree with the owner of the system how this character is written there, and enter it there by hand.',
  });
}
