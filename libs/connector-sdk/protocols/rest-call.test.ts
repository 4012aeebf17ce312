import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { OutgoingItem } from '../target-channel.js';
import { verify } from './hmac.js';
import { RestCallTarget } from './rest-call.js';
import { restCallSchema } from './rest-call-spec.js';

jest.setTimeout(60_000);

const housing = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/housing'));
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const SECRETS: Record<string, string> = { YICI_X_SECRET: 'signs', YICI_X_TOKEN: 'old token', YICI_X_TOKEN_NEXT: 'new token' };

let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
const seen: { headers: IncomingMessage['headers']; url: string; method: string; body: Buffer }[] = [];
const handler = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on('data', (c: Buffer) => chunks.push(c));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    seen.push({ headers: request.headers, url: request.url!, method: request.method!, body });
    answer(request, response, body);
  });
};
const listen = async (s: Server): Promise<Server> => {
  await new Promise<void>((resolve) => s.listen(0, '127.0.0.1', resolve));
  return s;
};
const portOf = (s: Server): number => (s.address() as AddressInfo).port;
const opened: RestCallTarget[] = [];
const target = (more: object = {}, url = `http://127.0.0.1:${portOf(server)}/base`): RestCallTarget => {
  const spec = restCallSchema.parse({
    protocol: 'rest-call', urlSecret: 'URL', path: '/api/houses/{key}', record: 'dwelling', keyField: 'fwbm', secret: 'YICI_X_SECRET', timeoutSeconds: 1, ...more,
  });
  const made = new RestCallTarget(housing, spec, { secret: (name) => (name === 'URL' ? url : SECRETS[name]), clock: systemClock, divisions });
  opened.push(made);
  return made;
};
const item = (naturalKey: string, columns: OutgoingItem['columns'] = { residents: 3 }, more: Partial<OutgoingItem> = {}): OutgoingItem =>
  ({ ref: `ref ${naturalKey}`, recordType: 'dwelling', naturalKey, columns, plannedAt: new Date(), ...more });
const json = (response: ServerResponse, status: number, value: unknown = {}): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

beforeAll(async () => {
  server = await listen(createPlain(handler));
});
afterEach(async () => {
  seen.length = 0;
  await Promise.all(opened.splice(0).map((t) => t.close()));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('one request a record', () => {
  it('names the key in path and body, is signed, carries its ref, and sends what did not change as it was last known', async () => {
    answer = (_q, r) => json(r, 200);
    expect(await target({ method: 'PATCH' }).write([item('A/1', { residents: 3 }, { held: { households: '2' } })])).toEqual([{ outcome: 'accepted' }]);
    const [{ headers, url, method, body }] = seen as [typeof seen[0]];
    expect([method, url, headers['idempotency-key'], JSON.parse(body.toString('utf8'))]).toEqual(['PATCH', '/base/api/houses/A%2F1', 'ref A/1', { fwbm: 'A/1', residents: 3, households: 2 }]);
    verify(headers as Record<string, string>, body, { algorithm: 'sm3', secrets: ['signs'], now: Date.now(), maxAgeSeconds: 60 });
  });

  it('tries a token that is being changed: the newer first, then the older', async () => {
    answer = (q, r) => json(r, q.headers.authorization === 'Bearer old token' ? 204 : 401);
    expect(await target({ secret: undefined, tokenSecret: 'YICI_X_TOKEN' }).write([item('A')])).toEqual([{ outcome: 'accepted' }]);
    expect(seen.map((s) => s.headers.authorization)).toEqual(['Bearer new token', 'Bearer old token']);
    expect(restCallSchema.safeParse({ protocol: 'rest-call', urlSecret: 'URL', path: '/x' }).success).toBe(false);
  });

  it('is answered for each: taken, no such record, newer there, refused by column, tried again', async () => {
    const statuses: Record<string, number> = { ok: 201, gone: 404, newer: 409, bad: 422, poor: 500 };
    answer = (q, r) => json(r, statuses[q.url!.split('/').at(-1)!]!, { message: '李秀英 residents 13900000001' });
    expect(await target().write(Object.keys(statuses).map((k) => item(k)))).toEqual([
      { outcome: 'accepted' }, { outcome: 'noRecord' }, { outcome: 'conflict' }, { outcome: 'refused', detail: 'HTTP 422: residents' }, { outcome: 'failed', detail: 'HTTP 500' }]);
  });

  it('keeps what was answered when the target goes away in the middle', async () => {
    answer = (q, r) => (q.url!.endsWith('a') ? json(r, 200) : json(r, 429));
    const answers = await target().write(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((k) => item(k)));
    expect(answers[0]).toEqual({ outcome: 'accepted' });
    expect(answers.slice(1).map((a) => a.outcome)).toEqual(Array.from({ length: 7 }, (_, i) => (i + 1 < seen.length ? 'failed' : 'unreached')));
    expect(seen.length).toBeLessThan(8);
  });
});

describe('a target that is none', () => {
  it.each<[string, typeof answer, string]>([
    ['HTTP 401', (_q, r) => json(r, 401), 'YICI_TARGET_UNREACHABLE'], ['HTTP 429', (_q, r) => json(r, 429), 'YICI_TARGET_UNREACHABLE'], ['HTTP 503', (_q, r) => json(r, 503), 'YICI_TARGET_UNREACHABLE'],
    ['HTML with HTTP 200', (_q, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'), 'YICI_TARGET_UNREACHABLE'],
    ['HTML with HTTP 404', (_q, r) => void r.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end('<html></html>'), 'YICI_TARGET_UNREACHABLE'],
    ['a redirect', (_q, r) => void r.writeHead(307, { location: 'http://example.org/' }).end(), 'YICI_REDIRECT_REFUSED'],
    ['a cut connection', (_q, r) => void r.destroy(), 'YICI_TARGET_UNREACHABLE'],
    ['no answer', () => undefined, 'YICI_TARGET_UNREACHABLE'],
    ['slow bytes', (_q, r) => {
      r.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => r.write(' '), 100);
      r.on('close', () => clearInterval(drip));
    }, 'YICI_TARGET_UNREACHABLE'],
  ])('%s is tried again, by a clear name', async (_what, how, code) => {
    answer = how;
    await expect(target().write([item('A'), item('B')])).rejects.toMatchObject({ code, retriable: true, stage: 'sending' });
  });

  it('100 MB are refused while they come', async () => {
    answer = (_q, r) => {
      r.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      let left = 100;
      const pump = (): void => {
        while (left-- > 0 && !r.destroyed) if (!r.write(chunk)) return void r.once('drain', pump);
        r.end();
      };
      pump();
    };
    await expect(target({ timeoutSeconds: 30 }).write([item('A')])).rejects.toMatchObject({ code: 'YICI_ANSWER_TOO_LARGE' });
  });

  it('a certificate that nobody vouches for is refused; the office\'s own CA is believed', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-tls-'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`], { stdio: 'ignore' });
    const secure = await listen(createSecure({ key: readFileSync(`${dir}/key.pem`), cert: readFileSync(`${dir}/cert.pem`) }, handler));
    answer = (_q, r) => json(r, 200);
    const url = `https://127.0.0.1:${portOf(secure)}`;
    await expect(target({}, url).write([item('A')])).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
    SECRETS['YICI_X_CA'] = `${dir}/cert.pem`;
    expect(await target({ caFile: 'YICI_X_CA' }, url).write([item('A')])).toEqual([{ outcome: 'accepted' }]);
    await Promise.all(opened.splice(0).map((t) => t.close()));
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
    rmSync(dir, { recursive: true });
  });
});
