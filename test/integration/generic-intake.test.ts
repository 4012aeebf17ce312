import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sign } from '#libs/connector-sdk/protocols/hmac';
import { projectRoot } from '#libs/platform/project-root';
import { caller } from '#test/support/http-hub';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

const LIBRARY = path.join(projectRoot(), 'test/fixtures/connectors/library');
const SECRET = 'secret of the library';
const TOKEN = 'token-of-the-school';

let dir: string;
let live: LiveHub<Record<never, never>>;

/** Other folders of data: the same readers, with a token in place of signatures and five requests a minute. */
function folderWithToken(id: 'school' | 'museum'): string {
  const folder = path.join(dir, id);
  cpSync(LIBRARY, folder, { recursive: true });
  const token = `YICI_${id.toUpperCase()}_TOKEN`;
  const manifest = readFileSync(path.join(folder, 'connector.yaml'), 'utf8')
    .replace('id: library', `id: ${id}`).replace('secret: YICI_LIBRARY_PUSH_SECRET', `tokenSecret: ${token}`).replace('YICI_LIBRARY_PUSH_SECRET', token).replace('requestsPerMinute: 60', 'requestsPerMinute: 5');
  writeFileSync(path.join(folder, 'connector.yaml'), manifest);
  return folder;
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-generic-'));
  live = await liveHub({
    simulators: {}, folders: { library: LIBRARY, school: folderWithToken('school'), museum: folderWithToken('museum') },
    environment: { YICI_LIBRARY_PUSH_SECRET: SECRET, YICI_SCHOOL_TOKEN: TOKEN, YICI_MUSEUM_TOKEN: 'token-of-the-museum' },
  });
}, 60_000);
afterAll(async () => {
  await live.close();
  rmSync(dir, { recursive: true });
}, 60_000);

const reader = (card: string, more: object = {}): object => ({
  card, name: '张伟强', idNo: null, phone: '13900000001', homeDivision: null, home: null, left: false, updated: '2026-04-01T10:00:00+08:00', ...more,
});
async function push(body: string | object[], options: { to?: string; secret?: string; signed?: string; now?: number; headers?: Record<string, string> } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { to = '/intake/library/readers', secret = SECRET, signed = text, now = Date.now(), headers = {} } = options;
  return caller(live.hub.url)('POST', to, { body: text, headers: { ...sign('sha256', secret, Buffer.from(signed), now), ...headers } });
}
const records = () => live.records('library');

describe('a system to come, by its folder alone', () => {
  it('pushes 1,000 items and learns of each; one poisoned item harms only itself', async () => {
    const items = Array.from({ length: 1000 }, (_, i) => (i === 3 ? reader('', {}) : i === 500 ? reader('K500', { age: 7 }) : reader(`K${i}`)));
    const { status, body } = await push(items);
    expect([status, body.accepted, body.dead, body.items.length]).toEqual([200, 998, 2, 1000]);
    expect(body.items[3]).toEqual({ position: 4, outcome: 'dead', code: 'YICI_ROW_KEY_MISSING', reason: expect.any(String) });
    expect(body.items[500]).toMatchObject({ position: 501, outcome: 'dead', code: 'YICI_ROW_UNKNOWN_COLUMN' });
    await until(records, (r) => r.size === 998);
    expect(await live.letters('library')).toEqual(['YICI_ROW_KEY_MISSING', 'YICI_ROW_UNKNOWN_COLUMN']);
  });

  it('is refused as a whole, clearly, when it sends no array of 1–1,000 items', async () => {
    const many = Array.from({ length: 1001 }, () => 0);
    for (const [body, status, code] of [
      ['[]', 400, 'YICI_PUSH_EMPTY'], ['{}', 400, 'YICI_PUSH_MALFORMED'], ['', 400, 'YICI_PUSH_MALFORMED'], ['<html></html>', 400, 'YICI_PUSH_MALFORMED'],
      [JSON.stringify(many), 413, 'YICI_PUSH_TOO_MANY'],
    ] as const) {
      const answer = await push(body);
      expect([answer.status, answer.body.code, answer.headers['content-type']]).toEqual([status, code, 'application/problem+json; charset=utf-8']);
      expect(answer.body.fix).toEqual(expect.any(String));
    }
    for (const type of ['text/plain', 'text/csv', 'application/xml', 'application/json; charset=gb18030']) expect((await push([reader('T1')], { headers: { 'content-type': type } })).status).toBe(415);
    expect((await push([reader('T1')], { headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    expect((await records()).has('library:person:T1')).toBe(false);
  });

  it('is let in by its own signature alone', async () => {
    const item = [reader('S1')];
    const strangers: Parameters<typeof push>[1][] = [
      { secret: 'another' }, { signed: '[]' }, { now: Date.now() - 301_000 }, { now: Date.now() + 301_000 }, { headers: { 'x-nonce': '' } }, { headers: { 'x-signature': '' } },
    ];
    for (const options of strangers) expect((await push(item, options)).body).toMatchObject({ status: 401, code: 'YICI_PUSH_NOT_SIGNED' });
    for (const to of ['/intake/library/persons', '/intake/nobody/readers', '/intake/library/__proto__']) expect((await push(item, { to })).status).toBe(404);
    expect((await push(item)).status).toBe(200);
  });

  it('may send the same again: under its Idempotency-Key it gets the same answer, under another nothing changes', async () => {
    const items = [reader('I1'), reader('', {})];
    const first = await push(items, { headers: { 'idempotency-key': 'k-1' } });
    const again = await push(items, { headers: { 'idempotency-key': 'k-1' } });
    expect([again.status, again.body, again.headers['idempotency-replayed']]).toEqual([200, first.body, 'true']);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect((await push(items, { headers: { 'idempotency-key': 'k-2' } })).body).toEqual(first.body);
    expect((await push([reader('I2')], { headers: { 'idempotency-key': 'k-1' } })).body).toMatchObject({ status: 422, code: 'YICI_PUSH_KEY_REUSED' });
    expect((await push(items, { headers: { 'idempotency-key': 'k'.repeat(300) } })).body).toMatchObject({ status: 400, code: 'YICI_PUSH_KEY_MALFORMED' });
    await live.drained();
    expect([...(await records()).keys()].filter((k) => k.startsWith('library:person:I'))).toEqual(['library:person:I1']);
    expect((await live.letters('library')).filter((c) => c === 'YICI_ROW_KEY_MISSING')).toHaveLength(2);
  });

  it('changes its secret without a gap: both values are believed while both are set, then the new one alone', async () => {
    const change = async (environment: Record<string, string>) => {
      await live.restart(environment);
      return [(await push([reader('R1')])).status, (await push([reader('R1')], { secret: 'the next one' })).status];
    };
    expect(await change({ YICI_LIBRARY_PUSH_SECRET_NEXT: 'the next one' })).toEqual([200, 200]);
    expect(await change({ YICI_LIBRARY_PUSH_SECRET: 'the next one' })).toEqual([401, 200]);
    expect(await change({})).toEqual([200, 401]);
  });
});

describe('another, with a token', () => {
  const bearer = (token: string | undefined, body: object[] = [reader('B1')], to = '/intake/school/readers') =>
    caller(live.hub.url)('POST', to, { body, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

  it('is let in by it; a stranger is not, and nobody at another system\'s door', async () => {
    expect((await bearer(undefined)).status).toBe(401);
    expect((await bearer('wrong')).status).toBe(401);
    expect((await bearer('token-of-the-museum')).body).toMatchObject({ status: 403, code: 'YICI_PUSH_OTHER_SYSTEM' });
    expect((await bearer(TOKEN)).body).toMatchObject({ accepted: 1 });
    // The library asks for a signature: a token of the school opens nothing there.
    expect((await bearer(TOKEN, [reader('B2')], '/intake/library/readers')).status).toBe(401);
  });

  it('is told to come later when it asks too often; strangers do not use its rate up, and others go on', async () => {
    const answers: number[] = [];
    for (let i = 0; i < 8; i++) await bearer('wrong');
    for (let i = 0; i < 8; i++) answers.push((await bearer(TOKEN)).status);
    expect(answers.slice(-2)).toEqual([429, 429]);
    expect(answers.filter((s) => s === 200).length).toBeGreaterThanOrEqual(3);
    const refused = await bearer(TOKEN);
    expect([refused.body.code, Number(refused.headers['retry-after'])]).toEqual(['YICI_PUSH_TOO_OFTEN', expect.any(Number)]);
    expect((await push([reader('B3')])).status).toBe(200);
  });
});
