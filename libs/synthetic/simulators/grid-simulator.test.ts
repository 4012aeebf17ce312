import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, getHashes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GridSimulator } from './grid-simulator.js';
import { HttpDoor, readBody } from './http-door.js';
import { signedHeaders } from './signature.js';

interface Push {
  rows: { id: string; updateTime: string; name: string }[];
  headers: Record<string, unknown>;
  body: Buffer;
}

let dir: string;
let hub: HttpDoor;
let pushes: Push[];
let statuses: number[];
let grid: GridSimulator;

const resident = (id: string, more: object = {}): object => ({
  id, tenantId: '990101001', gridCode: '99010100100101', ident: null, name: '甲', sex: '1', phone: null, residence: '990101001001', residencedetail: '枫丹苑1-101', delFlag: '0', updateTime: '2024-01-01 00:00:00', ...more,
});

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yici-grid-'));
  mkdirSync(join(dir, 'grid'));
  const lines = [JSON.stringify(resident('100000001')), '{"id":null,"name":"残缺"}', '{"id":"9","na', JSON.stringify(resident('100000002', { updateTime: '2099-01-01 00:00:00' }))];
  writeFileSync(join(dir, 'grid', 'persons.jsonl'), `${lines.join('\n')}\n`);
  pushes = [];
  statuses = [];
  hub = await HttpDoor.open(0, async (request, response) => {
    const body = (await readBody(request, 1 << 20))!;
    const status = statuses.shift() ?? 202;
    if (status < 300) pushes.push({ rows: JSON.parse(body.toString('utf8')) as Push['rows'], headers: request.headers, body });
    response.writeHead(status).end();
  });
  grid = await start();
});

afterEach(async () => {
  await grid.stop();
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

function start(stateDir?: string): Promise<GridSimulator> {
  return GridSimulator.start({ cityDir: dir, hubUrl: hub.url, pushSecret: 'push', syncSecret: 'sync', hmac: 'sha256', disorder: 0, stateDir });
}

async function sync(items: unknown, secret = 'sync'): Promise<{ status: number; answers: { code: number; id: string; ref: string; message: string }[] }> {
  const body = Buffer.from(JSON.stringify(items));
  const response = await fetch(`${grid.url}/api/population/sync`, { method: 'POST', body, headers: signedHeaders('sha256', secret, body, Date.now()) });
  return { status: response.status, answers: await response.json() as never };
}

async function get(path: string): Promise<{ status: number; value: Record<string, unknown> }> {
  const response = await fetch(grid.url + path, { headers: signedHeaders('sha256', 'sync', Buffer.alloc(0), Date.now()) });
  return { status: response.status, value: await response.json() as never };
}

const stamp = '2026-05-01 10:00:00';

describe('the grid simulator', () => {
  it('leaves out what REST cannot carry and serves the rest', async () => {
    expect(grid.size).toBe(2);
    expect((await get('/api/population/100000001')).value).toMatchObject({ id: '100000001', name: '甲' });
    expect((await get('/api/population/999')).status).toBe(404);
    const first = await get('/api/population?limit=1');
    expect(first.value['items']).toHaveLength(1);
    const second = await get(`/api/population?limit=5&cursor=${encodeURIComponent(String(first.value['cursor']))}`);
    expect(second.value).toMatchObject({ items: [{ id: '100000002' }], cursor: null });
    expect((await get('/api/population?updatedSince=2098-01-01')).value['items']).toHaveLength(1);
  });

  it('answers each item: done, newer here, bad field, unknown id', async () => {
    const { answers } = await sync([
      { ref: 'a', id: '100000001', phone: '13800000001', updateTime: stamp }, { ref: 'b', id: '100000002', phone: '13800000001', updateTime: stamp },
      { ref: 'c', id: '100000001', sex: '男', updateTime: stamp }, { ref: 'd', id: '1', phone: '13800000001' }, { ref: 'e', id: '100000001', diagnosis: 'x' },
    ]);
    expect(answers.map((a) => a.code)).toEqual([0, 409, 422, 422, 422]);
    expect(grid.row('100000001')).toMatchObject({ phone: '13800000001', updateTime: stamp, name: '甲' });
    expect(grid.written).toHaveLength(5);
  });

  it('mints one id for one ref, however often it is asked', async () => {
    const item = { ref: 'new-1', id: null, name: '乙', residence: '990101001001', updateTime: stamp };
    const [one] = (await sync([item])).answers;
    const [two] = (await sync([item])).answers;
    expect(one).toMatchObject({ code: 0, ref: 'new-1', id: expect.stringMatching(/^\d{9}$/) });
    expect(two!.id).toBe(one!.id);
    expect(grid.size).toBe(3);
    expect((await sync([{ ref: 'new-2', id: null, name: '丙' }])).answers[0]!.code).toBe(422);
  });

  it('refuses unsigned, wrongly signed and oversized requests', async () => {
    expect((await sync([], 'other')).status).toBe(401);
    expect((await fetch(`${grid.url}/api/population`)).status).toBe(401);
    expect((await sync({})).status).toBe(400);
    expect((await sync(Array.from({ length: 201 }, () => ({})))).status).toBe(413);
  });

  it('pushes changes and what the hub wrote, signed, and retries until the hub takes them', async () => {
    statuses = [503, 500];
    grid.change('100000001', { phone: '13900000000' });
    await sync([{ ref: 'a', id: '100000001', name: '丁', updateTime: '2098-05-01 10:00:00' }]);
    await grid.pushes.drained();
    expect(pushes.flatMap((p) => p.rows.map((r) => r.name))).toEqual(['甲', '丁']);
    const { headers, body } = pushes[0]!;
    expect(headers['x-signature']).toBe(createHmac('sha256', 'push').update(`${String(headers['x-timestamp'])}.${String(headers['x-nonce'])}.`).update(body).digest('hex'));
  });

  it('keeps what the hub refuses for good', async () => {
    statuses = [401];
    grid.change('100000001', { phone: '13900000000' });
    await grid.pushes.drained();
    expect(grid.pushes.refused).toEqual([{ status: 401, items: 1 }]);
  });

  it('pushes at most 200 rows at once', async () => {
    for (let i = 0; i < 449; i++) grid.add({ name: `戊${i}`, residence: '990101001001' });
    await grid.pushes.drained();
    expect(pushes.every((p) => p.rows.length <= 200)).toBe(true);
    expect(pushes.reduce((n, p) => n + p.rows.length, 0)).toBe(449);
  });

  it('can be slow, broken, busy, or lose its answer after the work was done', async () => {
    const item = [{ ref: 'a', id: '100000001', phone: '13800000001', updateTime: stamp }];
    grid.fail({ kind: 'error' }, 1);
    expect((await sync(item)).status).toBe(500);
    grid.fail({ kind: 'busy' }, 1);
    expect((await sync(item)).answers[0]!.code).toBe(503);
    expect(grid.row('100000001')!['phone']).toBeNull();
    grid.fail({ kind: 'lost-answer' }, 1);
    await expect(sync(item)).rejects.toThrow();
    expect(grid.row('100000001')!['phone']).toBe('13800000001');
    grid.fail({ kind: 'slow', ms: 150 }, 1);
    const before = Date.now();
    expect((await sync(item)).answers[0]!.code).toBe(0);
    expect(Date.now() - before).toBeGreaterThanOrEqual(140);
  });

  it('remembers over a restart', async () => {
    const state = join(dir, 'state');
    mkdirSync(state);
    await grid.stop();
    grid = await start(state);
    const [minted] = (await sync([{ ref: 'new-1', id: null, name: '乙', residence: '990101001001', updateTime: stamp }])).answers;
    await grid.stop();
    grid = await start(state);
    expect(grid.row(minted!.id)).toMatchObject({ name: '乙' });
    expect((await sync([{ ref: 'new-1', id: null, name: '乙', residence: '990101001001', updateTime: stamp }])).answers[0]!.id).toBe(minted!.id);
  });
});

describe('HMAC-SM3', () => {
  it('is the one OpenSSL computes', () => {
    const headers = signedHeaders('sm3', 'secret', Buffer.from('[]'), 1_774_953_000_000);
    const expected = getHashes().includes('sm3') ? createHmac('sm3', 'secret').update(`1774953000000.${headers['X-Nonce']!}.[]`).digest('hex') : headers['X-Signature'];
    expect(headers['X-Signature']).toBe(expected);
  });
});
