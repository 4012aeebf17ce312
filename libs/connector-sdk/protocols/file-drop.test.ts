import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sm3 } from 'sm-crypto-v2';
import { Faults } from '#libs/synthetic/simulators/faults';
import { FtpServer } from '#libs/synthetic/simulators/ftp-server';
import { loadConnector } from '../load-connector.js';
import type { Intended, NoteIntended, OutgoingItem } from '../target-channel.js';
import { FileDrop } from './file-drop.js';
import { dropRows } from './file-drop-rows.js';
import type { FilePlace } from './file-place.js';
import type { FileDropSpec } from './file-specs.js';
import { LocalRemote } from './folder-remote.js';
import { FtpRemote } from './ftp-remote.js';

const at = new Date('2026-03-31T02:03:04.567Z');
const connector = (id: string) => loadConnector(path.resolve(import.meta.dirname, '../../../connectors', id));
const item = (ref: string, columns: Record<string, string>, more: Partial<OutgoingItem> = {}): OutgoingItem => ({ ref, recordType: 'person', naturalKey: `key-${ref}`, columns, plannedAt: at, ...more });
const ticket = (ref: string, GDBH = ref): OutgoingItem => item(ref, {}, { rows: [{ GDBH, GDLX: '03', GMSFHM: '990101196203150315', XM: '张伟强', SM: '现住地,不一致' }] });
const lines = (ref: string, AAC002: string): OutgoingItem => item(ref, { AAC002 }, { naturalKey: `9901${ref}`, held: { AAC002: 'old' } });
const signal = new AbortController().signal;

let root: string;
let folder: string;
let n = 0;
let server: FtpServer;
const faults = new Faults();
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'yici-drop-'));
  server = await FtpServer.start({ root, user: 'hub', password: 'x', faults });
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  folder = path.join(root, String(++n));
  mkdirSync(folder);
  faults.clear();
});

function drop(id: string, transport: 'folder' | 'ftp' = 'folder', more: Partial<FileDropSpec> = {}): FileDrop {
  const { delivery } = connector(id).manifest;
  const spec = { ...(delivery as FileDropSpec), ...more };
  const place: FilePlace = {
    transport, folder: String(n), timeoutMs: 3000, allowedHosts: ['127.0.0.1'], side: 'target', url: transport === 'folder' ? root : `ftp://hub:x@127.0.0.1:${server.port}`,
  };
  return new FileDrop(spec, dropRows(connector(id), spec), transport === 'folder' ? new LocalRemote(place) : new FtpRemote(place));
}
const files = (): string[] => readdirSync(folder).sort();
const text = (name: string): string => new TextDecoder('gb18030').decode(readFileSync(path.join(folder, name)));
const tokens = (answers: readonly object[]): string[] => answers.map((a) => (a as { token: string }).token);

describe('after a kill between a rename and the ledger', () => {
  it('what lies there is not dropped once more, though other writes go with it now', async () => {
    // The folder is ahead of the plans, so the name is not the one that the batch would have had.
    await drop('social-insurance').write([lines('9', 'z')]);
    const [killed] = tokens(await drop('social-insurance').write([lines('1', 'a'), lines('2', 'b')]));
    expect(tokens(await drop('social-insurance').write([lines('0', 'c'), lines('1', 'a'), lines('2', 'b')]))).toEqual([expect.not.stringMatching(killed!), killed, killed]);
    expect(files()).toHaveLength(3);
    expect(files().map(text).join('').split('\n').filter((line) => line.startsWith('99011|'))).toEqual(['99011|AAC002|old|a']);
  });

  it('a later file that says something else of the record, or another value, is not passed over', async () => {
    // Three deliveries of one record.
    const written: string[] = [];
    for (const [ref, value] of [['d1', 'a'], ['d2', 'b'], ['d3', 'a']] as const) written.push(...tokens(await drop('social-insurance').write([{ ...lines('1', value), ref }])));
    expect(files()).toEqual(written);
    expect(files().map(text)).toEqual(['a', 'b', 'a'].map((value) => `99011|AAC002|old|${value}\n`));
    // A key that only ends like another's.
    const [other] = tokens(await drop('social-insurance').write([item('x', { AAC002: 'a' }, { naturalKey: '011', held: { AAC002: 'old' } })]));
    expect(text(other!)).toBe('011|AAC002|old|a\n');
  });

  it('holds for tables with a header, for dBase, and for tickets; a file without its manifest is none', async () => {
    const carried = { CJZH: '99010119620315031541', XM: '张伟强' };
    const row = (ref: string, ZT: string): OutgoingItem => item(ref, { ZT }, { naturalKey: carried.CJZH.slice(0, 18), carried });
    await drop('disability').write([row('0', '1')]);
    const [csv] = tokens(await drop('disability').write([row('1', '4')]));
    expect(tokens(await drop('disability').write([row('1', '4')]))).toEqual([csv]);
    unlinkSync(path.join(folder, csv!.replace('.csv', '.OK')));
    expect(tokens(await drop('disability').write([{ ...row('1', '4'), ref: 'other' }]))).not.toEqual([csv]);
    const dbf = (ref: string, SFZH: string): OutgoingItem => item(ref, { SFZH }, { naturalKey: `9901010020010000${ref}` });
    await drop('family-planning').write([dbf('0009', '1')]);
    const [table] = tokens(await drop('family-planning').write([dbf('0001', '1'), dbf('0002', '2')]));
    expect(tokens(await drop('family-planning').write([dbf('0003', '3'), dbf('0002', '2'), dbf('0001', '1')])).slice(1)).toEqual([table, table]);
    await drop('hukou').write([ticket('t9')]);
    const [one] = tokens(await drop('hukou').write([ticket('t1')]));
    expect(tokens(await drop('hukou').write([ticket('t2'), ticket('t1')]))[1]).toBe(one);
  });
});

describe('a drop that was killed around its renaming', () => {
  /** The next attempt, of another process, over what the one before it had noted. */
  const again = (items: readonly OutgoingItem[], noted: ReadonlyMap<string, Intended>): OutgoingItem[] => items.map((i) => ({ ...i, intended: noted.get(i.ref)! }));
  const carried = { CJZH: '99010119620315031541' };
  const certificate = (ref: string, ZT: string): OutgoingItem => item(ref, { ZT }, { carried });
  let noted: ReadonlyMap<string, Intended>;
  const note: NoteIntended = (intended) => { noted = intended; return Promise.resolve(); };
  const killed: NoteIntended = (intended) => { noted = intended; return Promise.reject(new Error('killed')); };
  const cases = [['hukou', () => [ticket('k1')]], ['social-insurance', () => [lines('1', 'a'), lines('2', 'b')]], ['disability', () => [certificate('1', '4')]]] as const;

  it.each(cases)('%s: after it, and taken by the system since: it is not dropped once more', async (system, made) => {
    const items = made();
    const first = tokens(await drop(system).write(items, signal, note));
    for (const name of files()) unlinkSync(path.join(folder, name));
    expect(tokens(await drop(system).write(again(items, noted), signal, note))).toEqual(first);
    expect(files()).toEqual([]);
  });

  it.each(cases)('%s: before it: it gets its name, once', async (system, made) => {
    const items = made();
    await expect(drop(system).write(items, signal, killed)).rejects.toThrow('killed');
    const answers = tokens(await drop(system).write(again(items, noted), signal, note));
    expect(new Set(answers)).toEqual(new Set([[...noted.values()][0]!.token]));
    const whole = files().filter((f) => !f.startsWith('.'));
    expect(whole).toContain(answers[0]);
    expect(files()).toHaveLength(whole.length);
    expect(whole).toHaveLength(system === 'disability' ? 2 : 1);
  });

  it('and says something else by now: that is dropped, under a later name', async () => {
    const [before] = tokens(await drop('social-insurance').write([lines('1', 'a')], signal, note));
    unlinkSync(path.join(folder, before!));
    const [now] = tokens(await drop('social-insurance').write(again([lines('1', 'b')], noted), signal));
    expect(files()).toEqual([now]);
    expect(now! > before!).toBe(true);
  });
});

describe('a drop of tickets', () => {
  it('writes one whole file a ticket, named by Shanghai time, and finds it again, also after a restart', async () => {
    const [name] = tokens(await drop('hukou').write([ticket('ref-1')]));
    expect(name).toMatch(/^GD_20260331100304567_\d{3}\.csv$/);
    expect(text(name!)).toBe('GDBH,GDLX,GMSFHM,XM,SM\r\nref-1,03,990101196203150315,张伟强,"现住地,不一致"\r\n');
    expect(tokens(await drop('hukou').write([ticket('ref-1')]))).toEqual([name]);
    expect(files()).toEqual([name]);
  });

  it('never gives one name to two contents of one millisecond, and names in the order of writing', async () => {
    const hukou = drop('hukou');
    const written: string[] = [];
    for (let i = 0; i < 60; i++) written.push(...tokens(await hukou.write([ticket(i % 2 === 0 ? 'same' : `r${i}`, `GD${i}`)])));
    expect(new Set(written).size).toBe(60);
    expect([...written].sort()).toEqual(written);
    for (const [i, name] of written.entries()) expect(text(name)).toContain(`GD${i},03`);
    // Another process, that does not know what this one wrote last.
    const [later] = tokens(await drop('hukou').write([ticket('other')]));
    expect(later! > written.at(-1)!).toBe(true);
  });

  it('refuses a character its encoding lacks before anything is written, and harms no other', async () => {
    const answers = await drop('hukou').write([ticket('bad', '\ud800'), ticket('good')]);
    expect(answers).toEqual([{ outcome: 'refused', detail: expect.stringContaining('cannot hold') }, { outcome: 'accepted', token: expect.any(String) }]);
    expect(files()).toHaveLength(1);
  });

  it('knows what was taken away; a folder that is away proves nothing', async () => {
    const hukou = drop('hukou');
    const [name] = tokens(await hukou.write([ticket('ref-3')]));
    expect((await hukou.acknowledged([name!])).size).toBe(0);
    unlinkSync(path.join(folder, name!));
    expect(await hukou.acknowledged([name!])).toEqual(new Map([[name, { outcome: 'pickedUp' }]]));
    renameSync(folder, `${folder}-away`);
    expect((await hukou.acknowledged([name!])).size).toBe(0);
  });
});

describe('drops in the formats of the systems', () => {
  it('family planning: the same DBF, changed rows only, several a file', async () => {
    const [one, two] = tokens(await drop('family-planning').write([
      item('1', { HYZK: '20', POXM: '李秀英' }, { carried: { HBM: '990101001001010001', XM: '张伟强' } }), item('2', { DZ: '东园社区幸福家园3幢301室' }),
    ]));
    expect(one).toBe(two);
    expect(one).toMatch(/^HUB_20260331100304567_\d{3}\.DBF$/);
    const bytes = readFileSync(path.join(folder, one!));
    const sample = readFileSync(path.resolve(import.meta.dirname, '../../../test/fixtures/sample-city/family-planning/QYRK.DBF'));
    expect(bytes.subarray(8, 513).equals(sample.subarray(8, 513))).toBe(true);
    expect([bytes.readUInt32LE(4), bytes[0], bytes[29]]).toEqual([2, 3, 0x4d]);
    const row = (i: number): string => new TextDecoder('gb18030').decode(bytes.subarray(bytes.readUInt16LE(8) + i * bytes.readUInt16LE(10))).slice(0, 200);
    expect(row(0)).toMatch(/^ 990101001001010001key-1 {15}张伟强 +20李秀英/);
    expect(row(1)).toMatch(/^ {19}key-2 .*东园社区幸福家园3幢301室/);
  });

  it('disability: CSV of the same shape, the whole certificate number, its .OK last', async () => {
    const disability = drop('disability');
    const carried = { CJZH: '99010119620315031543', XM: '张伟强' };
    const answers = await disability.write([
      item('1', { HKDZ: '东园社区,3楼' }, { carried }), item('2', { SFZH: '99,1' }, { carried }), item('3', { ZT: '4' }), item('4', { HKDZ: '一\n二' }, { carried }),
    ]);
    expect(answers.map((a) => a.outcome)).toEqual(['accepted', 'refused', 'refused', 'refused']);
    expect(JSON.stringify(answers)).not.toContain('99,1');
    const [name] = tokens(answers);
    expect(text(name!)).toBe('CJZH,XM,SFZH,XB,CJLB,CJDJ,JHRXM,JHRDH,HKDZ,ZT\r\n99010119620315031543,张伟强,,,,,,,东园社区,3楼,\r\n');
    const ok = name!.replace('.csv', '.OK');
    expect(files()).toEqual([ok, name].sort());
    expect(text(ok)).toBe(`1\n${sm3(readFileSync(path.join(folder, name!)))}\n`);
  });

  it('social insurance: one line a field, with what it held', async () => {
    const [name] = tokens(await drop('social-insurance').write([item('1', { AAC002: '990101196203150315', AAC008: '9' }, { held: { AAC002: '990101196203150000', AAC008: '2' } })]));
    expect(text(name!)).toBe('key-1|AAC002|990101196203150000|990101196203150315\nkey-1|AAC008|2|9\n');
  });

  it('more records than a file takes go into several', async () => {
    const names = tokens(await drop('social-insurance', 'folder', { itemsAFile: 2 }).write(['a', 'b', 'c', 'd', 'e'].map((ref) => item(ref, { AAC008: '9' }))));
    expect(names.map((name) => names.indexOf(name))).toEqual([0, 0, 2, 2, 4]);
    expect(files()).toHaveLength(3);
  });
});

describe('a drop over FTP whose connection dies', () => {
  const write = (target: FileDrop) => target.write([item('1', { AAC008: '9' }), item('2', { AAC008: '9' })]);

  it('before the file is whole: nothing is there, and the next attempt writes it once', async () => {
    const target = drop('social-insurance', 'ftp');
    await target.acknowledged([]);
    faults.fail({ kind: 'slow', ms: 0 }, 1);
    faults.fail({ kind: 'disconnect' }, 1);
    await expect(write(target)).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
    expect(files().filter((f) => !f.startsWith('.'))).toEqual([]);
    const names = tokens(await write(target));
    expect(files().filter((f) => !f.startsWith('.'))).toEqual([names[0]]);
    await target.close();
  });

  it('at the renaming, and the system has taken the file before the hub can look: one effect', async () => {
    const target = drop('social-insurance', 'ftp');
    await target.acknowledged([]);
    for (let i = 0; i < 2; i++) faults.fail({ kind: 'slow', ms: 0 }, 1);
    faults.fail({ kind: 'lost-answer' }, 1);
    // The look after the lost answer meets a dead server as well.
    const writing = write(target);
    const [name] = tokens(await writing.catch(() => write(target)));
    expect(files()).toEqual([name]);
    await target.close();
  });

  it('at the renaming for longer: what lies under its temporary name is named later, and answers for its records', async () => {
    const target = drop('disability', 'ftp');
    const carried = { CJZH: '99010119620315031543' };
    const items = [item('1', { ZT: '4' }, { carried })];
    await target.acknowledged([]);
    for (let i = 0; i < 2; i++) faults.fail({ kind: 'slow', ms: 0 }, 1);
    faults.fail({ kind: 'error' }, 1);
    await expect(target.write(items)).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE' });
    expect(files()).toEqual([expect.stringMatching(/^\..*\.part$/)]);
    const [name] = tokens(await target.write(items));
    expect(files()).toEqual([name!.replace('.csv', '.OK'), name].sort());
    // A later write of the same record with another value is another file.
    const [other] = tokens(await target.write([item('1', { ZT: '1' }, { carried })]));
    expect(other! > name!).toBe(true);
    await target.close();
  });
});
