import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RestRequest, type RestServer } from './rest-request.js';

let server: Server;
let elsewhere: Server;
let visits: number;
let answer: (response: ServerResponse) => void;
let dir: string;
const open: { close(): Promise<void> }[] = [];

const listening = (s: Server): Promise<string> => new Promise((resolve) => s.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(s.address() as AddressInfo).port}`)));
const ended = (s: Server): Promise<void> => new Promise((resolve) => {
  s.closeAllConnections();
  s.close(() => resolve());
});
let url: string;
let away: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-tls-'));
  server = createServer((_request, response) => answer(response));
  elsewhere = createServer((_request, response) => {
    visits += 1;
    response.end('{}');
  });
  url = `http://${await listening(server)}`;
  away = `http://${await listening(elsewhere)}`;
});
afterAll(async () => {
  await ended(server);
  await ended(elsewhere);
  rmSync(dir, { recursive: true });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((c) => c.close()));
});

function client(more: Partial<RestServer> = {}): RestRequest {
  const made = new RestRequest({ system: 'library', as: 'source', url, allowedHosts: ['127.0.0.1', 'localhost'], timeoutSeconds: 1, ...more });
  open.push(made);
  return made;
}
const get = (more: Partial<RestServer> = {}) => client(more).call({ method: 'GET', path: '/list', query: { since: '2026-01-01T00:00:00+08:00', cursor: undefined } });

describe('asking a system over HTTP', () => {
  it('sends the query encoded below the base address, and gives back any answer', async () => {
    let seen = '';
    server.once('request', (request) => (seen = request.url ?? ''));
    answer = (response) => response.writeHead(418, { 'content-type': 'Application/JSON; charset=utf-8' }).end('{"a":1}');
    const { status, mediaType, body } = await client({ url: `${url}/base/` }).call({ method: 'GET', path: '/list', query: { since: '2026-01-01T00:00:00+08:00', cursor: undefined } });
    expect([status, mediaType, body.toString(), seen]).toEqual([418, 'application/json', '{"a":1}', '/base/list?since=2026-01-01T00%3A00%3A00%2B08%3A00']);
  });

  it('never follows a redirect, not even to an allowed host', async () => {
    visits = 0;
    for (const [status, to] of [[301, `${away}/x`], [302, 'http://example.org/'], [307, `${away}/x`], [308, '//127.0.0.1:1/']] as const) {
      answer = (response) => response.writeHead(status, { location: to }).end();
      await expect(get()).rejects.toMatchObject({ code: 'YICI_REDIRECT_REFUSED', retriable: true });
    }
    expect(visits).toBe(0);
  });

  it('refuses an answer of 100 MB while it comes; no memory grows with it', async () => {
    let sent = 0;
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(1 << 20, 0x20);
      const more = (): void => {
        while (sent < 100 && !response.destroyed) {
          sent += 1;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
    const before = process.memoryUsage.rss();
    await expect(get({ maxBytes: 4 << 20, timeoutSeconds: 30 })).rejects.toMatchObject({ code: 'YICI_ANSWER_TOO_LARGE', message: expect.stringContaining('4 MB') });
    expect(sent).toBeLessThan(60);
    expect((process.memoryUsage.rss() - before) / (1 << 20)).toBeLessThan(60);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['nothing', () => undefined],
    ['a byte now and then', (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 100);
      response.once('close', () => clearInterval(drip));
    }],
    ['a cut connection', (response) => void response.destroy()],
    ['half an answer', (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a"');
      setTimeout(() => response.destroy(), 50);
    }],
    ['no HTTP', (response) => void response.socket!.end('220 FTP ready\r\n')],
    ['bytes compressed unasked', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')],
  ])('that answers %s is away', async (_what, answers) => {
    answer = answers;
    await expect(get()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    await expect(get({ as: 'target' })).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE' });
  }, 20_000);

  it('asks allowed hosts only', () => {
    for (const other of ['http://example.org', 'http://127.0.0.1.example.org', 'http://127.0.0.1@example.org', 'http://[::1]/']) expect(() => client({ url: other })).toThrow(expect.objectContaining({ code: 'YICI_HOST_NOT_ALLOWED' }));
    for (const none of ['', 'nothing', '/path']) expect(() => client({ url: none })).toThrow(expect.objectContaining({ code: 'YICI_URL_UNREADABLE' }));
  });

  it('trusts certificates that are signed by whom it knows, for the host it asked', async () => {
    const made = (name: string, san: string): { key: string; cert: string } => {
      const [key, cert] = [path.join(dir, `${name}.key`), path.join(dir, `${name}.pem`)];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${san}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      return { key, cert };
    };
    const office = made('office', 'IP:127.0.0.1');
    const other = made('other', 'DNS:elsewhere.example');
    for (const [shown, trusted, code] of [[office, undefined, 'YICI_CERTIFICATE_REFUSED'], [office, other, 'YICI_CERTIFICATE_REFUSED'], [other, other, 'YICI_CERTIFICATE_REFUSED'], [office, office, undefined]] as const) {
      const tls = createTlsServer({ key: readFileSync(shown.key), cert: readFileSync(shown.cert) }, (_request, response) => response.end('{}'));
      const asked = get({ url: `https://${await listening(tls)}`, timeoutSeconds: 10, ...(trusted !== undefined && { caFile: trusted.cert }) });
      if (code === undefined) expect((await asked).status).toBe(200);
      else await expect(asked).rejects.toMatchObject({ code, retriable: true });
      await ended(tls);
    }
    expect(() => client({ caFile: path.join(dir, 'none.pem') })).toThrow(expect.objectContaining({ code: 'YICI_CA_FILE_UNREADABLE' }));
  }, 30_000);
});
