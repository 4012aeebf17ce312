import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startHub, type RunningHub } from '#apps/hub/start-hub';
import { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import { HukouSimulator } from '#libs/synthetic/simulators/hukou-simulator';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const cityDir = path.join(projectRoot(), 'test/fixtures/sample-city');
const PUSH = 'the secret that the grid signs with';
/** A person of the sample city's register. */
const PERSON = '99010238337776';
const SYNC = 'the secret that the hub signs with';

let db: TestDatabase;
let dir: string;
let hub: RunningHub;
let legacy: { grid: GridSimulator; hukou: HukouSimulator };

const one = async <T>(sql: string, values: unknown[] = []): Promise<T> => (await db.pool.query(sql, values)).rows[0] as T;
const start = (more: object) => startHub({
  port: 0, dataDir: dir, logger: silentLogger, ...more,
  environment: { DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '12', YICI_GRID_PUSH_SECRET: PUSH, YICI_HUKOU_DATABASE_URL: db.ownerUrl },
});
const drained = () => until(() => hub.parts.log.positions('resolution', [TOPIC.sourceRecordAccepted]), (all) => all.every((p) => p.committed === p.end));
/** What stands of each record of a system: record ref → digest of its content. */
async function held(system: string): Promise<Map<string, string>> {
  const { rows } = await db.pool.query<{ ref: string; digest: string }>(
    `select encode(record_ref, 'hex') as ref, encode(content_digest, 'hex') as digest from source_record where system = $1 order by 1`, [system]);
  return new Map(rows.map((r) => [r.ref, r.digest]));
}
const changed = (before: Map<string, string>, now: Map<string, string>): number => [...now].filter(([ref, digest]) => before.get(ref) !== digest).length;

beforeAll(async () => {
  db = await createTestDatabase();
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-live-'));
  hub = await start({ cityDir });
  await until(() => one<{ n: number }>(`select count(*)::int as n from snapshot_file where state = 'read'`), ({ n }) => n === 14);
  await drained();
});
afterAll(async () => {
  await Promise.all([legacy?.grid.stop(), legacy?.hukou.stop()]);
  await hub.close();
  rmSync(dir, { recursive: true });
  await db.drop();
});

describe('the live systems after their snapshots', () => {
  it('bring the very records that their snapshots brought', async () => {
    const before = { hukou: await held('hukou'), grid: await held('grid') };
    legacy = {
      grid: await GridSimulator.start({ cityDir, hubUrl: hub.url, pushSecret: PUSH, syncSecret: SYNC }),
      hukou: await HukouSimulator.start({ cityDir, postgresUrl: db.ownerUrl, ticketFolder: path.join(dir, 'tickets') }),
    };
    legacy.grid.pushAll();
    await until(() => one<{ n: number }>(`select count(*)::int as n from watermark where system = 'hukou' and channel like 'sql:%'`), ({ n }) => n === 2);
    await legacy.grid.pushes.drained();
    await drained();
    expect(legacy.grid.pushes.refused).toEqual([]);
    expect({ hukou: await held('hukou'), grid: await held('grid') }).toEqual(before);
  });

  it('bring each change once, over late and repeated pushes and a restart of the hub', async () => {
    const before = { hukou: await held('hukou'), grid: await held('grid') };
    await legacy.hukou.change(PERSON, { DHHM: '13800000009' });
    const first = await until(() => held('hukou'), (now) => changed(before.hukou, now) > 0);
    expect([first.size, changed(before.hukou, first)]).toEqual([before.hukou.size, 1]);
    const row = legacy.grid.find((r) => r['delFlag'] === '0')!;
    legacy.grid.change(String(row['id']), { phone: '13900000009' });
    await legacy.grid.pushes.drained();
    await drained();
    const grid = await held('grid');
    expect([grid.size, changed(before.grid, grid)]).toEqual([before.grid.size, 1]);
    const port = Number(new URL(hub.url).port);
    await hub.close();
    await legacy.hukou.change(PERSON, { DHHM: '13800000010' });
    hub = await start({ port });
    const second = await until(() => held('hukou'), (now) => changed(first, now) > 0);
    expect([second.size, changed(before.hukou, second)]).toEqual([before.hukou.size, 1]);
  });
});
