import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sign } from '#libs/connector-sdk/protocols/hmac';
import { projectRoot } from '#libs/platform/project-root';
import { caller } from '#test/support/http-hub';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

const SECRET = 'secret of the library';
const HOOK_SECRET = `whsec_${Buffer.from('the key of the subscription').toString('base64')}`;
interface Delivered {
  headers: IncomingHttpHeaders;
  body: string;
  event: { id: string; type: string; subject?: string; data: Record<string, unknown> };
}

let live: LiveHub<Record<never, never>>;
let subscriber: Server;
let url: string;
/** What the subscriber answers next; 204 when there is nothing left. */
let answers: { status: number; body?: string; headers?: Record<string, string>; cut?: boolean }[];
let received: Delivered[];

beforeAll(async () => {
  answers = [];
  received = [];
  subscriber = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ headers: request.headers, body, event: JSON.parse(body) as Delivered['event'] });
      const answer = answers.shift() ?? { status: 204 };
      if (answer.cut === true) return void response.destroy();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => subscriber.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/hooks/yici?tenant=7`;
  live = await liveHub({
    simulators: {}, snapshots: ['hukou'], folders: { library: path.join(projectRoot(), 'test/fixtures/connectors/library') },
    environment: { YICI_LIBRARY_PUSH_SECRET: SECRET, YICI_LIBRARY_HOOK_URL: url, YICI_LIBRARY_HOOK_SECRET: HOOK_SECRET },
  });
  await until(() => live.records('hukou'), (r) => r.size > 100);
  await live.drained();
  await live.connect('library');
}, 120_000);
afterAll(async () => {
  await live.close();
  subscriber.closeAllConnections();
  await new Promise((resolve) => subscriber.close(resolve));
}, 60_000);
beforeEach(() => {
  received.length = 0;
  answers.length = 0;
});

let cards = 0;
/** A reader of whom the library knows an old phone; a worker then enters the new one. */
async function newPhone(phone: string): Promise<{ card: string; entryId: string }> {
  const card = `W${++cards}`;
  const [hukou] = [...(await live.records('hukou')).values()].filter((r) => r.recordType === 'person' && r.state === 'current' && validId(r.body) !== undefined).slice(cards);
  const body = hukou!.body as { name: { value: string }; citizenId: { value: string } };
  const text = JSON.stringify([{ card, name: body.name.value, idNo: body.citizenId.value, phone: '13900000001', homeDivision: null, home: null, left: false, updated: '2026-04-01T10:00:00+08:00' }]);
  const pushed = await caller(live.hub.url)('POST', '/intake/library/readers', { body: text, headers: { ...sign('sha256', SECRET, Buffer.from(text), Date.now()) } });
  expect(pushed.body).toMatchObject({ accepted: 1 });
  await until(() => live.records('library'), (r) => r.has(`library:person:${card}`));
  await live.drained();
  const entered = await live.as('worker')('POST', '/entries', { body: { kind: 'phone', phone, verified: true, occurredOn: '2026-05-01', person: { name: body.name.value, citizenId: body.citizenId.value } } });
  expect(entered.status).toBe(202);
  return { card, entryId: entered.body.entryId as string };
}
function validId(body: object): string | undefined {
  const id = (body as { citizenId?: { status: string; value: string } }).citizenId;
  return id?.status === 'valid' ? id.value : undefined;
}
const about = (card: string) => received.filter((r) => r.event.subject === card && 'phone' in r.event.data);
const state = async (card: string): Promise<string[]> => {
  const { rows } = await live.db.pool.query<{ state: string }>(
    `select d.state from delivery d join source_record s on s.record_ref = d.target_ref where d.target = 'library' and s.record_ref = $1 order by d.created_at`,
    [live.hub.parts.store.sealing.ref('record', `library:person:${card}`)]);
  return rows.map((r) => r.state);
};

describe('a subscription by a folder alone', () => {
  it('gets each change as one signed CloudEvent with its columns, and 2xx is a receipt', async () => {
    const { card } = await newPhone('13800000101');
    const [got] = await until(() => Promise.resolve(about(card)), (r) => r.length > 0);
    const { headers, body, event } = got!;
    expect(event).toMatchObject({ specversion: '1.0', type: 'cn.yici.reader.changed', source: '/yici', subject: card, data: { card, phone: '13800000101' } });
    expect(Object.keys(event.data).every((c) => ['card', 'name', 'phone'].includes(c))).toBe(true);
    expect(headers['content-type']).toBe('application/cloudevents+json');
    expect(headers['webhook-id']).toBe(event.id);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    const expected = createHmac('sha256', 'the key of the subscription').update(`${event.id}.${String(headers['webhook-timestamp'])}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    await until(() => state(card), (s) => s.includes('written'));
  });

  it('is tried again under the same id after 500, 429, a cut connection, and a redirect, which is not followed', async () => {
    answers.push({ status: 500 }, { status: 429, headers: { 'retry-after': '1' } }, { status: 200, cut: true }, { status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } });
    const { card } = await newPhone('13800000102');
    await until(() => state(card), (s) => s.includes('written'));
    const tries = about(card);
    expect(tries.length).toBeGreaterThanOrEqual(5);
    expect(new Set(tries.map((t) => t.event.id)).size).toBe(1);
    expect(new Set(tries.map((t) => t.body)).size).toBe(1);
    expect(live.events.some((e) => e.code === 'YICI_REDIRECT_REFUSED')).toBe(true);
  });

  it('may refuse: 422, or in its acknowledgement; the refusal is kept, and the next one goes out', async () => {
    answers.push({ status: 422, body: '{"message":"phone"}' });
    const first = await newPhone('13800000103');
    await until(() => state(first.card), (s) => s.includes('rejected'));
    const second = await newPhone('13800000104');
    await until(() => state(second.card), (s) => s.includes('written'));
    expect((await live.letters('library')).filter((c) => c === 'YICI_SENDING_REFUSED')).toHaveLength(1);
  });

  it('signs with both values of a secret while it is being changed', async () => {
    await live.restart({ YICI_LIBRARY_HOOK_SECRET_NEXT: 'the next secret' });
    const { card } = await newPhone('13800000105');
    const [got] = await until(() => Promise.resolve(about(card)), (r) => r.length > 0);
    const of = (key: string): string => `v1,${createHmac('sha256', key).update(`${got!.event.id}.${String(got!.headers['webhook-timestamp'])}.${got!.body}`).digest('base64')}`;
    expect(got!.headers['webhook-signature']).toBe(`${of('the next secret')} ${of('the key of the subscription')}`);
  });

  it('that is ended by 410 Gone is told so loudly and asked no more, until the hub is started anew; nothing is lost', async () => {
    answers.push({ status: 410 });
    const { card } = await newPhone('13800000106');
    await until(() => Promise.resolve(live.events.filter((e) => e.code === 'YICI_TARGET_GONE')), (e) => e.length > 0);
    const asked = received.length;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(received.length).toBe(asked);
    expect(await state(card)).toEqual(['waiting']);
    await live.restart();
    await until(() => state(card), (s) => s.includes('written'));
  });
});
