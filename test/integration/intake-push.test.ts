import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import pg from 'pg';
import { startHub, type RunningHub } from '#apps/hub/start-hub';
import { sign } from '#libs/connector-sdk/protocols/hmac';
import type { Log } from '#libs/bus/log';
import { silentLogger } from '#libs/platform/logger';
import { caller } from '#test/support/http-hub';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

const SECRET = 'secret of the grid for this test';
const COLUMNS = ['id', 'tenantId', 'gridCode', 'ident', 'name', 'usedname', 'sex', 'birthday', 'nation', 'politics', 'education', 'marriage', 'phone', 'domicile', 'domiciledetail',
  'residence', 'residencedetail', 'account', 'accountidentity', 'accountrelation', 'uniformlogo', 'flowRea', 'isLow', 'isDisabled', 'isElderlyAlone', 'delFlag', 'updateTime'];

let db: TestDatabase;
let dataDir: string;
let exchange: pg.Client;
let hub: RunningHub;

const environment = () => ({ DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '12', YICI_GRID_PUSH_SECRET: SECRET, YICI_HUKOU_DATABASE_URL: db.ownerUrl });

beforeAll(async () => {
  db = await createTestDatabase();
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'yici-intake-'));
  hub = await startHub({ port: 0, dataDir, logger: silentLogger, environment: environment() });
  exchange = new pg.Client({ connectionString: db.ownerUrl });
  await exchange.connect();
});
afterAll(async () => {
  await hub.close();
  await exchange.end();
  rmSync(dataDir, { recursive: true });
  await db.drop();
});
beforeEach(() => db.asOwner(async (c) => { await c.query('truncate dead_letter'); }));

const row = (id: string, more: object = {}): object => ({ ...Object.fromEntries(COLUMNS.map((c) => [c, null])), id, name: '张伟强', sex: '1', delFlag: '0', updateTime: '2026-03-01 10:30:00', ...more });
async function push(body: string, options: { signed?: string; now?: number; headers?: Record<string, string>; path?: string } = {}) {
  const headers = { ...sign('sm3', SECRET, Buffer.from(options.signed ?? body), options.now ?? Date.now()), ...options.headers };
  return caller(hub.url)('POST', options.path ?? '/intake/grid/persons', { body, headers });
}
function* megabytes(n: number): Generator<Buffer> {
  for (let i = 0; i < n; i++) yield Buffer.alloc(1 << 20, 0x20);
}
const count = async (sql: string): Promise<number> => Number((await db.pool.query<{ n: string }>(`select count(*) as n from ${sql}`)).rows[0]!.n);
const recordsOf = (system: string) => count(`source_record s join crosswalk c on c.record_id = s.id where system = '${system}'`);
const state = async (system: string) => (await db.pool.query<{ state: string; code: string | null }>('select state, code from connector_state where system = $1', [system])).rows[0];

describe('a push', () => {
  it('is answered when it is durable, item by item, and becomes records', async () => {
    const answer = await push(JSON.stringify([row('P1'), row('P2', { account: '123456789' }), row('', {})]));
    expect([answer.status, answer.body]).toEqual([200, {
      accepted: 2, void: 0, dead: 1,
      items: [{ position: 1, outcome: 'accepted' }, { position: 2, outcome: 'accepted' }, { position: 3, outcome: 'dead', code: 'YICI_ROW_KEY_MISSING', reason: expect.any(String) }],
    }]);
    await until(() => recordsOf('grid'), (n) => n === 3);
  });

  it('has no effect twice when it is sent twice', async () => {
    const body = JSON.stringify([row('P3'), { id: 'P4', wrong: 1 }]);
    for (let n = 0; n < 3; n++) expect((await push(body)).status).toBe(200);
    expect(await count('dead_letter')).toBe(1);
    await until(() => recordsOf('grid'), (n) => n === 4);
    const versions = await count(`source_record_version v join source_record s on s.id = v.record_id where s.system = 'grid'`);
    expect(versions).toBe(0);
  });

  it.each<[string, Parameters<typeof push>[1]]>([
    ['a wrong signature', { headers: { 'x-signature': 'f'.repeat(64) } }],
    ['altered bytes', { signed: JSON.stringify([row('other')]) }],
    ['an old timestamp', { now: Date.now() - 3_600_000 }],
    ['a timestamp of tomorrow', { now: Date.now() + 86_400_000 }],
    ['no nonce', { headers: { 'x-nonce': '' } }],
  ])('with %s is refused without saying why', async (_what, options) => {
    const before = await recordsOf('grid');
    const { status, body } = await push(JSON.stringify([row('refused')]), options);
    expect([status, body]).toEqual([401, expect.objectContaining({ code: 'YICI_PUSH_NOT_SIGNED', message: 'The request is not signed as agreed.' })]);
    expect(await recordsOf('grid')).toBe(before);
  });

  it('of nobody\'s address, or of a system that does not push, finds no door', async () => {
    for (const path of ['/intake/grid/others', '/intake/nobody/persons', '/intake/hukou/persons', '/intake/__proto__/persons']) expect((await push('[]', { path })).status).toBe(404);
  });

  it('of 100 MB is refused without being kept', async () => {
    const { port } = new URL(hub.url);
    const before = process.memoryUsage.rss();
    const status = await new Promise<number | string>((resolve) => {
      const request = httpRequest({ port, path: '/intake/grid/persons', method: 'POST', headers: { 'content-type': 'application/json' } }, (r) => {
        r.resume();
        resolve(r.statusCode!);
      });
      request.on('error', (error) => resolve(String(error)));
      Readable.from(megabytes(100)).pipe(request);
    });
    expect(status).toBe(413);
    expect((process.memoryUsage.rss() - before) / (1 << 20)).toBeLessThan(80);
  });

  it('that is compressed, no array, or too long is refused as a whole', async () => {
    expect((await push('[]', { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    for (const body of ['{}', '', '[', '[1,]']) expect([body, (await push(body)).status]).toEqual([body, 400]);
    expect((await push(JSON.stringify(Array.from({ length: 201 }, () => 0)))).status).toBe(413);
  });

  it('with poisoned items harms only these', async () => {
    const deep = `{"id":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const twice = JSON.stringify(row('P5')).replace('"sex":"1"', '"sex":"1","sex":"2"');
    const number = JSON.stringify(row('P6')).replace('"ident":null', '"ident":990101196203150315');
    const proto = JSON.stringify(row('P7')).replace('"sex":"1"', '"__proto__":{"delFlag":"1"},"sex":"1"');
    const { status, body } = await push(`[${[deep, twice, number, proto, JSON.stringify(row('P8'))].join(',')}]`);
    expect(status).toBe(200);
    expect(body.items.map((i: { code?: string; outcome: string }) => i.code ?? i.outcome)).toEqual(
      ['YICI_ROW_TOO_DEEP', 'YICI_ROW_DUPLICATE_KEY', 'YICI_ROW_NUMBER_TOO_LONG', 'YICI_ROW_UNKNOWN_COLUMN', 'accepted']);
    const kept = await db.pool.query<{ sealed_bytes: Buffer }>('select sealed_bytes from dead_letter order by origin_position');
    expect(kept.rows.map((r) => hub.parts.store.sealing.openText(r.sealed_bytes))).toEqual([deep, twice, number, proto]);
  });

  it('of another schema stops the connector, keeps nothing, and the sender keeps it; a good push starts it again', async () => {
    const drifted = Array.from({ length: 6 }, (_, n) => ({ ...row(`D${n}`), phone: undefined, mobile: '13900000001' }));
    const { status, body } = await push(JSON.stringify(drifted));
    expect([status, body.code]).toEqual([503, 'YICI_SNAPSHOT_SCHEMA_DRIFT']);
    expect(await state('grid')).toMatchObject({ state: 'stopped' });
    expect((await caller(hub.url)('GET', '/health')).body.checks.intake).toBe('degraded');
    expect(await count('dead_letter')).toBe(0);
    expect((await push(JSON.stringify([row('P9')]))).status).toBe(200);
    expect(await state('grid')).toEqual({ state: 'running', code: null });
  });

  it('is not acknowledged while the log is away', async () => {
    const log = hub.parts.log as { publish: Log['publish'] };
    const publish = log.publish;
    log.publish = () => Promise.reject(new Error('away'));
    try {
      const { status, body } = await push(JSON.stringify([row('P10'), { id: 'P11', wrong: 1 }]));
      expect([status, body.code]).toEqual([503, 'YICI_INTAKE_NOT_TAKEN']);
      expect(await count('dead_letter')).toBe(0);
    } finally {
      log.publish = publish;
    }
  });
});

describe('an exchange database', () => {
  it('that lacks its tables stops its connector alone, and is read when they are there', async () => {
    await until(() => state('hukou'), (s) => s?.state === 'stopped');
    const { manifest } = hub.parts.connectors.find((c) => c.id === 'hukou')!;
    const columns = (t: number) => manifest.snapshot.tables[t]!.read.columns.map((c) => `"${String(c)}" ${c === 'RYNBID' ? 'bigint' : 'text'}`).join(', ');
    await exchange.query(`create schema hukou; create table hukou."HJXX_CZRKJBXXB" (${columns(0)}); create table hukou."HJXX_HXXB" (${columns(1)})`);
    await exchange.query(`insert into hukou."HJXX_HXXB" ("HHNBID", "HH", "HLX", "SSXQ", "JLX", "MLPH", "MLXZ", "HHZT", "JLBZ", "GXSJ") values ('H1', '1', '1', '990101', '牡丹大道', '251号', '3幢1单元301室', '0', '1', '20210303082824')`);
    await exchange.query(`insert into hukou."HJXX_CZRKJBXXB" ("RYNBID", "RYID", "HHNBID", "XM", "RYZT", "JLBZ", "CXBZ", "GXSJ") select n, 'R' || n, 'H1', '张伟强', '0', '1', '0', '20240512103000' from generate_series(1, 20) n`);
    await until(() => recordsOf('hukou'), (n) => n === 21);
    await until(() => state('hukou'), (s) => s?.state === 'running');
    expect((await db.pool.query(`select channel, position from watermark where system = 'hukou' order by channel`)).rows).toEqual([
      { channel: 'sql:HJXX_CZRKJBXXB', position: { watermark: '20' } }, { channel: 'sql:HJXX_HXXB', position: { watermark: '20210303082824' } }]);
  });

  it('goes on after a restart of the hub where it stood, and re-reads its window to no effect', async () => {
    await hub.close();
    await exchange.query(`insert into hukou."HJXX_CZRKJBXXB" ("RYNBID", "RYID", "HHNBID", "XM", "RYZT", "JLBZ", "CXBZ", "GXSJ") values (21, 'R21', 'H1', '李秀英', '0', '1', '0', '20240512103000')`);
    hub = await startHub({ port: 0, dataDir, logger: silentLogger, environment: environment() });
    await until(() => recordsOf('hukou'), (n) => n === 22);
    expect(await count(`source_record_version v join source_record s on s.id = v.record_id where s.system = 'hukou'`)).toBe(0);
  });

  it('that is away disables its connector alone; the others are read', async () => {
    await hub.close();
    hub = await startHub({ port: 0, dataDir, logger: silentLogger, environment: { ...environment(), YICI_HUKOU_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/none' } });
    await until(() => state('hukou'), (s) => s?.state === 'disabled' && s.code === 'YICI_SOURCE_UNREACHABLE');
    expect((await caller(hub.url)('GET', '/health')).body.checks.intake).toBe('degraded');
    expect((await push(JSON.stringify([row('P12')]))).status).toBe(200);
  });

  it('that was not configured is disabled in silence of alarms, named in its state', async () => {
    await hub.close();
    hub = await startHub({ port: 0, dataDir, logger: silentLogger, environment: { DATABASE_URL: db.ownerUrl } });
    expect(await state('hukou')).toEqual({ state: 'disabled', code: 'YICI_CONNECTOR_SECRET_MISSING' });
    expect((await caller(hub.url)('GET', '/health')).body.checks.intake).toBe('up');
    expect((await push('[]')).status).toBe(503);
  });
});
