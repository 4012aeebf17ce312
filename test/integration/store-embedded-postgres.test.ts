import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import { silentLogger } from '#libs/platform/logger';
import { until } from '#test/support/until';

const root = mkdtempSync(path.join(os.tmpdir(), 'yici-embedded-'));
const dataDir = path.join(root, 'data');
const start = (dir = dataDir) => EmbeddedPostgres.start({ dataDir: dir, logger: silentLogger, sharedBuffersMiB: 32 });
const postmaster = () => Number(readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
const portOf = (server: EmbeddedPostgres) => new URL(server.url('postgres')).port;

async function ask(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url('kept') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(() => chmodSync(root, 0o711));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('embedded PostgreSQL', () => {
  it('keeps data, port and password from start to start, for its owner alone', async () => {
    const first = await start();
    expect(first.adopted).toBe(false);
    await first.ensureDatabase('kept');
    await first.ensureDatabase('kept');
    await ask(first, 'create table t as select 1 as n');
    const port = portOf(first);
    await first.stop();
    expect(existsSync(path.join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
    expect(statSync(path.join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
    const second = await start();
    expect(portOf(second)).toBe(port);
    expect(await ask(second, 'select n from t')).toEqual([{ n: 1 }]);
    await second.stop();
  });

  it('is durable: every commit is synced', async () => {
    const server = await start();
    const settings = await ask(server, `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses') order by 1`);
    expect(settings.map((s) => s['setting'])).toEqual(['on', 'on', '127.0.0.1', 'on']);
    await server.stop();
  });

  it('is shared: the second adopts it, the last to leave stops it', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    expect([a.adopted, b.adopted].filter(Boolean).length).toBeLessThanOrEqual(1);
    const c = await start();
    expect(c.adopted).toBe(true);
    await a.stop();
    await b.stop();
    expect(await ask(c, 'select n from t')).toEqual([{ n: 1 }]);
    await c.stop();
    expect(existsSync(path.join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  it('is adopted after its starter was killed, and keeps what was committed when the server itself is killed', async () => {
    const killed = await start();
    await ask(killed, 'insert into t values (2)');
    // As kill -9 of node does: the connection ends, the server stays.
    await killed.leave();
    const next = await start();
    expect(next.adopted).toBe(true);
    process.kill(postmaster(), 'SIGKILL');
    await until(() => { try { process.kill(postmaster(), 0); return false; } catch { return true; } });
    const after = await start();
    expect(await ask(after, 'select n from t order by n')).toEqual([{ n: 1 }, { n: 2 }]);
    await after.stop();
    await next.stop();
  });

  it('is started again on its port when it is killed under the process that uses it', async () => {
    const server = await start();
    await ask(server, 'insert into t values (3)');
    const dead = postmaster();
    process.kill(dead, 'SIGKILL');
    let rows: unknown;
    for (const end = Date.now() + 60_000; rows === undefined && Date.now() < end; await new Promise((r) => setTimeout(r, 100))) {
      rows = await ask(server, 'select n from t where n = 3').catch(() => undefined);
    }
    expect(rows).toEqual([{ n: 3 }]);
    expect(postmaster()).not.toBe(dead);
    await server.stop();
    expect(existsSync(path.join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  it('takes another port when its own is taken', async () => {
    const server = await start();
    const port = portOf(server);
    await server.stop();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(port), '127.0.0.1', resolve));
    const moved = await start();
    expect(portOf(moved)).not.toBe(port);
    await moved.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  it('clears the draft of a start that was killed, and nothing else', async () => {
    const fresh = path.join(root, 'fresh');
    mkdirSync(path.join(fresh, 'postgres.draft-999999999-0a'), { recursive: true });
    const server = await start(fresh);
    expect(existsSync(path.join(fresh, 'postgres.draft-999999999-0a'))).toBe(false);
    await server.stop();
  });

  it('says so clearly when root keeps its folder closed to the server\'s user', async () => {
    const closed = path.join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const starting = start(path.join(closed, 'data'));
    if (process.getuid?.() === 0) await expect(starting).rejects.toThrow(`may not enter ${closed}`);
    else await (await starting).stop();
  });
});
