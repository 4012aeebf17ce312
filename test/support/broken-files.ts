import iconv from 'iconv-lite';

type Change = (bytes: Buffer) => Buffer;

const LF = 0x0a;

/** The file without a byte. */
export const empty: Change = () => Buffer.alloc(0);

/** Its first line alone. */
export const headerOnly: Change = (bytes) => bytes.subarray(0, bytes.indexOf(LF) + 1);

export function asUtf16(encoding: string): Change {
  return (bytes) => Buffer.concat([Buffer.from([0xff, 0xfe]), iconv.encode(iconv.decode(bytes, encoding), 'utf-16le')]);
}

export const withBom: Change = (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);

/** A change of the header line alone, byte for byte the same below. */
export function header(edit: (line: string) => string): Change {
  return (bytes) => {
    const end = bytes.indexOf(LF);
    return Buffer.concat([Buffer.from(edit(bytes.subarray(0, end).toString('latin1')), 'latin1'), bytes.subarray(end)]);
  };
}

/** A change of one line (0 is the header), without its line end. */
export function line(number: number, edit: (line: Buffer) => Buffer): Change {
  return (bytes) => {
    let start = 0;
    for (let i = 0; i < number; i++) start = bytes.indexOf(LF, start) + 1;
    let end = bytes.indexOf(LF, start);
    if (bytes[end - 1] === 0x0d) end -= 1;
    return Buffer.concat([bytes.subarray(0, start), edit(bytes.subarray(start, end)), bytes.subarray(end)]);
  };
}

/** Bytes that are no character of any encoding in use, in the middle of a line. */
export function brokenBytes(number: number): Change {
  return line(number, (l) => Buffer.concat([l.subarray(0, l.length >> 1), Buffer.from([0xff, 0xff]), l.subarray(l.length >> 1)]));
}

export function append(text: string): Change {
  return (bytes) => Buffer.concat([bytes, Buffer.from(text)]);
}

/** Every place of a text, at the level of bytes. */
export function replaced(from: string, to: string): Change {
  return (bytes) => Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
}
