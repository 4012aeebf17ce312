import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import { verify } from './hmac.js';
import type { OutgoingItem } from '../target-channel.js';
import type { RestSyncSpec } from './rest-specs.js';
import { RestSyncClient } from './rest-sync.js';

const grid = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/grid'));
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const item = (ref: string, naturalKey?: string): OutgoingItem => ({ recordType: 'person', ref, naturalKey, columns: { phone: '13800000001' }, plannedAt: new Date('2026-03-31T02:03:04Z') });

let server: Server;
let url: string;
interface Answer { status: number; body: string; delayMs?: number; type?: string }
let answer: Answer;
let answerTo: ((body: Record<string, unknown>[]) => Answer) | undefined;
let seen: { url: string; body: Record<string, unknown>[] }[];

beforeAll(async () => {
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (c: Buffer) => chunks.push(c));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      verify(req.headers as Record<string, string>, body, { algorithm: 'sm3', secrets: ['secret'], now: Date.now(), maxAgeSeconds: 60 });
      seen.push({ url: req.url ?? '', body: body.length === 0 ? [] : (JSON.parse(body.toString()) as Record<string, unknown>[]) });
      const said = answerTo?.(seen.at(-1)!.body) ?? answer;
      setTimeout(() => res.writeHead(said.status, { 'content-type': said.type ?? 'application/json' }).end(said.body), said.delayMs ?? 0);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
});
afterAll(() => Promise.all(clients.map((c) => c.close())));
afterAll(() => new Promise<void>((done) => {
  server.closeAllConnections();
  server.close(() => done());
}));
beforeEach(() => {
  seen = [];
  answerTo = undefined;
});

const clients: RestSyncClient[] = [];

function client(timeoutSeconds = 5, environment: Record<string, string> = {}): RestSyncClient {
  const secrets: Record<string, string> = { YICI_GRID_URL: url, YICI_GRID_SYNC_SECRET: 'secret', ...environment };
  const made = new RestSyncClient(grid, { ...(grid.manifest.delivery as RestSyncSpec), timeoutSeconds }, { divisions, clock: systemClock, secret: (name) => secrets[name] });
  clients.push(made);
  return made;
}

describe('writing to a REST target', () => {
  it('sends own refs and keys, signed, and reads one answer an item whatever their order', async () => {
    answer = { status: 200, body: JSON.stringify([
      { ref: 'd', code: 503 }, { ref: 'c', id: '7', code: 422, message: 'bad field phone of 张伟强' }, { ref: 'b', id: '9', code: 409 }, { ref: 'a', id: 88, code: 0 },
    ]) };
    const answers = await client().write([item('a'), item('b', '9'), item('c', '7'), item('d', '8'), item('e', '10')]);
    expect(answers).toEqual([
      { outcome: 'accepted', naturalKey: '88' }, { outcome: 'conflict' }, { outcome: 'refused', detail: 'code 422: phone' },
      { outcome: 'failed', detail: 'code 503' }, { outcome: 'failed', detail: 'no answer for this item' },
    ]);
    expect(seen[0]!.url).toBe('/base/api/population/sync');
    expect(seen[0]!.body[0]).toEqual({ ref: 'a', id: null, phone: '13800000001', updateTime: '2026-03-31 10:03:04' });
    expect(seen[0]!.body[1]).toMatchObject({ ref: 'b', id: '9' });
  });

  it('refuses the item, not the target, that is not understood', async () => {
    answer = { status: 422, body: 'no' };
    expect(await client().write([item('a')])).toEqual([{ outcome: 'refused', detail: 'HTTP 422' }]);
  });

  it('halves a batch that is refused as a whole, so that one item condemns no other', async () => {
    answerTo = (body) => (body.some((row) => row['ref'] === 'bad') ? { status: 400, body: '' } : { status: 200, body: JSON.stringify(body.map(({ ref }) => ({ ref, code: 0 }))) });
    const answers = await client().write(['a', 'b', 'c', 'bad', 'd', 'e', 'f'].map((ref) => item(ref, ref)));
    expect(answers.map((a) => a.outcome).join(' ')).toBe('accepted accepted accepted refused accepted accepted accepted');
    expect(seen.map((s) => s.body.length)).toEqual([7, 4, 2, 2, 1, 1, 3]);
    answerTo = (body) => (body.length > 1 ? { status: 413, body: '' } : body[0]!['ref'] === 'a' ? { status: 200, body: '[{"ref":"a","code":0}]' } : { status: 503, body: '' });
    expect(await client().write([item('a', '1'), item('b', '2')])).toEqual([{ outcome: 'accepted', naturalKey: undefined }, { outcome: 'unreached' }]);
  });

  it('takes a page of a proxy for no refusal', async () => {
    answer = { status: 400, body: '<html>Bad Request</html>', type: 'text/html; charset=utf-8' };
    await expect(client().write([item('a')])).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
  });

  it.each([[500, '[]'], [503, ''], [401, ''], [429, ''], [200, '<html>login</html>'], [200, '{}']])('assumes nothing after HTTP %i %s', async (status, body) => {
    answer = { status, body };
    await expect(client().write([item('a')])).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
  });

  it('assumes nothing after a time-out', async () => {
    answer = { status: 200, body: '[{"ref":"a","code":0}]', delayMs: 1500 };
    await expect(client(1).write([item('a')])).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
  });

  it('writes to allowed hosts only', () => {
    expect(() => client(5, { YICI_GRID_URL: 'http://example.org' })).toThrow(expect.objectContaining({ code: 'YICI_HOST_NOT_ALLOWED' }));
    expect(() => client(5, { YICI_GRID_URL: 'no url' })).toThrow(expect.objectContaining({ code: 'YICI_URL_UNREADABLE' }));
  });
});

describe('reading one record back', () => {
  it('reads it by the rules of the folder', async () => {
    answer = { status: 200, body: JSON.stringify({ id: '88/1', name: '张伟强', account: '415609781', updateTime: '2026-03-31 10:00:00' }) };
    const record = await client().readBack('88/1');
    expect(record).toMatchObject({ system: 'grid', recordType: 'person', naturalKey: '88/1', order: '2026-03-31T10:00:00+08:00' });
    expect(seen[0]!.url).toBe('/base/api/population/88%2F1');
  });

  it('gives nothing for a record that is gone', async () => {
    answer = { status: 404, body: '' };
    expect(await client().readBack('1')).toBeUndefined();
  });
});
