import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { routesOf, type Route } from '#apps/hub/routes';
import { createFirstAccounts } from '#libs/access/first-accounts';
import { SESSION_SECONDS } from '#libs/access/session-store';
import { FixedClock } from '#libs/kernel/clock';
import { caller, startHttpHub, type HttpHub } from '#test/support/http-hub';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const OPEN = new Set(['GET /health', 'POST /login', 'POST /login/one-time']);
const ANY_ID = '0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f';

// A busy machine takes its time to start PostgreSQL.
jest.setTimeout(180_000);

let db: TestDatabase;
let hub: HttpHub;
const clock = new FixedClock(Date.parse('2026-04-01T09:00:00+08:00'));

beforeAll(async () => {
  db = await createTestDatabase();
  hub = await startHttpHub(db, { clock, loginLimits: { perNameAndAddress: 4, perAddress: 1000, seconds: 900 } });
});
afterAll(async () => {
  await hub.close();
  await db.drop();
});

const fill = (route: Route) => route.path.replace(/[:*{]\w*}?/g, ANY_ID);

describe('default deny', () => {
  it('answers every route but health and login with 401 when nobody is signed in', async () => {
    const routes = routesOf(hub.app);
    expect(routes.length).toBeGreaterThan(25);
    const answers: Record<string, number> = {};
    for (const route of routes.filter((r) => r.method !== '_ALL')) {
      const { status } = await hub.anyone(route.method, fill(route), route.method === 'POST' ? { body: {} } : {});
      answers[`${route.method} ${route.path}`] = status;
    }
    const open = Object.entries(answers).filter(([, status]) => status !== 401).map(([route]) => route);
    expect(open.sort()).toEqual([...OPEN].sort());
  });

  it('takes a forged, a cut and an ended session for none', async () => {
    const forged = caller(hub.url, { authorization: `Bearer ${'A'.repeat(43)}` });
    expect((await forged('GET', '/session')).status).toBe(401);
    expect((await caller(hub.url, { authorization: 'Bearer x' })('GET', '/session')).status).toBe(401);
    expect((await caller(hub.url, { cookie: `yici_session=${'A'.repeat(43)}` })('GET', '/session')).status).toBe(401);
  });

  it('gives each role its own doors', async () => {
    const doors: Record<string, string[]> = {};
    for (const role of ['admin', 'steward', 'worker', 'statistician', 'auditor'] as const) {
      const call = await hub.as(role);
      doors[role] = [];
      for (const path of ['/accounts', '/audit', '/counts', '/dead-letters', '/entries', '/metrics', '/reviews', `/persons/p-${ANY_ID}`, `/dead-letters/${ANY_ID}`]) {
        if ((await call('GET', path)).status !== 403) doors[role].push(path.replace(ANY_ID, ''));
      }
    }
    expect(doors).toEqual({
      admin: ['/accounts', '/counts', '/dead-letters', '/metrics'],
      steward: ['/counts', '/dead-letters', '/entries', '/reviews', '/persons/p-', '/dead-letters/'],
      worker: ['/counts', '/entries', '/persons/p-'],
      statistician: ['/counts', '/persons/p-'],
      auditor: ['/audit', '/counts', '/metrics'],
    });
  });
});

describe('signing in', () => {
  it('has no default password: first accounts get random ones, once', async () => {
    const own = await createTestDatabase();
    const first = await startHttpHub(own);
    try {
      const created = await createFirstAccounts(first.accounts);
      expect(created.map((a) => a.role).sort()).toEqual(['admin', 'auditor', 'statistician', 'steward', 'worker']);
      expect(new Set(created.map((a) => a.password)).size).toBe(5);
      expect(await createFirstAccounts(first.accounts)).toEqual([]);
      for (const { username, password } of created) {
        expect((await first.anyone('POST', '/login', { body: { username, password } })).status).toBe(200);
        expect((await first.anyone('POST', '/login', { body: { username, password: username } })).status).toBe(401);
      }
    } finally {
      await first.close();
      await own.drop();
    }
  });

  it('sets a cookie that no script and no other site can use, and keeps neither token nor password in the clear', async () => {
    await hub.accounts.create({ username: 'cookie', displayName: 'C', role: 'worker', password: 'a long password' });
    const answer = await hub.anyone('POST', '/login', { body: { username: 'cookie', password: 'a long password' } });
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^yici_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(answer.body).toMatchObject({ account: { username: 'cookie', role: 'worker' } });
    expect(answer.text).not.toContain(cookie.slice(13, 56));
    const [session] = await db.dataSource.query('select encode(token_ref, \'base64\') as ref, (select password_hash from account where username = \'cookie\') as hash from session limit 1');
    expect(session.ref).not.toContain(cookie.slice(13, 30));
    expect(session.hash).toMatch(/^\$argon2id\$/);
  });

  it('answers a wrong password and an unknown name alike', async () => {
    const known = await hub.anyone('POST', '/login', { body: { username: 'cookie', password: 'wrong' } });
    const unknown = await hub.anyone('POST', '/login', { body: { username: 'nobody', password: 'wrong' } });
    expect(known.status).toBe(401);
    expect(unknown.body).toEqual(known.body);
    expect(known.body).toMatchObject({ code: 'YICI_LOGIN_REFUSED', fix: expect.any(String) });
    expect(known.headers['content-type']).toContain('application/problem+json');
  });

  it('slows guessing down', async () => {
    await hub.accounts.create({ username: 'guessed', displayName: 'G', role: 'worker', password: 'a long password' });
    const guess = (password: string) => hub.anyone('POST', '/login', { body: { username: 'guessed', password } });
    for (let i = 0; i < 4; i++) expect((await guess(`guess ${i}`)).status).toBe(401);
    const refused = await guess('a long password');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800);
  });

  it('ends by logout, by time, by a new password, and by closing the account', async () => {
    const admin = await hub.as('admin');
    const make = async (username: string) => {
      const { body } = await admin('POST', '/accounts', { body: { username, displayName: username, role: 'worker' } });
      const login = await hub.anyone('POST', '/login', { body: { username, password: body.password, bearer: true } });
      return { id: body.account.id as string, password: body.password as string, call: caller(hub.url, { authorization: `Bearer ${login.body.token}` }) };
    };
    const [out, late, changed, closed] = [await make('out'), await make('late'), await make('changed'), await make('closed')];
    for (const { call } of [out, late, changed, closed]) expect((await call('GET', '/session')).status).toBe(200);

    expect((await out.call('POST', '/logout')).status).toBe(204);
    expect((await out.call('GET', '/session')).status).toBe(401);

    expect((await changed.call('POST', '/session/password', { body: { current: changed.password, next: 'another long password' } })).status).toBe(204);
    expect((await changed.call('GET', '/session')).status).toBe(401);
    expect((await hub.anyone('POST', '/login', { body: { username: 'changed', password: 'another long password' } })).status).toBe(200);

    expect((await admin('POST', `/accounts/${closed.id}/disable`)).status).toBe(204);
    expect((await closed.call('GET', '/session')).status).toBe(401);
    expect((await hub.anyone('POST', '/login', { body: { username: 'closed', password: closed.password } })).status).toBe(401);

    clock.advance(SESSION_SECONDS * 1000 + 1);
    expect((await late.call('GET', '/session')).status).toBe(401);
  });
});

describe('requests of other sites', () => {
  it('change nothing with the cookie, and everything is as usual from the own page', async () => {
    const { headers } = await hub.anyone('POST', '/login', { body: { username: 'cookie', password: 'a long password' } });
    const browser = caller(hub.url, { cookie: String(headers['set-cookie']).split(';')[0]! });
    expect((await browser('GET', '/session')).status).toBe(200);
    for (const origin of ['http://evil.example', 'null', undefined]) {
      const answer = await browser('POST', '/logout', { headers: origin === undefined ? {} : { origin } });
      expect([answer.status, answer.body.code]).toEqual([403, 'YICI_ACCESS_FOREIGN_ORIGIN']);
    }
    expect((await browser('POST', '/logout', { headers: { origin: hub.url } })).status).toBe(204);
  });
  it('cannot sign their visitor in', async () => {
    const answer = await hub.anyone('POST', '/login', { body: { username: 'cookie', password: 'a long password' }, headers: { origin: 'http://evil.example' } });
    expect(answer.status).toBe(401);
  });
  it('get headers that keep them out', async () => {
    const { headers } = await hub.anyone('GET', '/health');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('what cannot be served', () => {
  it('is answered as problem+json: 404, 405 with Allow, 400, 413, 415', async () => {
    const worker = await hub.as('worker');
    const cases: [Awaited<ReturnType<typeof worker>>, number, string][] = [
      [await worker('GET', '/nowhere'), 404, 'YICI_HTTP_404'],
      [await worker('DELETE', '/entries'), 405, 'YICI_METHOD_NOT_ALLOWED'],
      [await worker('POST', '/entries', { body: '{"kind":' }), 400, 'YICI_HTTP_400'],
      [await worker('POST', '/entries', { body: { kind: 'phone', note: 'x'.repeat(3_000_000) } }), 413, 'YICI_HTTP_413'],
      [await worker('POST', '/entries', { body: {}, headers: { 'content-type': 'application/json; charset=klingon' } }), 415, 'YICI_HTTP_415'],
      [await worker('POST', '/entries', { body: 'kind=phone', headers: { 'content-type': 'text/plain' } }), 400, 'YICI_REQUEST_INVALID'],
      [await worker('GET', '/entries?limit=0&after=x'), 400, 'YICI_REQUEST_INVALID'],
      [await worker('GET', '/persons/%E0%A4%A'), 400, 'YICI_HTTP_400'],
    ];
    for (const [answer, status, code] of cases) {
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ title: expect.any(String), message: expect.any(String), status });
    }
    expect(cases[1]![0].headers['allow']).toBe('GET, POST');
  });
});

describe('the audit log', () => {
  it('holds who did what, verifies, and shows an edit and a gap', async () => {
    const auditor = await hub.as('auditor');
    const { body } = await auditor('GET', '/audit?limit=200');
    const actions = new Set(body.items.map((r: { action: string }) => r.action));
    for (const action of ['session.open', 'session.refused', 'session.close', 'account.create', 'account.disable', 'account.password']) expect(actions).toContain(action);
    expect(JSON.stringify(body.items)).not.toMatch(/a long password|wrong/);
    expect((await auditor('POST', '/audit/verify')).body).toEqual({ intact: true });

    const { Client } = (await import('pg')).default;
    const owner = new Client({ connectionString: db.ownerUrl });
    await owner.connect();
    try {
      await expect(db.dataSource.query('update audit_log set actor = \'x\'')).rejects.toThrow('permission denied');
      await owner.query('update audit_log set actor = \'somebody else\' where id = 3');
      expect((await auditor('POST', '/audit/verify')).body).toEqual({ intact: false, brokenAt: 3 });
    } finally {
      await owner.end();
    }
  });
});

describe('the description of the API', () => {
  it('is for those who may sign in, and describes every route and field', async () => {
    const worker = await hub.as('worker');
    const { body, status } = await worker('GET', '/api/openapi.json');
    expect(status).toBe(200);
    const described = Object.keys(body.paths);
    for (const { method, path } of routesOf(hub.app).filter((r) => !r.path.startsWith('/api/') && r.method !== '_ALL')) {
      const operation = body.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect({ path, summary: operation?.summary }).toEqual({ path, summary: expect.any(String) });
    }
    expect(described).toContain('/entries');
    const bare = Object.entries(body.components.schemas).filter(([, s]) => Object.keys((s as { properties?: object }).properties ?? {}).length === 0);
    expect(bare).toEqual([]);
    expect((await worker('GET', '/api/docs')).status).toBe(200);
    expect((await hub.anyone('GET', '/api/docs')).status).toBe(401);
    expect((await hub.anyone('GET', '/api/openapi.json')).status).toBe(401);
  });
});
