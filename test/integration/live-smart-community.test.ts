import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SmartCommunitySimulator } from '#libs/synthetic/simulators/smart-community-simulator';
import { sign } from '#libs/connector-sdk/protocols/hmac';
import { caller } from '#test/support/http-hub';
import { essence, liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const SYSTEM = 'smart-community';
const startPlatform = (context: Parameters<typeof SmartCommunitySimulator.start>[0]): Promise<SmartCommunitySimulator> => SmartCommunitySimulator.start(context);

let live: LiveHub<{ 'smart-community': typeof startPlatform }>;
let platform: SmartCommunitySimulator;

const key = (userId: string): string => `${SYSTEM}:person:${userId}`;
const one = async (userId: string) => (await live.records(SYSTEM)).get(key(userId))!;
/** Sends events as the platform would. */
async function send(body: string | object, more: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return caller(live.hub.url)('POST', '/intake/smart-community/events', {
    body: text, headers: {
      'content-type': Array.isArray(body) ? 'application/cloudevents-batch+json' : 'application/cloudevents+json', authorization: `Bearer ${platform.environment['YICI_SMART_COMMUNITY_PUSH_TOKEN']!}`,
      ...sign('sm3', platform.environment['YICI_SMART_COMMUNITY_PUSH_SECRET']!, Buffer.from(text), Date.now()), ...more,
    },
  });
}
const eventOf = (data: Record<string, unknown>, more: object = {}) => ({
  specversion: '1.0', id: `e-${Math.random()}`, source: '/smart-community', type: 'cn.smart-community.user.updated', subject: data.userId, time: '2026-04-01T10:00:00+08:00', data, ...more,
});
const account = (userId: string, more: object = {}): Record<string, unknown> & { userId: string } => ({
  userId, mobile: '13900000001', realName: null, nickName: null, idCard: null, idVerified: false, houseId: null, address: null, consents: [], registeredAt: '2024-01-01T00:00:00+08:00',
  updatedAt: '2026-04-01T10:00:00+08:00', ...more,
});

beforeAll(async () => {
  live = await liveHub({ simulators: { 'smart-community': startPlatform }, snapshots: ['hukou', 'housing'] });
  platform = live.simulators['smart-community'];
}, 120_000);
afterAll(() => live.close(), 60_000);

describe('the list', () => {
  it('brings at first the very records that the snapshot holds, but what REST cannot carry', async () => {
    const { records, dead } = await live.arrived(SYSTEM);
    expect(essence(await live.records(SYSTEM))).toEqual(essence(records));
    expect(dead.length).toBeGreaterThan(0);
    expect(await live.letters(SYSTEM)).toEqual([]);
    expect(await live.state(SYSTEM)).toEqual({ state: 'running', code: null });
  });
});

describe('an event', () => {
  it('brings a change, an entry and a consent taken back, at once', async () => {
    const [first] = await platform.keys();
    await platform.change(first!, { mobile: '13800000007' });
    const added = await platform.add({ mobile: '13800000008', realName: '张伟强', consents: ['share-profile'] });
    await until(() => live.records(SYSTEM), (now) => now.has(key(added)) && JSON.stringify(now.get(key(first!))!.body).includes('13800000007'));
    await platform.consent(added, 'share-profile', false);
    await until(() => one(added), (r) => r.body !== undefined && !JSON.stringify(r.body).includes('share-profile'));
  });

  it('of a deletion withdraws the account; an older list does not bring it back, a newer change does', async () => {
    const added = await platform.add({ mobile: '13800000009' });
    await until(() => live.records(SYSTEM), (now) => now.has(key(added)));
    const row = (await platform.record(added))!;
    platform.remove(added);
    await until(() => one(added), (r) => r.state === 'withdrawn');
    // What a list that was read a moment before brings in late: the same row, of the same second.
    expect((await send(eventOf(row))).body).toMatchObject({ accepted: 1 });
    await live.drained();
    expect((await one(added)).state).toBe('withdrawn');
    expect((await send(eventOf({ ...row, updatedAt: '2099-01-01T00:00:00+08:00' }))).body).toMatchObject({ accepted: 1 });
    await until(() => one(added), (r) => r.state === 'current');
  });

  it('comes in each of the three modes; a deletion not with its type in a header', async () => {
    const binary = (type: string, data: object & { userId: string }) => send(JSON.stringify(data), {
      'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-id': 'b-1', 'ce-source': '/smart-community', 'ce-type': type, 'ce-subject': data.userId,
    });
    expect((await send(eventOf(account('mode-1')))).body).toMatchObject({ accepted: 1 });
    expect((await send([eventOf(account('mode-2')), eventOf(account('mode-3'))])).body).toMatchObject({ accepted: 2 });
    expect((await binary('cn.smart-community.user.updated', account('mode-4'))).body).toMatchObject({ accepted: 1 });
    expect(await binary('cn.smart-community.user.deleted', account('mode-4'))).toMatchObject({ status: 400, body: { code: 'YICI_PUSH_MALFORMED' } });
    await until(() => live.records(SYSTEM), (now) => ['mode-1', 'mode-2', 'mode-3', 'mode-4'].every((id) => now.get(key(id))?.state === 'current'));
  });

  it('that is poisoned harms only itself, and says why', async () => {
    const number = JSON.stringify(eventOf(account('poison-6'))).replace('"idCard":null', '"idCard":990101196203150315');
    const events = [
      eventOf(account('poison-1'), { type: 'cn.smart-community.user.renamed' }), eventOf(account('poison-2'), { subject: 'another' }), eventOf(account('poison-3'), { specversion: '0.3' }),
      eventOf(account('poison-4'), { id: '' }), eventOf(account('poison-5'), { data: 'text' }), eventOf(account('fine-1')), eventOf({ ...account('poison-7'), extra: 1 }),
      eventOf(account('poison-8', { updatedAt: null }), { type: 'cn.smart-community.user.deleted', time: undefined }), eventOf(account('poison-9'), { time: 'yesterday' }),
    ];
    const { status, body } = await send(`[${number},${events.map((e) => JSON.stringify(e)).join(',')}]`, { 'content-type': 'application/cloudevents-batch+json' });
    expect(status).toBe(200);
    expect(body.items.map((i: { code?: string; outcome: string }) => i.code ?? i.outcome)).toEqual([
      'YICI_ROW_NUMBER_TOO_LONG', 'YICI_EVENT_TYPE_UNKNOWN', 'YICI_EVENT_SUBJECT_DIFFERS', 'YICI_EVENT_INVALID', 'YICI_EVENT_INVALID', 'YICI_EVENT_DATA_MISSING', 'accepted',
      'YICI_ROW_UNKNOWN_COLUMN', 'YICI_EVENT_TIME_MISSING', 'YICI_EVENT_INVALID',
    ]);
    expect(await live.letters(SYSTEM)).toHaveLength(9);
    expect((await send(`[${number}]`, { 'content-type': 'application/cloudevents-batch+json' })).body).toMatchObject({ dead: 1 });
  });

  it('without token, with a wrong one, or unsigned is not believed; nor is another kind of content', async () => {
    const event = eventOf(account('stranger'));
    for (const more of [{ authorization: '' }, { authorization: 'Bearer wrong' }, { 'x-signature': 'f'.repeat(64) }, { 'x-timestamp': '1' }] as Record<string, string>[]) {
      expect((await send(event, more)).body).toMatchObject({ status: 401, code: 'YICI_PUSH_NOT_SIGNED' });
    }
    for (const type of ['text/html', 'application/xml', 'application/cloudevents+avro']) expect((await send(event, { 'content-type': type })).status).toBe(415);
    expect((await live.records(SYSTEM)).has(key('stranger'))).toBe(false);
  });

  it('a dead event is replayed as an event: a deletion stays one', async () => {
    const deletion = eventOf(account('mended-1'), { type: 'cn.smart-community.user.deleted', source: '' });
    expect((await send(deletion)).body).toMatchObject({ dead: 1 });
    const { rows } = await live.db.pool.query<{ id: string; sealed_bytes: Buffer }>(`select id, sealed_bytes from dead_letter where system = $1 and code = 'YICI_EVENT_INVALID' order by created_at desc limit 1`, [SYSTEM]);
    const { sealing } = live.hub.parts.store;
    expect(sealing.openText(rows[0]!.sealed_bytes)).toBe(JSON.stringify(deletion));
    await live.db.asOwner(async (c) => void await c.query('update dead_letter set sealed_bytes = $2 where id = $1', [rows[0]!.id, sealing.seal(JSON.stringify({ ...deletion, source: '/x' }))]));
    expect((await live.as('steward')('POST', `/dead-letters/${rows[0]!.id}/replay`, { body: {} })).status).toBe(202);
    await until(() => live.records(SYSTEM), (now) => now.get(key('mended-1'))?.state === 'withdrawn');
  });
});

describe('the platform in trouble', () => {
  it.each([
    ['late, twice and out of order', { kind: 'out-of-order' as const }], ['replayed to the byte', { kind: 'replay' as const }],
  ])('%s brings the newest state all the same', async (_what, fault) => {
    const keys = (await platform.keys()).slice(0, 5);
    platform.faults.fail(fault);
    for (const [i, userId] of keys.entries()) await platform.change(userId, { nickName: `${fault.kind} ${i}`, mobile: `1360000001${i}` });
    await platform.pushes.drained();
    platform.faults.clear();
    await live.drained();
    const now = await live.records(SYSTEM);
    expect(keys.map((userId, i) => JSON.stringify(now.get(key(userId))!.body).includes(`1360000001${i}`))).toEqual(keys.map(() => true));
    if (fault.kind === 'replay') {
      expect(platform.pushes.replayed.length).toBeGreaterThan(0);
      expect(platform.pushes.replayed.every((status) => status === 200)).toBe(true);
      const metrics = (await live.as('admin')('GET', '/metrics')).text;
      expect(Number(/yici_intake_pushes_repeated_total\{system="smart-community"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
    }
  });

  it.each([
    ['HTTP 500', { kind: 'error' as const }, 'YICI_SOURCE_UNREACHABLE'], ['busy', { kind: 'busy' as const }, 'YICI_SOURCE_UNREACHABLE'],
    ['a cut connection', { kind: 'disconnect' as const }, 'YICI_SOURCE_UNREACHABLE'], ['a web page with HTTP 200', { kind: 'html' as const }, 'YICI_SOURCE_UNREACHABLE'],
    ['a redirect to another host', { kind: 'redirect' as const, to: 'http://example.org/api/users' }, 'YICI_REDIRECT_REFUSED'],
  ])('%s shows on its card, its events still come, and it is read again after', async (_what, fault, code) => {
    platform.faults.fail(fault);
    await live.restart();
    await until(() => live.state(SYSTEM), (s) => s?.code === code);
    expect(await live.state(SYSTEM)).toEqual({ state: 'disabled', code });
    expect((await send(eventOf(account(`beside-${fault.kind}`)))).status).toBe(200);
    // The push speaks for itself alone: the list is still away.
    expect((await live.state(SYSTEM))?.state).toBe('disabled');
    platform.faults.clear();
    await live.restart();
    await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
  });
});

describe('what the hub writes back', () => {
  const states = async () => (await live.db.pool.query<{ state: string; n: number }>(`select state, count(*)::int as n from delivery where target = $1 group by state order by state`, [SYSTEM])).rows;

  it('is yes or no and a house, by PATCH; the name never leaves; over a lost answer, a busy platform and echoes that respell each has one effect, and it ends', async () => {
    await live.drained();
    const before = new Map(await Promise.all((await platform.keys()).map(async (k) => [k, await platform.record(k)] as const)));
    platform.faults.fail({ kind: 'echo' });
    platform.faults.fail({ kind: 'lost-answer' }, 2);
    platform.faults.fail({ kind: 'busy' }, 1);
    await live.connect(SYSTEM);
    await until(states, (s) => s.some((x) => x.state === 'confirmed') && !s.some((x) => x.state === 'waiting'));
    await platform.pushes.drained();
    await live.drained();
    const written = await platform.written();
    for (const { columns, answer } of written) {
      expect(answer).toBe('taken');
      for (const [column, value] of Object.entries(columns)) {
        expect(['nameMatches', 'houseId']).toContain(column);
        if (column === 'nameMatches') expect(typeof value).toBe('boolean');
        else expect(value).toMatch(/^99\d{23}$/);
      }
    }
    expect(written.some((w) => w.columns['nameMatches'] === true)).toBe(true);
    const houses = written.filter((w) => 'houseId' in w.columns);
    expect(houses.length).toBeGreaterThan(0);
    for (const { key: userId, columns } of houses) {
      expect((await platform.record(userId!))!['houseId']).toBe(columns['houseId']);
      expect(before.get(userId!)!['houseId']).not.toBe(columns['houseId']);
      expect(new Set(houses.filter((w) => w.key === userId).map((w) => w.columns['houseId'])).size).toBe(1);
    }
    // Two answers were lost, and only those writes came twice.
    expect(written.length - new Set(written.map((w) => w.key)).size).toBeLessThanOrEqual(2);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await platform.written()).length).toBe(written.length);
    platform.faults.clear();
  });
});
