import { TextDecoder } from 'node:util';
import type { SnapshotFile } from '../row.js';
import type { TextEncoding } from './format-options.js';
import { unreadable } from './snapshot-fault.js';

const HEAD = 1024;
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const GB18030_BOM = Buffer.from([0x84, 0x31, 0x95, 0x33]);

/**
 * The bytes of a text file, byte order mark removed. A file that is plainly something else is refused before its first row:
 * UTF-16, a UTF-8 mark where GB18030 is agreed, a zip or an OLE container. `tap` sees each chunk as it came (for a digest).
 *
 * Throws YICI_SNAPSHOT_UNREADABLE.
 */
export async function* textChunks(file: SnapshotFile, encoding: TextEncoding, tap?: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of file.open() as AsyncIterable<Buffer>) {
    tap?.(chunk);
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = head.length ? Buffer.concat([head, chunk]) : chunk;
    if (head.length < HEAD) continue;
    yield withoutMark(head, encoding, file.name);
    head = undefined;
  }
  if (head?.length) yield withoutMark(head, encoding, file.name);
}

/** A decoder that refuses broken bytes. GBK is read as GB18030, its superset, which also knows 0xFE9F and four-byte characters. */
export function fatalDecoder(encoding: TextEncoding): TextDecoder {
  return new TextDecoder(encoding === 'utf-8' ? 'utf-8' : 'gb18030', { fatal: true, ignoreBOM: true });
}

function withoutMark(head: Buffer, encoding: TextEncoding, name: string): Buffer {
  if (looksLikeUtf16(head)) throw unreadable(`${name} is UTF-16 text, not ${encoding}.`, `Export it again, or save it as ${encoding}.`);
  if (head.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004')) || head.subarray(0, 4).toString('hex') === 'd0cf11e0') {
    throw unreadable(`${name} is a workbook or archive, not a text file.`, 'Export it as the agreed text file.');
  }
  if (head.subarray(0, 3).equals(UTF8_BOM)) {
    if (encoding !== 'utf-8') throw unreadable(`${name} is UTF-8 text, not ${encoding}.`, `Save it as ${encoding}, or change the encoding in connector.yaml if the system has changed.`);
    return head.subarray(3);
  }
  if (head.subarray(0, 4).equals(GB18030_BOM)) {
    if (encoding === 'utf-8') throw unreadable(`${name} is GB18030 text, not utf-8.`, 'Save it as UTF-8, or change the encoding in connector.yaml if the system has changed.');
    return head.subarray(4);
  }
  return head;
}

/** With its mark, or without: then every second byte of ASCII text is NUL, which no row of real text is made of. */
function looksLikeUtf16(head: Buffer): boolean {
  if (head.length >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))) return true;
  const sample = head.subarray(0, Math.min(head.length, 64));
  let nul = 0;
  for (const b of sample) if (b === 0) nul++;
  return sample.length >= 4 && nul * 4 >= sample.length;
}
