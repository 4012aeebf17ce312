// Files that took minutes to hours while something was looked for anew from each of their records or characters.
import { describe, expect, it } from '@jest/globals';
import { workbookBytes } from '#test/support/zip-bytes';
import type { RawRow } from '../row.js';
import { cutElements } from './cut-elements.js';
import type { FormatOptions } from './format-options.js';
import { memoryFile } from './memory-file.js';
import { readFormat } from './read-format.js';

const options = { recordElement: 'r', maxRecordBytes: 1024, onProlog: () => undefined };
async function* whole(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
async function pieces(text: string): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for await (const block of cutElements(whole(text), options)) for (const { kind } of block) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

describe('a hostile file is gone through once', () => {
  it.each([
    ['never close', '<a>' + '<r>x'.repeat(600_000), { unclosed: 600_000 }],
    ['have no end of their tag', '<a>' + '<r '.repeat(600_000), { unclosed: 600_000 }],
    ['close in another name', '<a>' + '<r></rx'.repeat(400_000), { unclosed: 400_000 }],
  ])('of records that %s', async (_, text, kinds) => {
    expect(await pieces(text)).toEqual(kinds);
  });

  it('of a workbook whose cells have references without end', async () => {
    const cell = (r: string, t: string): string => `<c r="${r}" t="inlineStr"><is><t>${t}</t></is></c>`;
    const bytes = workbookBytes([`<row r="1">${cell('A1', 'K')}${cell('B1', 'XM')}</row><row r="2">${cell(`${'1'.repeat(900_000)}A`, 'x')}</row><row r="3">${cell('A3', '1')}${cell('B3', '张三')}</row>`]);
    const rows: RawRow[] = [];
    for await (const batch of readFormat(memoryFile('x.xlsx', bytes), { format: 'workbook', columns: ['K', 'XM'] } as FormatOptions)) rows.push(...batch);
    expect(rows.map((r) => (r.kind === 'dead' ? r.code : r.kind))).toEqual(['YICI_ROW_MALFORMED_XML', 'row']);
  });
});
