import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Log } from '#libs/bus/log';
import { PostgresLog } from '#libs/bus/postgres-log';
import { silentLogger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { openDataSource, poolOf } from '#libs/store/data-source';
import { logContract } from '#test/support/log-contract';
import { until } from '#test/support/until';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

let db: TestDatabase;
const parts = new Map<Log, { dataSource: DataSource; listener: PostgresListener }>();

async function open(leaseMs = 10_000, retentionMs?: number): Promise<PostgresLog> {
  const dataSource = await openDataSource({ url: db.ownerUrl, poolSize: 4, as: 'application' });
  const listener = new PostgresListener(poolOf(dataSource), silentLogger);
  const log = new PostgresLog({ pool: poolOf(dataSource), listener, logger: silentLogger, leaseMs, retentionMs });
  parts.set(log, { dataSource, listener });
  const close = log.close.bind(log);
  log.close = async () => {
    await close();
    await listener.close();
    await dataSource.destroy();
  };
  return log;
}

/** All its connections end at once and none comes back. */
async function kill(log: Log): Promise<void> {
  const { dataSource, listener } = parts.get(log)!;
  const pool = poolOf(dataSource) as unknown as { connect: () => Promise<never>; query: () => Promise<never>; _clients: { connection: { stream: { destroy(): void } } }[] };
  const dead = () => Promise.reject(new Error('killed'));
  pool.connect = dead;
  pool.query = dead;
  for (const client of pool._clients) client.connection.stream.destroy();
  await listener.close().catch(() => undefined);
  // Only so that jest can end: a killed process has no timers.
  for (const subscription of (log as PostgresLog)['running']) {
    subscription['closing'] = true;
    subscription['wakeUp'].wake();
    clearInterval(subscription['renewer']);
  }
  clearInterval((log as PostgresLog)['trimmer']);
}

beforeAll(async () => { db = await createTestDatabase(); });
afterAll(() => db.drop());

logContract('PostgreSQL log', { open: () => open(), kill });

describe('PostgreSQL log', () => {
  it('takes over from a process that lives but is silent, and the silent one cannot commit', async () => {
    const topic = 'silent';
    const [silent, other] = [await open(600), await open(600)];
    await silent.ensureTopics([{ topic, partitions: 1 }]);
    let release: () => void = () => undefined;
    let aborted = false;
    const frozen = await silent.subscribe({
      topics: [topic], group: 'g', handler: async (_batch, signal) => {
        await new Promise<void>((resolve) => { release = resolve; });
        aborted = signal.aborted;
      },
    });
    await silent.publish(topic, [{ key: 'k', value: Buffer.from('1') }]);
    await sleep(100);
    // Frozen as by a long stop of the event loop: no renewal reaches the server.
    const pool = poolOf(parts.get(silent)!.dataSource);
    const query = pool.query.bind(pool);
    (pool as unknown as { query: unknown }).query = () => Promise.reject(new Error('frozen'));
    await sleep(800);
    const got: string[] = [];
    const taken = await other.subscribe({ topics: [topic], group: 'g', handler: async (b) => { got.push(...b.messages.map((m) => m.offset)); } });
    await until(() => got.length === 1);
    await other.publish(topic, [{ key: 'k', value: Buffer.from('2') }]);
    await until(async () => (await other.positions('g', [topic]))[0]!.committed === '2');
    (pool as unknown as { query: unknown }).query = query;
    release();
    await until(() => aborted);
    await sleep(100);
    expect(got.length).toBe(2);
    expect((await other.positions('g', [topic]))[0]).toMatchObject({ committed: '2', end: '2' });
    await Promise.all([frozen.close(), taken.close()]);
    await Promise.all([silent.close(), other.close()]);
  });

  it('removes only what is old and read by every group', async () => {
    const topic = 'trimmed';
    const log = await open(10_000, 0);
    await log.ensureTopics([{ topic, partitions: 1 }]);
    const publish = (n: number) => log.publish(topic, Array.from({ length: n }, (_, i) => ({ key: 'k', value: Buffer.from(String(i)) })));
    await publish(10);
    const slow = await log.subscribe({ topics: [topic], group: 'slow', batchSize: 4, handler: async (b) => { if (b.messages[0]!.offset !== '0') throw new Error('no'); } });
    const fast = await log.subscribe({ topics: [topic], group: 'fast', handler: async () => undefined });
    await until(async () => (await log.positions('fast', [topic]))[0]!.committed === '10' && (await log.positions('slow', [topic]))[0]!.committed === '4');
    await sleep(5);
    await log.trim();
    const left = await db.pool.query<{ o: string }>('select "offset" as o from log_message where topic = $1 order by 1', [topic]);
    expect(left.rows.map((r) => r.o)).toEqual(['4', '5', '6', '7', '8', '9']);
    await Promise.all([slow.close(), fast.close()]);
    expect((await log.positions('fast', [topic]))[0]).toMatchObject({ committed: '10', end: '10' });
    await log.close();
  });

  it('hides a message from readers until all before it are committed', async () => {
    const topic = 'ordered';
    const log = await open();
    await log.ensureTopics([{ topic, partitions: 1 }]);
    const got: string[] = [];
    const running = await log.subscribe({ topics: [topic], group: 'g', handler: async (b) => { got.push(...b.messages.map((m) => m.value.toString())); } });
    const client = await db.pool.connect();
    await client.query('begin');
    await client.query(`select log_append($1, '{0}', '{k}', '{null}', '{1}', '\\x61')`, [topic]);
    const second = log.publish(topic, [{ key: 'k', value: Buffer.from('b') }]);
    await sleep(150);
    expect(got).toEqual([]);
    await client.query('commit');
    client.release();
    await second;
    await until(() => got.length === 2);
    expect(got).toEqual(['a', 'b']);
    await running.close();
    await log.close();
  });
});
