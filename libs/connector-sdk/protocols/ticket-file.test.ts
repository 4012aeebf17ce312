import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TicketFileDrop } from './ticket-file.js';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'yici-tickets-'))));
afterAll(() => rmSync(folder, { recursive: true }));
const drop = (): TicketFileDrop => new TicketFileDrop({ protocol: 'ticket-file', folderSecret: 'X', file: 'GD_{time}_{sequence}.csv', encoding: 'gb18030' }, folder);
const at = new Date('2026-03-31T02:03:04.567Z');
const rows = [{ GDBH: 'GD1', GDLX: '03', GMSFHM: '990101196203150315', XM: '张伟强', SM: '现住地,不一致' }];

describe('a ticket drop', () => {
  it('writes one whole file, named by Shanghai time, and finds it again', async () => {
    const name = await drop().drop('ref-1', rows, at);
    expect(name).toMatch(/^GD_20260331100304567_\d{3}\.csv$/);
    const text = new TextDecoder('gb18030').decode(readFileSync(path.join(folder, name)));
    expect(text).toBe('GDBH,GDLX,GMSFHM,XM,SM\r\nGD1,03,990101196203150315,张伟强,"现住地,不一致"\r\n');
    expect(await drop().drop('ref-1', rows, at)).toBe(name);
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('never gives one name to two tickets of one millisecond', async () => {
    const names = await Promise.all(Array.from({ length: 60 }, (_, i) => drop().drop(i % 2 === 0 ? 'same' : `ref${i}`, [{ ...rows[0]!, GDBH: `GD${i}` }], at)));
    expect(new Set(names).size).toBe(60);
    for (const [i, name] of names.entries()) expect(readFileSync(path.join(folder, name), 'latin1')).toContain(`GD${i},03`);
  });

  it('refuses characters the encoding lacks before anything is written', async () => {
    const before = readdirSync(folder).length;
    await expect(drop().drop('ref-2', [{ ...rows[0]!, XM: '\ud800' }], at)).rejects.toMatchObject({ code: 'YICI_TEXT_UNMAPPABLE' });
    expect(readdirSync(folder).length).toBe(before);
  });

  it('knows when a file was taken away', async () => {
    const name = await drop().drop('ref-3', rows, new Date(at.getTime() + 1));
    expect((await drop().acknowledged([name])).size).toBe(0);
    unlinkSync(path.join(folder, name));
    expect(await drop().acknowledged([name])).toEqual(new Map([[name, { outcome: 'pickedUp' }]]));
    // A folder that is away itself proves nothing.
    expect((await new TicketFileDrop({ protocol: 'ticket-file', folderSecret: 'X', file: 'a', encoding: 'utf-8' }, path.join(folder, 'absent')).acknowledged([name])).size).toBe(0);
  });
});
