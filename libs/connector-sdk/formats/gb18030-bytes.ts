/**
 * Bytes of the GB18030 character that starts at `i` (GB 18030-2022: one, two or four), 0 when it is cut off by the end of `bytes`,
 * -1 when no character starts so.
 */
export function characterLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!;
  if (first < 0x80) return 1;
  if (first === 0x80 || first === 0xff) return -1;
  const second = bytes[i + 1];
  if (second === undefined) return 0;
  if (second >= 0x40 && second !== 0x7f && second !== 0xff) return 2;
  if (second < 0x30 || second > 0x39) return -1;
  const third = bytes[i + 2];
  if (third === undefined) return 0;
  if (third < 0x81 || third === 0xff) return -1;
  const fourth = bytes[i + 3];
  if (fourth === undefined) return 0;
  return fourth >= 0x30 && fourth <= 0x39 ? 4 : -1;
}

/** Length of the longest beginning of `bytes` that holds whole characters only; shorter than `bytes` when the last one was cut. -1: broken. */
export function wholeCharacters(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const length = characterLength(bytes, i);
    if (length < 0) return -1;
    if (length === 0) return i;
    i += length;
  }
  return i;
}
