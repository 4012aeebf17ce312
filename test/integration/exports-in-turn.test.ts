import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sm3 } from 'sm-crypto-v2';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startDisability } from '#libs/synthetic/simulators/disability-simulator';
import { startFamilyPlanning } from '#libs/synthetic/simulators/family-planning-simulator';
import { startSocialInsurance } from '#libs/synthetic/simulators/social-insurance-simulator';
import { quickFolder } from '#test/support/exchange-folder';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

// Exports of one system after each other, over its own server. Social insurance has agreed here that its export is whole; the others, as their
// folders say, have not: who is missing from a later file of theirs stays.
jest.setTimeout(180_000);

const WHOLE = 'social-insurance';
const simulators = { [WHOLE]: startSocialInsurance, disability: startDisability, 'family-planning': startFamilyPlanning };
let live: LiveHub<typeof simulators>;
const folders: string[] = [];

function agreed(system: string, edit: (yaml: string) => string = (yaml) => yaml): string {
  const dir = quickFolder(system);
  folders.push(path.dirname(dir));
  const file = path.join(dir, 'connector.yaml');
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
  return dir;
}

const atMost = (share: number) => (yaml: string): string => yaml.replace("file: 'GRCB_{date:yyyyMMdd}.txt'\n", `file: 'GRCB_{date:yyyyMMdd}.txt'\n      whole: { atMost: ${share} }\n`);
const exportsOf = (system: string): string => path.join(live.dir, system, 'files/export');
const state = () => live.state(WHOLE);
const settled = (code: string | null, word = 'running') => until(state, (s) => s?.state === word && s.code === code);
const filesRead = async (system: string): Promise<number> => (await live.db.pool.query<{ n: number }>(`select count(*)::int as n from snapshot_file where system = $1 and state = 'read'`, [system])).rows[0]!.n;
/** The reason on the card, as the board gives it to a clerk. */
const card = async (): Promise<{ state: string; reason?: { zh: string; en: string } }> =>
  (await live.as('admin')('GET', '/board')).body.systems.find((s: { id: string }) => s.id === WHOLE);

/** Current and withdrawn records of a system. */
async function standing(system: string): Promise<{ current: Set<string>; withdrawn: Set<string> }> {
  await live.drained();
  const all = [...(await live.records(system))];
  const keys = (word: string): Set<string> => new Set(all.filter(([, r]) => r.state === word).map(([key]) => key));
  return { current: keys('current'), withdrawn: keys('withdrawn') };
}

const newestExport = (): string => readdirSync(exportsOf(WHOLE)).filter((n) => n.endsWith('.txt')).sort().at(-1)!;
/** Lines of the newest export; a trail byte is never a line feed. */
function lines(): Buffer[] {
  const bytes = readFileSync(path.join(exportsOf(WHOLE), newestExport()));
  const found: Buffer[] = [];
  for (let from = 0; from < bytes.length; from = bytes.indexOf(0x0a, from) + 1) found.push(bytes.subarray(from, bytes.indexOf(0x0a, from) + 1));
  return found;
}
const keyOf = (line: Buffer): string => `${WHOLE}:person:${line.subarray(0, line.indexOf('|')).toString('latin1')}`;
/** As the office does it: the file, then its manifest. */
function lay(date: string, rows: readonly Buffer[], count = rows.length): void {
  writeFileSync(path.join(exportsOf(WHOLE), `GRCB_${date}.txt`), Buffer.concat(rows));
  writeFileSync(path.join(exportsOf(WHOLE), `GRCB_${date}.END`), `${count}\n`);
}
async function read(date: string, rows: readonly Buffer[]): Promise<void> {
  const before = await filesRead(WHOLE);
  lay(date, rows);
  await until(() => filesRead(WHOLE), (n) => n > before);
}

let all: Buffer[];
/** Rows whose key stands in one row alone. */
let single: Buffer[];

beforeAll(async () => {
  live = await liveHub({ simulators, folders: { [WHOLE]: agreed(WHOLE, atMost(0.2)), disability: agreed('disability'), 'family-planning': agreed('family-planning') } });
  for (const system of Object.keys(simulators)) await until(() => filesRead(system), (n) => n === 1);
  all = lines();
  const { current } = await standing(WHOLE);
  const times = new Map<string, number>();
  for (const line of all) times.set(keyOf(line), (times.get(keyOf(line)) ?? 0) + 1);
  single = all.filter((line) => times.get(keyOf(line)) === 1 && current.has(keyOf(line)));
}, 180_000);
afterAll(async () => {
  await live.close();
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe('two exports of a system that exports all it has', () => {
  it('withdraw who is missing from the second, and take back who returns with the third', async () => {
    const gone = single.slice(0, 3);
    const before = await standing(WHOLE);
    await read('20260401', all.filter((line) => !gone.includes(line)));
    await until(() => standing(WHOLE), (now) => gone.every((line) => now.withdrawn.has(keyOf(line))));
    const after = await standing(WHOLE);
    expect(before.current.size - after.current.size).toBe(3);
    await settled(null);
    await read('20260402', all.filter((line) => line !== gone[0]));
    await until(() => standing(WHOLE), (now) => now.current.size === before.current.size - 1);
    expect((await standing(WHOLE)).withdrawn).toContain(keyOf(gone[0]!));
    await read('20260403', all);
    await until(() => standing(WHOLE), (now) => now.current.size === before.current.size);
  });

  it('withdraw nobody where the second is suspiciously small; the card says so, over a restart, until a sound one comes', async () => {
    const before = await standing(WHOLE);
    await read('20260404', all.slice(0, Math.floor(all.length * 0.6)));
    await settled('YICI_FILE_SHRUNK', 'stopped');
    expect(await standing(WHOLE)).toEqual(before);
    expect(await card()).toMatchObject({ state: 'stopped', reason: { zh: expect.stringContaining('未撤销'), en: expect.stringContaining('none of them was withdrawn') } });
    await live.restart();
    await sleep(3000);
    await settled('YICI_FILE_SHRUNK', 'stopped');
    expect(await standing(WHOLE)).toEqual(before);
    await read('20260405', all.filter((line) => line !== single[1]));
    await settled(null);
    await until(() => standing(WHOLE), (now) => now.withdrawn.has(keyOf(single[1]!)));
    await read('20260406', all);
    await until(() => standing(WHOLE), (now) => now.current.size === before.current.size);
  });

  it('withdraw nobody where the second is cut: by its manifest, and by its bytes', async () => {
    const before = await standing(WHOLE);
    lay('20260407', all.slice(0, 100), all.length);
    await settled('YICI_FILE_INCOMPLETE', 'stopped');
    expect(await card()).toMatchObject({ state: 'stopped', reason: { zh: expect.stringContaining('不完整'), en: expect.stringMatching(/\S/) } });
    expect(await standing(WHOLE)).toEqual(before);
    await read('20260408', all);
    await settled(null);
  });

  it('withdraw nobody where the second is of an earlier date; the card tells of it', async () => {
    const before = await standing(WHOLE);
    await read('20260330', all.filter((line) => !single.slice(0, 5).includes(line)));
    await settled('YICI_FILE_OUTDATED');
    await sleep(1500);
    expect(await standing(WHOLE)).toEqual(before);
    await read('20260409', all);
    await settled(null);
    expect(await standing(WHOLE)).toEqual(before);
  });

  it('are believed in what is missing once so much is agreed and the file is offered again', async () => {
    const kept = all.slice(0, Math.floor(all.length * 0.7));
    await read('20260410', kept);
    await settled('YICI_FILE_SHRUNK', 'stopped');
    const before = await standing(WHOLE);
    const file = path.join(live.dir, 'connectors', WHOLE, 'connector.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('atMost: 0.2', 'atMost: 0.5'));
    await live.restart();
    lay('20260410', kept);
    await settled(null);
    const after = await until(() => standing(WHOLE), (now) => now.current.size < before.current.size);
    expect(after.withdrawn.size).toBeGreaterThan(20);
    expect([...after.current].sort()).toEqual([...new Set(kept.map(keyOf))].filter((key) => before.current.has(key)).sort());
  });
});

/** Another export without one of its rows, as its office would write it; the key that is missing. */
const WITHOUT_ONE = {
  disability: (dir: string): string => {
    const bytes = readFileSync(path.join(dir, 'CJR_20260331.csv'));
    const from = bytes.indexOf(0x0a) + 1;
    const to = bytes.indexOf(0x0a, from) + 1;
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    const rows = rest.filter((byte) => byte === 0x0a).length - 1;
    writeFileSync(path.join(dir, 'CJR_20260401.csv'), rest);
    writeFileSync(path.join(dir, 'CJR_20260401.OK'), `${rows}\n${sm3(new Uint8Array(rest))}\n`);
    return bytes.subarray(from, from + 18).toString('latin1');
  },
  'family-planning': (dir: string): string => {
    const bytes = readFileSync(path.join(dir, 'QYRK.DBF'));
    const [count, header, width] = [bytes.readUInt32LE(4), bytes.readUInt16LE(8), bytes.readUInt16LE(10)];
    const row = bytes.subarray(header, header + width);
    const rest = Buffer.concat([bytes.subarray(0, header), bytes.subarray(header + width)]);
    rest.writeUInt32LE(count - 1, 4);
    // The day of its last change: a month later.
    rest.set([26, 4, 30], 1);
    writeFileSync(path.join(dir, 'QYRK.DBF'), rest);
    return row.subarray(19, 39).toString('latin1').trim();
  },
};

describe('two exports of a system that has not agreed on it', () => {
  it.each(['disability', 'family-planning'] as const)('%s: who is missing from the second stays', async (system) => {
    const before = await standing(system);
    const missing = `${system}:person:${WITHOUT_ONE[system](exportsOf(system))}`;
    expect(before.current).toContain(missing);
    await until(() => filesRead(system), (n) => n === 2);
    expect(await standing(system)).toEqual(before);
    expect(await live.state(system)).toEqual({ state: 'running', code: null });
  });
});
