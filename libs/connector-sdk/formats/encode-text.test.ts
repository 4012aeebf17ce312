import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RawRow } from '../row.js';
import { byteWidth, encodeText } from './encode-text.js';
import { wholeCharacters } from './gb18030-bytes.js';
import { memoryFile } from './memory-file.js';
import { readFormat } from './read-format.js';
import { fatalDecoder } from './text-chunks.js';
import { writeDbf } from './write-dbf.js';

const unmappable = expect.objectContaining({ code: 'YICI_TEXT_UNMAPPABLE' });
const caught = (f: () => unknown): unknown => {
  try {
    return f();
  } catch (e) {
    return e;
  }
};

describe('encodeText', () => {
  it.each([
    ['张三', 'gbk', 'd5c5c8fd'],
    ['王䶮', 'gb18030', 'cdf5fe9f'],
    ['a\u{20000}', 'gb18030', '6195328236'],
    ['a\u{20000}', 'utf-8', '61f0a08080'],
  ] as const)('%s in %s', (text, encoding, hex) => {
    expect(encodeText(text, encoding).toString('hex')).toBe(hex);
    expect(byteWidth(text, encoding)).toBe(hex.length / 2);
  });
  it.each([
    ['a four-byte character in GBK', '王\u{20000}', 'gbk'],
    ['an emoji in GBK', '好😀', 'gbk'],
    ['half a surrogate pair in UTF-8', '\ud842', 'utf-8'],
    ['half a surrogate pair in GB18030', '王\ud842', 'gb18030'],
  ] as const)('refuses %s', (_, text, encoding) => {
    expect(caught(() => encodeText(text, encoding))).toEqual(unmappable);
  });
  it('never names the text in its error', () => {
    expect((caught(() => encodeText('欧阳\u{20000}', 'gbk')) as Error).message).not.toMatch(/[欧阳\u{20000}]/u);
  });
  it('reads back what it writes, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const bytes = caught(() => encodeText(text, 'gb18030'));
      if (bytes instanceof Buffer) expect(fatalDecoder('gb18030').decode(bytes)).toBe(text);
      else expect(bytes).toEqual(unmappable);
    }));
  });
});

describe('wholeCharacters', () => {
  it('finds the longest whole beginning of any cut', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '张', '䶮', '\u{20000}', '·') }), fc.nat(40), (text, at) => {
      const cut = encodeText(text, 'gb18030').subarray(0, at);
      const whole = wholeCharacters(cut);
      expect(cut.length - whole).toBeLessThan(4);
      expect(text.startsWith(fatalDecoder('gb18030').decode(cut.subarray(0, whole)))).toBe(true);
    }));
  });
  it('says when bytes are broken', () => {
    expect(wholeCharacters(Buffer.from([0x61, 0xff, 0x61]))).toBe(-1);
    expect(wholeCharacters(Buffer.from([0xb2, 0x20]))).toBe(-1);
  });
});

describe('writeDbf', () => {
  const columns = [{ name: 'XM', type: 'C' as const, width: 20 }, { name: 'ZNS', type: 'N' as const, width: 2, decimals: 0 }];
  const read = async (bytes: Buffer): Promise<RawRow[]> => {
    const rows: RawRow[] = [];
    for await (const batch of readFormat(memoryFile('q.dbf', bytes), { format: 'dbf', columns })) rows.push(...batch);
    return rows;
  };

  it('writes what the reader reads', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ XM: fc.string({ unit: fc.constantFrom('张', '三', 'a', '·', '镕'), maxLength: 10 }), ZNS: fc.constantFrom('0', '7', '12') })), async (rows) => {
      expect((await read(writeDbf(columns, rows, '2026-03-31'))).map((r) => r.kind === 'row' && r.values)).toEqual(rows);
    }), { numRuns: 30 });
  });
  it('pads texts on the right and numbers on the left', () => {
    const file = writeDbf(columns, [{ XM: '张三', ZNS: '1' }], '2026-03-31');
    expect(file.subarray(0, 4)).toEqual(Buffer.from([3, 126, 3, 31]));
    expect(file[29]).toBe(0x4d);
    expect(file.subarray(97).toString('latin1')).toBe(` \xd5\xc5\xc8\xfd${' '.repeat(16)} 1\x1a`);
  });
  it('refuses what does not fit, and cuts nothing', () => {
    expect(caught(() => writeDbf(columns, [{ XM: '张'.repeat(11) }], '2026-03-31'))).toMatchObject({ code: 'YICI_TEXT_TOO_WIDE' });
    expect(caught(() => writeDbf(columns, [{ XM: '\u{20000}' }], '2026-03-31'))).toEqual(unmappable);
  });
});

describe('cutting', () => {
  it('does not depend on where the chunks end', async () => {
    const csv = encodeText('K,XM\r\n1,"a\r\n""b"""\r\n2,张"三\r\n\r\n3,"x"y\r\n4,"open\r\n5,李\r\n', 'gb18030');
    const xml = Buffer.from('<l>\n<r a="1"><K>1</K></r> <r a="2"><K>2</r><r a="3"><K/></r>x<rr/></l>');
    const all = async (bytes: Buffer, size: number, options: Parameters<typeof readFormat>[1]): Promise<RawRow[]> => {
      const file = { ...memoryFile('f', bytes), open: () => memoryPieces(bytes, size) };
      const rows: RawRow[] = [];
      for await (const batch of readFormat(file, options)) rows.push(...batch);
      return rows.map((r) => ({ ...r, bytes: Buffer.from(r.bytes) }));
    };
    const csvOptions = { format: 'delimited', encoding: 'gb18030', delimiter: ',', quoting: 'rfc4180', header: true, columns: ['K', 'XM'] } as const;
    const xmlOptions = { format: 'xml-records', encoding: 'utf-8', recordElement: 'r', columns: ['@a', 'K'] } as const;
    const wanted = [await all(csv, 1e6, csvOptions), await all(xml, 1e6, xmlOptions)];
    expect(wanted[0]!.map((r) => r.kind)).toEqual(['row', 'row', 'dead', 'dead', 'row']);
    expect(wanted[1]!.map((r) => r.kind)).toEqual(['row', 'dead', 'row', 'dead']);
    for (let size = 1; size < 40; size++) expect([await all(csv, size, csvOptions), await all(xml, size, xmlOptions)]).toEqual(wanted);
  });
});

function memoryPieces(bytes: Buffer, size: number): ReturnType<ReturnType<typeof memoryFile>['open']> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return Readable.from(pieces, { objectMode: false });
}
