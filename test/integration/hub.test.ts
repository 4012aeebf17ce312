import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startHub, type HubOptions, type RunningHub } from '#apps/hub/start-hub';
import { hashPassword } from '#libs/access/password';
import { silentLogger } from '#libs/platform/logger';
import { caller, type Caller } from '#test/support/http-hub';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

// A busy machine takes its time to start PostgreSQL.
jest.setTimeout(120_000);

let db: TestDatabase;
let dataDir: string;
let hub: RunningHub;
let token: string;
let worker: Caller;

const options = (more: HubOptions = {}): HubOptions => ({
  port: 0, dataDir, logger: silentLogger, environment: { DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '10', YICI_SHUTDOWN_SECONDS: '20', YICI_TRUSTED_PROXIES: 'loopback' }, ...more,
});

async function signIn(url: string, username: string, password: string): Promise<string> {
  return (await caller(url)('POST', '/login', { body: { username, password, bearer: true } })).body.token;
}


beforeAll(async () => {
  db = await createTestDatabase();
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'yici-hub-'));
  hub = await startHub(options());
  const accounts = await hub.createFirstAccounts();
  token = await signIn(hub.url, 'worker', accounts.find((a) => a.role === 'worker')!.password);
  worker = caller(hub.url, { authorization: `Bearer ${token}` });
});
afterAll(async () => {
  await hub.close();
  rmSync(dataDir, { recursive: true });
  await db.drop();
});

const newcomer = { kind: 'newPerson', name: '李秀英', citizenId: '990101196408220428', currentAddress: '幸福小区3幢2单元301室', phone: '13900000001', occurredOn: '2026-03-30' };

describe('the hub with all roles', () => {
  it('is healthy by progress', async () => {
    const { status, body } = await caller(hub.url)('GET', '/health');
    expect([status, body.state]).toEqual([200, 'up']);
    expect(Object.keys(body.checks)).toEqual(expect.arrayContaining(['store', 'resolution', 'fanout.grid', 'fanout.hukou']));
  });

  it('takes an entry once, makes a person of it, and answers for every system', async () => {
    const { body } = await worker('POST', '/entries', { body: newcomer });
    const entry = await until(async () => (await worker('GET', `/entries/${body.entryId}`)).body, (e) => e.state === 'resolved');
    expect(entry.entityId).toMatch(/^p-/);
    expect(entry.receipt.map((l: { target: string }) => l.target)).toEqual(hub.parts.connectors.map((c) => c.id));
    const person = await worker('GET', `/persons/${entry.entityId}`);
    expect(person.body.fields.name).toMatchObject({ value: { value: '李秀英' }, provenance: { record: `hub:person:${body.entryId}` } });
    const found = await worker('POST', '/persons/search', { body: { phone: '13900000001' } });
    expect(found.body.items).toEqual([expect.objectContaining({ id: entry.entityId, name: '李秀英' })]);

    const moved = await worker('POST', '/entries', { body: { kind: 'move', personId: entry.entityId, direction: 'moved', address: '花园小区5幢101室', occurredOn: '2026-03-31' } });
    const second = await until(async () => (await worker('GET', `/entries/${moved.body.entryId}`)).body, (e) => e.state === 'resolved');
    expect(second.entityId).toBe(entry.entityId);
    const after = await worker('GET', `/persons/${entry.entityId}`);
    expect(after.body.fields.currentAddress.value).toMatchObject({ estate: '花园小区', building: '5', room: '101' });
    expect((await worker('GET', '/counts')).body.entries).toEqual({ resolved: 2 });
  });

  it('opens no route of any room to a stranger', async () => {
    const document = (await worker('GET', '/api/openapi.json')).body;
    const open: string[] = [];
    for (const [route, methods] of Object.entries<Record<string, object>>(document.paths)) {
      for (const method of Object.keys(methods)) {
        const address = route.replace(/\{\w+\}/g, '0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f');
        const { status } = await caller(hub.url)(method.toUpperCase(), address, method === 'post' ? { body: {} } : {});
        if (status !== 401) open.push(`${method.toUpperCase()} ${route}`);
      }
    }
    // Machine intake answers by itself: it checks the HMAC of the system.
    expect(open.filter((r) => !r.startsWith('POST /intake/')).sort()).toEqual(['GET /health', 'POST /login', 'POST /login/one-time']);
  });

  it('believes a trusted proxy: cookies for HTTPS only, the origin of the outer address', async () => {
    await hub.parts.store.pool.query(`update account set password_hash = $1 where username = 'steward'`, [await hashPassword('a password for a test')]);
    const outside = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'hub.example', origin: 'https://hub.example' };
    const { status, headers } = await caller(hub.url)('POST', '/login', { body: { username: 'steward', password: 'a password for a test' }, headers: outside });
    expect([status, String(headers['set-cookie'])]).toEqual([200, expect.stringMatching(/; Secure$/)]);
    const browser = caller(hub.url, { cookie: String(headers['set-cookie']).split(';')[0]! });
    expect((await browser('POST', '/logout', { headers: { ...outside, origin: hub.url } })).status).toBe(403);
    expect((await browser('POST', '/logout', { headers: outside })).status).toBe(204);
  });

  it('says that its port is taken, and leaves nothing running', async () => {
    const second = options({ port: Number(new URL(hub.url).port) });
    await expect(startHub(second)).rejects.toMatchObject({ code: 'YICI_HUB_PORT_TAKEN' });
  });
});

describe('a hub of some roles', () => {
  it('signs nobody in without api, and still answers for its health', async () => {
    const part = await startHub(options({ roles: ['resolution'] }));
    try {
      const anyone = caller(part.url);
      expect((await anyone('GET', '/health')).status).toBe(200);
      for (const [method, route] of [['POST', '/login'], ['POST', '/entries'], ['GET', '/api/openapi.json'], ['GET', '/persons']] as const) {
        expect((await anyone(method, route, method === 'POST' ? { body: {} } : {})).status).toBe(404);
      }
    } finally {
      await part.close();
    }
  });

  it('works with a hub of the others: one takes the entry, another resolves it; the session holds in both', async () => {
    await hub.close();
    const parts = [await startHub(options({ roles: ['api'] })), await startHub(options({ roles: ['resolution', 'fanout'] }))];
    try {
      const call = caller(parts[0]!.url, { authorization: `Bearer ${token}` });
      expect((await call('GET', '/health')).body.checks).toEqual({ store: 'up' });
      const { body } = await call('POST', '/entries', { body: { ...newcomer, name: '张小宝', citizenId: '990101201809010150', phone: '13900000002' } });
      const entry = await until(async () => (await call('GET', `/entries/${body.entryId}`)).body, (e) => e.state === 'resolved');
      expect((await call('GET', `/persons/${entry.entityId}`)).body.fields.name.value.value).toBe('张小宝');
    } finally {
      for (const part of parts) await part.close();
      hub = await startHub(options());
    }
  });

  it('names every fault of its configuration at once and starts nothing', async () => {
    const wrong = startHub({ ...options(), environment: { DATABASE_URL: 'mysql://x', YICI_PORT: '99999', YICI_ROLES: 'api,king', YICI_LOG_LEVEL: 'loud' }, port: undefined });
    await expect(wrong).rejects.toMatchObject({ code: 'YICI_CONFIG_INVALID', faults: [1, 2, 3, 4].map(() => expect.any(String)) });
    await expect(startHub({ ...options(), environment: { KAFKA_BROKERS: 'a:1', YICI_KAFKA_USERNAME: 'u' } })).rejects.toMatchObject({ code: 'YICI_CONFIG_INVALID' });
  });
});
