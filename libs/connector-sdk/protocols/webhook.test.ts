import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { OutgoingItem } from '../target-channel.js';
import type { WebhookSpec } from './rest-specs.js';
import { WebhookSender } from './webhook.js';

const library = loadConnector(path.resolve(import.meta.dirname, '../../../test/fixtures/connectors/library'));
const signal = new AbortController().signal;
const item = (ref: string, naturalKey?: string): OutgoingItem => ({ recordType: 'person', ref, ...(naturalKey !== undefined && { naturalKey }), columns: { phone: '13800000001' }, plannedAt: new Date('2026-03-31T02:03:04Z') });

let server: Server;
let url: string;
let answer: { status: number; body?: string };
let answerTo: ((body: string) => { status: number; body?: string }) | undefined;
let seen: { headers: Record<string, unknown>; body: string }[];
const senders: WebhookSender[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      const said = answerTo?.(seen.at(-1)!.body) ?? answer;
      response.writeHead(said.status).end(said.body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(() => new Promise<void>((done) => {
  server.closeAllConnections();
  server.close(() => done());
}));
beforeEach(() => {
  seen = [];
  answerTo = undefined;
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((s) => s.close()));
});

function sender(maxItems = 1): WebhookSender {
  const secrets: Record<string, string> = { YICI_LIBRARY_HOOK_URL: url, YICI_LIBRARY_HOOK_SECRET: 'plain secret' };
  const made = new WebhookSender(library, { ...(library.manifest.delivery as WebhookSpec), maxItems }, {
    secret: (name) => secrets[name], clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'),
  });
  senders.push(made);
  return made;
}

describe('a webhook', () => {
  it('is one event with its ref, or a batch whose id is that of its refs', async () => {
    answer = { status: 204 };
    expect(await sender().write([item('a', 'K1')], signal)).toEqual([{ outcome: 'accepted', naturalKey: undefined }]);
    expect(JSON.parse(seen[0]!.body)).toEqual({
      specversion: '1.0', id: 'a', source: '/yici', type: 'cn.yici.reader.changed', time: '2026-03-31T02:03:04.000Z', datacontenttype: 'application/json', subject: 'K1', data: { card: 'K1', phone: '13800000001' },
    });
    for (let i = 0; i < 2; i++) await sender(10).write([item('a', 'K1'), item('b', 'K2')], signal);
    const [one, two] = seen.slice(1);
    expect([one!.headers['webhook-id'], one!.body]).toEqual([two!.headers['webhook-id'], two!.body]);
    expect(one!.headers['content-type']).toBe('application/cloudevents-batch+json');
    const text = `${String(one!.headers['webhook-id'])}.${String(one!.headers['webhook-timestamp'])}.${one!.body}`;
    expect(one!.headers['webhook-signature']).toBe(`v1,${createHmac('sha256', 'plain secret').update(text).digest('base64')}`);
  });

  it('may be acknowledged event by event; what an acknowledgement leaves out was taken', async () => {
    answer = { status: 200, body: JSON.stringify([{ id: 'c', status: 'refused' }, { id: 'b', status: 'conflict' }, { id: 'd', status: 'later' }, { id: 'a', status: 'accepted', key: 'K9' }, null, 'x']) };
    expect(await sender(10).write([item('a'), item('b', 'K2'), item('c', 'K3'), item('d', 'K4'), item('e', 'K5')], signal)).toEqual([
      { outcome: 'accepted', naturalKey: 'K9' }, { outcome: 'conflict' }, { outcome: 'refused', detail: 'refused in its acknowledgement' },
      { outcome: 'failed', detail: 'not taken by its acknowledgement' }, { outcome: 'accepted', naturalKey: undefined },
    ]);
    for (const body of ['ok', '', '<html></html>', '7']) {
      answer = { status: 200, body };
      expect((await sender().write([item('a', 'K1')], signal))[0]).toMatchObject({ outcome: 'accepted' });
    }
  });

  it('of a batch that is refused as a whole is halved, so that one event condemns no other', async () => {
    const three = [item('a', 'K1'), item('b', 'K2'), item('c', 'K3')];
    answerTo = (body) => ({ status: body.includes('"K2"') ? 422 : 204 });
    expect(await sender(10).write(three, signal)).toMatchObject([{ outcome: 'accepted' }, { outcome: 'refused', detail: 'HTTP 422' }, { outcome: 'accepted' }]);
  });

  it.each([[400, 'refused'], [413, 'refused'], [422, 'refused'], [409, 'conflict']])('answered with HTTP %i is %s', async (status, outcome) => {
    answer = { status };
    expect((await sender().write([item('a', 'K1')], signal))[0]).toMatchObject({ outcome });
  });

  it.each([401, 403, 404, 408, 429, 500, 502, 503])('answered with HTTP %i says nothing of the event: it is tried again', async (status) => {
    answer = { status };
    await expect(sender().write([item('a', 'K1')], signal)).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
  });

  it('that is gone is asked no more', async () => {
    answer = { status: 410 };
    const one = sender();
    for (let i = 0; i < 3; i++) await expect(one.write([item('a', 'K1')], signal)).rejects.toMatchObject({ code: 'YICI_TARGET_GONE', retriable: false });
    expect(seen).toHaveLength(1);
  });
});
