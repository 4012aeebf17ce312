import iconv from 'iconv-lite';

/** Bytes of a text in GB18030, which holds every character (iconv-lite; checked against Node's decoder in the tests). */
export function encodeGb18030(text: string): Buffer {
  return iconv.encode(text, 'gb18030');
}

/** Bytes of a text in GBK (cp936). A character outside GBK becomes `?`, as the old systems do it; private-use U+E000–E765 keeps its two-byte code. */
export function encodeGbk(text: string): Buffer {
  return iconv.encode(text, 'gbk');
}

const known = new Map<string, boolean>();

/** Whether a character survives GBK. */
export function isInGbk(character: string): boolean {
  let answer = known.get(character);
  if (answer === undefined) {
    const bytes = iconv.encode(character, 'gbk');
    answer = character === '?' || !(bytes.length === 1 && bytes[0] === 0x3f) && !bytes.includes(0x3f);
    known.set(character, answer);
  }
  return answer;
}

/** Cuts bytes at a width without looking at characters, as fixed-width columns do; a two-byte character may be halved. */
export function cutBytes(bytes: Buffer, width: number): Buffer {
  return bytes.length <= width ? bytes : bytes.subarray(0, width);
}
