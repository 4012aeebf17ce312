import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpDoor, readBody } from './http-door.js';
import { SmartCommunitySimulator } from './smart-community-simulator.js';

interface Push {
  type: string;
  headers: Record<string, unknown>;
  events: { type: string; subject: string; data: Record<string, unknown> }[];
}

let dir: string;
let hub: HttpDoor;
let pushes: Push[];
let left: object[];
let platform: SmartCommunitySimulator;

const HOUSE = '9901010010010003010301000';
const account = (userId: string, more: object = {}): object => ({
  userId, mobile: '13900000001', realName: '甲', nickName: null, idCard: null, idVerified: false, houseId: null, address: '枫丹苑3幢1单元101室', consents: ['share-profile'],
  registeredAt: '2024-01-01T00:00:00+08:00', updatedAt: '2024-05-01T00:00:00+08:00', ...more,
});
const start = (): Promise<SmartCommunitySimulator> => SmartCommunitySimulator.start({
  cityDir: dir, hubUrl: hub.url, databaseUrl: '', dir, secret: (name) => name, log: (event, details) => left.push({ event, ...details }),
});

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yici-platform-'));
  mkdirSync(join(dir, 'smart-community'));
  const lines = [JSON.stringify(account('u1')), '{"userId":null}', '{"userId":"u', JSON.stringify(account('u2', { updatedAt: '2024-06-01T00:00:00+08:00' })), JSON.stringify(account('u3', { updatedAt: '2024-04-30T18:00:00+00:00' }))];
  writeFileSync(join(dir, 'smart-community', 'users.jsonl'), `${lines.join('\n')}\n`);
  pushes = [];
  left = [];
  hub = await HttpDoor.open(0, async (request, response) => {
    const body = JSON.parse((await readBody(request, 1 << 20))!.toString('utf8')) as Push['events'];
    pushes.push({ type: request.headers['content-type']!.split(';')[0]!, headers: request.headers, events: [body].flat() });
    response.writeHead(200).end();
  });
  platform = await start();
});
afterEach(async () => {
  await platform.stop();
  await hub.close();
  rmSync(dir, { recursive: true });
});

async function ask(method: string, path: string, body?: unknown, token = 'YICI_SMART_COMMUNITY_API_TOKEN') {
  const response = await fetch(platform.url + path, { method, headers: { authorization: `Bearer ${token}` }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type')!, value: (text.startsWith('{') ? JSON.parse(text) : text) as Record<string, unknown> };
}

describe('the smart community platform', () => {
  it('lists what it can carry by pages, by instants whatever their offset, to who has the token', async () => {
    expect(left).toEqual([{ event: 'row-left-out', file: 'users.jsonl', line: 2 }, { event: 'row-left-out', file: 'users.jsonl', line: 3 }]);
    const first = await ask('GET', '/api/users?limit=2');
    expect((first.value['items'] as { userId: string }[]).map((u) => u.userId)).toEqual(['u1', 'u3']);
    const next = await ask('GET', `/api/users?limit=2&cursor=${encodeURIComponent(String(first.value['cursor']))}`);
    expect(next.value).toMatchObject({ items: [{ userId: 'u2' }], cursor: null });
    expect((await ask('GET', `/api/users?updatedSince=${encodeURIComponent('2024-05-01T01:00:00+08:00')}`)).value['items']).toHaveLength(2);
    expect([(await ask('GET', '/api/users?cursor=x')).status, (await ask('GET', '/api/users', undefined, 'other')).status, (await ask('GET', '/api/users/u9')).status]).toEqual([400, 401, 404]);
  });

  it('takes a house and a yes or no, once; refuses strangers and every other column', async () => {
    expect((await ask('PATCH', '/api/users/u1', { nameMatches: true, houseId: HOUSE })).status).toBe(200);
    const after = (await platform.record('u1'))!;
    expect([after['houseId'], platform.nameMatches('u1'), Object.hasOwn(after, 'nameMatches')]).toEqual([HOUSE, true, false]);
    expect((await ask('PATCH', '/api/users/u1', { nameMatches: true, houseId: HOUSE })).status).toBe(200);
    expect(await platform.record('u1')).toEqual(after);
    expect((await ask('PATCH', '/api/users/u9', { houseId: HOUSE })).status).toBe(404);
    for (const body of [{ realName: '乙' }, { houseId: '12' }, { nameMatches: 'yes' }, { mobile: '13900000002' }, []]) expect((await ask('PATCH', '/api/users/u2', body)).status).toBe(422);
    expect((await platform.written()).map((w) => [w.key, w.answer.slice(0, 5)])).toEqual([['u1', 'taken'], ['u1', 'taken'], [undefined, '404 n'], ...Array.from({ length: 5 }, () => ['u2', expect.stringMatching(/^422/)])]);
    await platform.pushes.drained();
    expect(new Set(pushes.flatMap((p) => p.events).map((e) => e.data['houseId']))).toEqual(new Set([HOUSE]));
  });

  it('pushes one change as an event, several as a batch, a closed account as its deletion, signed and with its token', async () => {
    await platform.change('u1', { mobile: '13900000009' });
    await platform.pushes.drained();
    expect(pushes[0]).toMatchObject({ type: 'application/cloudevents+json', events: [{ type: 'cn.smart-community.user.updated', subject: 'u1', data: { userId: 'u1', mobile: '13900000009' } }] });
    expect(pushes[0]!.headers).toMatchObject({ authorization: 'Bearer YICI_SMART_COMMUNITY_PUSH_TOKEN', 'x-signature': expect.stringMatching(/^[0-9a-f]{64}$/) });
    await platform.publish();
    await platform.pushes.drained();
    expect(pushes.filter((p) => p.type === 'application/cloudevents-batch+json').flatMap((p) => p.events).length).toBeGreaterThanOrEqual(2);
    platform.remove('u2');
    await platform.pushes.drained();
    expect(pushes.at(-1)!.events.at(-1)).toMatchObject({ type: 'cn.smart-community.user.deleted', subject: 'u2', data: { userId: 'u2' } });
    expect(await platform.record('u2')).toBeUndefined();
  });

  it('is changed by residents as its forms allow', async () => {
    const added = await platform.add({ mobile: '13900000003' });
    await platform.consent(added, 'notice', true);
    await platform.consent('u1', 'share-profile', false);
    expect([(await platform.record(added))!['consents'], (await platform.record('u1'))!['consents']]).toEqual([['notice'], []]);
    await expect(platform.change('u9', {})).rejects.toMatchObject({ code: 'YICI_SIMULATOR_UNKNOWN_KEY' });
    await expect(platform.change('u1', { houseId: 'x' })).rejects.toMatchObject({ code: 'YICI_SIMULATOR_REFUSED' });
    await expect(platform.add({ realName: '乙' })).rejects.toMatchObject({ code: 'YICI_SIMULATOR_REFUSED' });
  });

  it('fails as it is told, and echoes in its own spelling', async () => {
    const one = async (fault: Parameters<typeof platform.faults.fail>[0]) => {
      platform.faults.fail(fault, 1);
      return ask('PATCH', '/api/users/u1', { houseId: HOUSE }).then((a) => `${a.status} ${a.type.split(';')[0]}`, () => 'cut');
    };
    expect(await one({ kind: 'error' })).toBe('500 application/json');
    expect(await one({ kind: 'busy' })).toBe('503 application/json');
    expect(await one({ kind: 'html' })).toBe('200 text/html');
    expect(await one({ kind: 'disconnect' })).toBe('cut');
    expect((await platform.record('u1'))!['houseId']).toBeNull();
    expect(await one({ kind: 'lost-answer' })).toBe('cut');
    expect((await platform.record('u1'))!['houseId']).toBe(HOUSE);
    expect(() => platform.faults.fail({ kind: 'soap-fault' })).toThrow(RangeError);
    platform.faults.fail({ kind: 'echo' });
    await ask('PATCH', '/api/users/u2', { houseId: HOUSE });
    expect(await platform.record('u2')).toMatchObject({ houseId: HOUSE, mobile: '+86 13900000001', address: expect.stringContaining('3栋1-101室') });
  });

  it('remembers over a restart', async () => {
    await platform.change('u1', { nickName: '丙' });
    await ask('PATCH', '/api/users/u1', { nameMatches: false });
    platform.remove('u3');
    const added = await platform.add({ mobile: '13900000003' });
    await platform.stop();
    platform = await start();
    expect(await platform.keys()).toEqual([added, 'u1', 'u2'].sort());
    expect([(await platform.record('u1'))!['nickName'], platform.nameMatches('u1')]).toEqual(['丙', false]);
  });
});
