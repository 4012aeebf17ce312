import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startHub, type RunningHub } from '#apps/hub/start-hub';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { caller, type Caller } from '#test/support/http-hub';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

let db: TestDatabase;
let dir: string;
let hub: RunningHub;
let steward: Caller;

const city = (...parts: string[]): string => path.join(dir, 'city', ...parts);
const start = (): Promise<RunningHub> =>
  startHub({ port: 0, dataDir: dir, cityDir: city(), logger: silentLogger, environment: { DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '12' } });
const one = async <T>(sql: string): Promise<T> => (await db.pool.query(sql)).rows[0] as T;

const filesRead = async (): Promise<number> => Number((await one<{ n: string }>(`select count(*) as n from snapshot_file where state = 'read'`)).n);
async function drained(): Promise<void> {
  await until(() => hub.parts.log.positions('resolution', [TOPIC.sourceRecordAccepted, TOPIC.command]), (all) => all.every((p) => p.committed === p.end));
}

beforeAll(async () => {
  db = await createTestDatabase();
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-hub-city-'));
  cpSync(path.join(projectRoot(), 'test/fixtures/sample-city'), city(), { recursive: true });
  hub = await start();
  const { password } = (await hub.createFirstAccounts()).find((a) => a.role === 'steward')!;
  const { token } = (await caller(hub.url)('POST', '/login', { body: { username: 'steward', password, bearer: true } })).body;
  steward = (method, address, options) => caller(hub.url, { authorization: `Bearer ${token}` })(method, address, options);
});
afterAll(async () => {
  await hub.close();
  rmSync(dir, { recursive: true });
  await db.drop();
});

describe('a hub that is given a city directory', () => {
  it('reads it through the log, knows its divisions, and its counts balance; a stop in the middle changes nothing', async () => {
    expect(hub.parts.divisions.get('990101')).toBeDefined();
    await until(filesRead, (n) => n >= 3);
    await hub.close();
    hub = await start();
    await until(filesRead, (n) => n === 14);
    await drained();
    const { systems, connectors } = (await steward('GET', '/counts')).body;
    expect(systems.length).toBeGreaterThanOrEqual(10);
    for (const s of systems) expect(s).toMatchObject({ rowsBalance: true, resolvedBalance: true });
    // Its file was read; its live side was not configured here.
    expect(connectors).toContainEqual(expect.objectContaining({ system: 'housing', state: 'disabled', code: 'YICI_CONNECTOR_SECRET_MISSING' }));
    expect(connectors).toContainEqual({ system: 'hukou', state: 'disabled', code: 'YICI_CONNECTOR_SECRET_MISSING', reason: expect.any(String) });
  });

  it('takes what is dropped there while it runs', async () => {
    const lines = readFileSync(city('grid/persons.jsonl'), 'utf8').trimEnd().split('\n');
    const row = JSON.parse(lines.find((l) => l.startsWith('{"id":"'))!) as object;
    writeFileSync(city('dropped'), `${lines.join('\n')}\n${JSON.stringify({ ...row, id: 'dropped-1' })}\n`);
    const records = `select count(*) as n from source_record where system = 'grid'`;
    const before = Number((await one<{ n: string }>(records)).n);
    renameSync(city('dropped'), city('grid/persons.jsonl'));
    await until(filesRead, (n) => n === 15);
    await drained();
    expect(Number((await one<{ n: string }>(records)).n)).toBe(before + 1);
  });

  it('replays a dead letter that a steward asks for, each by the room it is of', async () => {
    const row = JSON.parse(readFileSync(city('grid/persons.jsonl'), 'utf8').split('\n').find((l) => l.startsWith('{"id":"'))!) as object;
    const { digest } = await one<{ digest: string }>(`select digest from snapshot_file where system = 'grid' order by started_at desc limit 1`);
    const bytes = hub.parts.store.sealing.seal(JSON.stringify({ ...row, id: 'mended-1' }));
    await db.pool.query(
      `insert into dead_letter (id, system, record_type, code, stage, reason, origin_source, origin_position, sealed_bytes, created_at)
       values ('mended', 'grid', 'person', 'YICI_ROW_KEY_MISSING', 'mapping', 'x', $1, 999999, $2, now())`, [digest, bytes]);
    expect((await steward('POST', '/dead-letters/mended/replay', { body: {} })).status).toBe(202);
    await until(() => one<{ at: Date | null }>(`select replayed_at as at from dead_letter where id = 'mended'`), ({ at }) => at !== null);
    await drained();
    const placed = `select count(*)::int as n from source_record s join crosswalk c on c.record_id = s.id where s.origin_position = 999999 and s.record_type = 'person'`;
    expect(await one(placed)).toEqual({ n: 1 });
  });
});
