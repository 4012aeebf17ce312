import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { KafkaLog } from '#libs/bus/kafka-log';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { generateCity } from '#libs/synthetic/generate-city';
import { NodeProcess } from '#test/support/child-process';
import { TinyGrid } from '#test/support/fanout-stage';
import { caller, type Caller } from '#test/support/http-hub';
import { describeWithKafka, startKafka, type RunningKafka } from '#test/support/kafka-under-test';
import { loadedCity } from '#test/support/loaded-city';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

interface Started { url: string; accounts: { role: string; username: string; password: string }[] }

const RESOLUTION_READS = [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted];
const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-roles-'));
const city = path.join(dir, 'city');
const keysFile = path.join(dir, 'keys.json');
const processes: NodeProcess[] = [];
let kafka: RunningKafka;
let db: TestDatabase;
let sealing: Sealing;
let grid: TinyGrid;
let log: KafkaLog;
let bulkHash: string;
let bulkRows: number;

async function start(roles: string, cityDir?: string): Promise<Started> {
  const one = new NodeProcess('test/support/role-process.mjs', [roles, ...(cityDir === undefined ? [] : [cityDir])], {
    DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '8', KAFKA_BROKERS: kafka.brokers.join(','), YICI_KEYS_FILE: keysFile, YICI_DATA_DIR: dir,
    YICI_GRID_URL: grid.url, YICI_GRID_SYNC_SECRET: 'sync', YICI_GRID_PUSH_SECRET: 'push',
  });
  processes.push(one);
  return JSON.parse(await one.printedLine()) as Started;
}

async function count(sql: string): Promise<number> {
  return Number((await db.pool.query<{ n: string }>(`select count(*) as n from ${sql}`)).rows[0]!.n);
}

async function resolved(): Promise<boolean> {
  return (await log.positions('resolution', RESOLUTION_READS)).every((p) => p.committed === p.end) && await count('outbox') === 0;
}

/** Signs in at the api; any process knows the session. */
async function signIn({ url, accounts }: Started, role: string, at = url): Promise<Caller> {
  const { username, password } = accounts.find((a) => a.role === role)!;
  const { body } = await caller(url)('POST', '/login', { body: { username, password, bearer: true } });
  return caller(at, { authorization: `Bearer ${body.token}` });
}

describeWithKafka('four processes, one a role, on one Kafka and one PostgreSQL', () => {
  beforeAll(async () => {
    await generateCity({ persons: 300, seed: 'roles over kafka' }, city);
    const { result } = await loadedCity(city);
    bulkHash = result.partitionHash;
    bulkRows = Object.values(result.rows).reduce((n, r) => n + r.read, 0);
    kafka = await startKafka();
    db = await createTestDatabase();
    grid = await TinyGrid.start();
    sealing = new Sealing(loadSealingKeys(keysFile, { create: true }).keys);
    log = new KafkaLog({ brokers: kafka.brokers, tls: false, logger: silentLogger });
    await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: 8 })));
  }, 300_000);
  afterAll(async () => {
    await Promise.all(processes.map((p) => p.stop()));
    await log.close();
    await grid.close();
    await db.drop();
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  let api: Started;
  let resolution: Started;

  it('stream a city into the partition that a load makes of it', async () => {
    [api, resolution] = await Promise.all([start('api'), start('resolution'), start('fanout'), start('intake', city)]);
    const read = async (): Promise<number> => Number((await db.pool.query<{ n: string | null }>(`select sum(rows_read) as n from snapshot_file where state = 'read'`)).rows[0]!.n);
    await until(async () => await read() === bulkRows && await resolved());
    expect(await storedPartitionHash(db.pool, sealing)).toBe(bulkHash);
    expect(await count(`inbox where consumer = 'resolution'`)).toBeGreaterThan(1000);
    expect((await log.positions('resolution', [TOPIC.sourceRecordAccepted])).reduce((n, p) => n + Number(p.end), 0)).toBeGreaterThan(1000);
  }, 300_000);

  it('move an entry from the worker to the grid, and its receipt fills', async () => {
    const admin = await signIn(api, 'admin');
    await admin('POST', '/agreements/approve', { body: { state: 'proposed' } });
    await admin('POST', '/connections/grid/rehearse');
    expect((await admin('POST', '/connections/grid/approve', { body: { deliver: false } })).status).toBeLessThan(300);
    const { rows } = await db.pool.query<{ id: string }>(
      `select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id and e.state = 'active' and e.record_type = 'person'
        group by c.entity_id having count(*) filter (where s.system = 'grid' and s.state = 'current') = 1 and count(*) filter (where s.system = 'smart-community') = 0
          and bool_and(not s.test and s.state = 'current') order by c.entity_id limit 1`);
    const worker = await signIn(api, 'worker');
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    const { body, status } = await worker('POST', '/entries', { body: { kind: 'phone', personId: rows[0]!.id, phone: '13712345678', occurredOn: today } });
    expect(status).toBeLessThan(300);
    await until<{ target: string; state: string }[]>(
      async () => (await worker('GET', `/entries/${body.entryId}`)).body.receipt ?? [],
      (receipt) => receipt.some((l) => l.target === 'grid' && ['written', 'confirmed'].includes(l.state)), 'the receipt of the grid');
    expect(JSON.stringify([...grid.rows.values()])).toContain('13712345678');
  }, 300_000);

  it('tell their health by progress, and what lies before them', async () => {
    const { body } = await caller(resolution.url)('GET', '/health');
    expect([body.state, Object.keys(body.checks)]).toEqual(['up', ['store', 'resolution']]);
    const { text } = await (await signIn(api, 'admin', resolution.url))('GET', '/metrics');
    expect(text).toMatch(/^yici_log_lag_messages\{group="resolution"\} 0$/m);
  });
});
