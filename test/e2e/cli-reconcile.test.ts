import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DriftKind } from '#libs/fanout/drift-store';
import { contentText } from '#libs/store/record-content';
import { contentDigest, keyOf, recordRef } from '#libs/store/source-record-codec';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { startHukou } from '#libs/synthetic/simulators/hukou';
import { startSocialInsurance } from '#libs/synthetic/simulators/social-insurance-simulator';
import { NodeProcess } from '#test/support/child-process';
import { quickFolder } from '#test/support/exchange-folder';
import { liveHub, snapshotOf, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

// The command beside a running hub, on the same store: one system that can be asked, and one of which there are only its exported files.
jest.setTimeout(240_000);

const FILES = 'social-insurance';
/** A row that the folder, as it stands in the beginning, cannot read. */
const UNREAD = '0877746745';
const MISTAKEN = `key: { columns: [AAC001], pattern: '(?!${UNREAD})\\d{10}' }`;
const MENDED = 'key: { columns: [AAC001] }';
const simulators = { grid: startGrid, hukou: startHukou, [FILES]: startSocialInsurance };
let live: LiveHub<typeof simulators>;
let folder: string;

interface Result {
  targets: { run: { target: string; state: string; recordsRead: number; recordsHeld: number; repaired: number; code?: string; reason?: string }; counts: { kind: DriftKind; records: number }[]; drift?: { kind: DriftKind; naturalKey: string }[] }[];
}
interface Told {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(args: readonly string[], without: readonly string[] = []): Promise<Told> {
  const secrets = Object.assign({}, ...Object.values(live.simulators).map((s) => s.environment)) as Record<string, string>;
  const known = Object.fromEntries(Object.entries(secrets).filter(([name]) => !without.includes(name)));
  return new NodeProcess('dist/apps/cli/main.js', ['reconcile', ...args], {
    DATABASE_URL: live.db.ownerUrl, YICI_DATA_DIR: live.dir, YICI_CONNECTORS_DIR: path.join(live.dir, 'connectors'), ...known,
  }).ended;
}
const resultOf = ({ stdout, stderr }: Told): Result => {
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`no JSON: ${stdout.slice(-1000)} ${stderr.slice(-1000)}`);
  return JSON.parse(last) as Result;
};
async function reconciled(...args: string[]): Promise<Result['targets'][number] & { kinds: Partial<Record<DriftKind, number>>; code: number | null }> {
  const told = await run([...args, '--json']);
  const [target] = resultOf(told).targets;
  return { ...target!, code: told.code, kinds: Object.fromEntries(target!.counts.map((c) => [c.kind, c.records])) };
}

const exports = (): string => path.join(live.dir, FILES, 'files/export');
const filesRead = async (): Promise<number> => (await live.db.pool.query<{ n: number }>(`select count(*)::int as n from snapshot_file where system = $1 and state = 'read'`, [FILES])).rows[0]!.n;
function exported(): { date: number; lines: string[] } {
  const name = readdirSync(exports()).filter((n) => n.endsWith('.txt')).sort().at(-1)!;
  const text = readFileSync(path.join(exports(), name)).toString('latin1');
  return { date: Number(name.slice(5, 13)), lines: text.split('\n').slice(0, -1) };
}
/** The next export of the office, as the hub reads it. */
async function next(edit: (lines: string[]) => string[]): Promise<void> {
  const { date, lines } = exported();
  const rows = edit(lines);
  const before = await filesRead();
  writeFileSync(path.join(exports(), `GRCB_${date + 1}.txt`), Buffer.from(`${rows.join('\n')}\n`, 'latin1'));
  writeFileSync(path.join(exports(), `GRCB_${date + 1}.END`), `${rows.length}\n`);
  await until(filesRead, (n) => n > before);
  await live.drained();
}
function reword(dir: string, from: string, to: string): void {
  const file = path.join(dir, 'connector.yaml');
  const yaml = readFileSync(file, 'utf8');
  if (!yaml.includes(from)) throw new Error(`the folder says no longer ${from}`);
  writeFileSync(file, yaml.replace(from, () => to));
}
const field = (line: string, at: number): string => line.split('|')[at]!;

/** The office's first export, and somebody whom the hub then corrected there. */
let original: Map<string, string>;
let corrected: string;
/** Keys of the files, of rows that stand alone. */
let others: string[];

beforeAll(async () => {
  folder = quickFolder(FILES);
  reword(folder, MENDED, MISTAKEN);
  live = await liveHub({ simulators, folders: { [FILES]: folder } });
  await live.simulators.grid.publish();
  const { records } = await snapshotOf('grid');
  await until(() => live.records('grid'), (now) => now.size >= records.size);
  const hukou = (await snapshotOf('hukou')).records;
  await until(() => live.records('hukou'), (now) => now.size >= hukou.size);
  await until(filesRead, (n) => n === 1);
  await live.drained();
  await live.connect(FILES);
  await live.connect('grid');
  original = new Map(exported().lines.map((line) => [field(line, 0), line]));
  const known = await live.records(FILES);
  const times = exported().lines.map((line) => field(line, 0));
  others = times.filter((key) => known.get(`${FILES}:person:${key}`)?.state === 'current' && times.filter((k) => k === key).length === 1);
}, 240_000);
afterAll(async () => {
  await live?.close();
  rmSync(path.dirname(folder), { recursive: true, force: true });
}, 60_000);

describe('yici reconcile beside a running hub', () => {
  it('finds a system and the hub in agreement, in words and as JSON, and ends with 0', async () => {
    const asked = await reconciled('grid');
    expect([asked.code, asked.run.target, asked.run.state, asked.counts]).toEqual([0, 'grid', 'done', []]);
    expect(asked.run.recordsRead).toBeGreaterThan(200);
    expect(asked.drift).toBeUndefined();
    const words = await run(['grid']);
    expect([words.code, words.stdout]).toEqual([0, expect.stringMatching(/系统 system[\s\S]*grid +\d+ +\d+ +0 +0 +0 +0/)]);
  });

  it('of a system that nobody knows, or for an account that nobody has, ends with 1 and says why', async () => {
    for (const [args, code] of [[['nowhere'], 'YICI_RECONCILE_UNKNOWN_TARGET'], [['grid', '--as', 'nobody'], 'YICI_ACCOUNT_UNKNOWN']] as const) {
      const asJson = await run([...args, '--json']);
      expect([asJson.code, JSON.parse(asJson.stdout.trim().split('\n').at(-1)!)]).toEqual([1, { error: expect.objectContaining({ code, message: expect.any(String), fix: expect.any(String) }) }]);
      const words = await run(args);
      expect([words.code, words.stderr]).toEqual([1, expect.stringMatching(new RegExp(`${code}[\\s\\S]*→`))]);
    }
  });

  it('of a system that is away, or that was never set up, ends with 1 and its reason; the others are compared all the same', async () => {
    live.simulators.grid.faults.fail({ kind: 'html' });
    const away = await run(['--json']);
    const words = await run(['grid']);
    live.simulators.grid.faults.clear();
    const { targets } = resultOf(away);
    expect(away.code).toBe(1);
    expect(targets.map((t) => [t.run.target, t.run.state]).sort()).toEqual([['grid', 'failed'], ['hukou', 'done'], [FILES, 'done']].sort());
    expect(targets.find((t) => t.run.target === 'grid')!.run).toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', reason: expect.any(String) });
    expect([words.code, words.stdout]).toEqual([1, expect.stringContaining('YICI_SOURCE_UNREACHABLE')]);
    const unset = await run(['grid', '--json'], ['YICI_GRID_URL']);
    expect([unset.code, resultOf(unset).targets[0]!.run.state, resultOf(unset).targets[0]!.run.code]).toEqual([1, 'failed', expect.stringMatching(/^YICI_(URL_UNREADABLE|RECONCILE_NOT_READABLE|CONNECTOR_SECRET_MISSING)$/)]);
  });

  it('is refused while the hub itself compares the same system', async () => {
    live.simulators.grid.faults.fail({ kind: 'slow', ms: 12_000 }, 1);
    expect((await live.as('admin')('POST', '/connections/grid/reconcile', { body: {} })).status).toBe(202);
    const told = await run(['grid', '--json']);
    expect([told.code, JSON.parse(told.stdout.trim().split('\n').at(-1)!)]).toEqual([1, { error: expect.objectContaining({ code: 'YICI_RECONCILE_RUNNING' }) }]);
    await until(async () => (await live.as('admin')('GET', '/connections/grid/reconcile')).body.run.state as string, (state) => state !== 'running');
  });
});

describe('a system of which there are only its exported files', () => {
  it('agrees with the hub after what was written there came back', async () => {
    await until(async () => (await live.db.pool.query<{ state: string }>(`select state from delivery where target = $1`, [FILES])).rows, (rows) => rows.length > 0 && rows.every((r) => r.state === 'pickedUp' || r.state === 'notShared'));
    // The office's own export; the hub knows it for its own words.
    const before = await filesRead();
    await live.simulators[FILES].publish();
    await until(filesRead, (n) => n > before);
    await live.drained();
    const { code, run: { recordsRead }, counts } = await reconciled(FILES);
    expect([code, counts]).toEqual([0, []]);
    expect(recordsRead).toBeGreaterThan(150);
    const known = await live.records(FILES);
    const written = new Set((await live.simulators[FILES].written()).map((w) => w.key));
    corrected = others.find((key) => written.has(key) && known.get(`${FILES}:person:${key}`)!.hubOrigin?.some((path) => path === 'citizenId' || path === 'name'))!;
    others = others.filter((key) => !written.has(key)).slice(0, 2);
    expect([typeof corrected, others.length]).toEqual(['string', 2]);
    expect(known.has(`${FILES}:person:${UNREAD}`)).toBe(false);
  });

  it('drifts in four ways, each found in its newest export and named only to who asks for keys', async () => {
    // A write is given ten seconds to settle.
    await sleep(11_000);
    const [changed, vanished] = others as [string, string];
    const missed = UNREAD;
    // An office that restored its own backup has lost a write and a person.
    await next((lines) => lines.filter((line) => field(line, 0) !== vanished).map((line) => (field(line, 0) === corrected ? original.get(corrected)! : line)));
    // The folder was mended after the file was read; and the hub restored an earlier version of one record.
    reword(path.join(live.dir, 'connectors', FILES), MISTAKEN, MENDED);
    await live.restart();
    const { sealing } = live.hub.parts.store;
    const known = (await live.records(FILES)).get(`${FILES}:person:${changed}`)!;
    const earlier = contentText({ ...known, body: { ...known.body, phones: [] } } as typeof known);
    await live.db.asOwner(async (db) => {
      await db.query(`update source_record set sealed_body = $2, content_digest = $3, version_order = '20260101' where record_ref = $1`, [recordRef(sealing, keyOf(known)), sealing.seal(earlier), contentDigest(sealing, earlier)]);
    });
    const found = await reconciled(FILES, '--keys');
    expect([found.code, found.run.state, found.kinds]).toEqual([0, 'done', { missed: 1, changed: 1, vanished: 1, lostWrite: 1 }]);
    expect(Object.fromEntries(found.drift!.map((d) => [d.kind, d.naturalKey]))).toEqual({ missed, changed, vanished, lostWrite: corrected });
    const without = await run([FILES]);
    for (const key of [missed, changed, vanished, corrected]) expect(without.stdout + without.stderr).not.toContain(key);
    const looks = await live.db.pool.query<{ action: string }>(`select action from audit_log where action like 'reconcile%' order by 1 desc limit 1`);
    expect(looks.rows[0]?.action).toBe('reconcile.keys');
  });

  it('is mended with --repair: what was missed is read, what was lost is dropped again and taken', async () => {
    const writes = (await live.simulators[FILES].written()).length;
    const mended = await reconciled(FILES, '--repair');
    expect([mended.code, mended.run.repaired]).toEqual([0, 3]);
    await until(async () => (await live.simulators[FILES].written()).length, (n) => n > writes);
    expect((await live.simulators[FILES].written()).at(-1)).toMatchObject({ key: corrected, answer: 'taken' });
    await until(() => live.records(FILES), (now) => now.has(`${FILES}:person:${UNREAD}`));
    await live.drained();
    expect((await live.records(FILES)).get(`${FILES}:person:${others[0]!}`)!.body).toHaveProperty('phones.0.number');
    const before = await filesRead();
    await sleep(1000);
    await live.simulators[FILES].publish();
    await until(filesRead, (n) => n > before);
    await live.drained();
    // Its office's own book never lost the person: its next export has everybody.
    expect((await reconciled(FILES)).counts).toEqual([]);
  });

  it('is not taken at the word of an export that came spoilt', async () => {
    live.simulators[FILES].faults.fail({ kind: 'corrupt-file' }, 1);
    await live.simulators[FILES].publish();
    await until(() => live.state(FILES), (s) => s?.state === 'stopped');
    const { code, counts } = await reconciled(FILES);
    expect([code, counts]).toEqual([0, []]);
  });
});
