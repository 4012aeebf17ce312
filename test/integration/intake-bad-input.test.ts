import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from '#libs/connector-sdk/protocols/hmac';
import { projectRoot } from '#libs/platform/project-root';
import { caller } from '#test/support/http-hub';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

const SECRET = 'secret of the library';
const PATH = '/intake/library/readers';
const MB = 1024 * 1024;

let live: LiveHub<Record<never, never>>;
let port: number;
/** What goes on meanwhile: one good push after the other, with its answer. */
let beside: number[];
let stopBeside: () => Promise<void>;

beforeAll(async () => {
  live = await liveHub({
    simulators: {}, folders: { library: path.join(projectRoot(), 'test/fixtures/connectors/library') },
    // Sixty requests a minute are agreed, and this test sends more than that.
    environment: { YICI_LIBRARY_PUSH_SECRET: SECRET },
  });
  port = Number(new URL(live.hub.url).port);
  beside = [];
  const stop = new AbortController();
  const going = (async () => {
    for (let i = 0; !stop.signal.aborted; i++) {
      beside.push((await push(JSON.stringify([reader(`G${i}`)]))).status);
      await sleep(1500);
    }
  })();
  stopBeside = async () => {
    stop.abort();
    await going;
  };
}, 60_000);
afterAll(async () => {
  await stopBeside();
  await live.close();
}, 60_000);

const reader = (card: string, more: object = {}): object => ({
  card, name: '张伟强', idNo: null, phone: null, homeDivision: null, home: null, left: false, updated: '2026-04-01T10:00:00+08:00', ...more,
});
function push(body: string, headers: Record<string, string> = {}) {
  return caller(live.hub.url)('POST', PATH, { body, headers: { ...sign('sha256', SECRET, Buffer.from(body), Date.now()), ...headers } });
}
/** Bytes as they are, which no client would send. */
async function raw(body: Buffer, headers: OutgoingHttpHeaders = {}): Promise<{ status: number; code?: string; items?: { code?: string; outcome: string }[] }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port, path: PATH, method: 'POST', headers: { 'content-type': 'application/json', ...sign('sha256', SECRET, body, Date.now()), ...headers },
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (c: Buffer) => chunks.push(c)).on('end', () => resolve({ status: response.statusCode!, ...(JSON.parse(Buffer.concat(chunks).toString('utf8')) as object) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
/** Writes to the hub's socket itself; resolves with what it says before it closes, or '' when it only cuts. */
function socket(write: (s: Socket) => void | Promise<void>): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const s = connect(port, '127.0.0.1', () => void Promise.resolve(write(s)).catch(() => undefined));
    s.on('data', (d) => (said += d.toString('utf8'))).on('error', () => undefined).on('close', () => resolve(said));
  });
}
const head = (more: string): string => `POST ${PATH} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n${more}\r\n`;
const stored = async (card: string): Promise<boolean> => (await live.records('library')).has(`library:person:${card}`);

describe('a body', () => {
  it.each([['of a stated length', 'Content-Length: 104857600\r\n'], ['in pieces without a length', 'Transfer-Encoding: chunked\r\n']])('of 100 MB %s is refused while it comes; no memory grows with it', async (_what, length) => {
    await push('[]');
    global.gc?.();
    const before = process.memoryUsage.rss();
    let sent = 0;
    const piece = Buffer.alloc(64 * 1024, 0x20);
    const framed = length.startsWith('T') ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece;
    const said = await socket(async (s) => {
      s.write(head(length));
      while (sent < 100 * MB && !s.destroyed && s.writable) {
        if (!s.write(framed)) await Promise.race([new Promise((done) => s.once('drain', done)), new Promise((done) => s.once('close', done))]);
        sent += piece.length;
      }
      s.end();
    });
    expect(sent / MB).toBeLessThan(50);
    expect(said).toMatch(/^HTTP\/1\.1 413 /);
    expect((process.memoryUsage.rss() - before) / MB).toBeLessThan(60);
  });

  it('that drips byte by byte is cut, and so are headers that do', async () => {
    const body = socket(async (s) => {
      s.write(head('Content-Length: 1000\r\n'));
      while (!s.destroyed) {
        s.write(' ');
        await sleep(500);
      }
    });
    const never = socket((s) => void s.write(head('Content-Length: 1000\r\n')));
    expect(await body).toMatch(/^HTTP\/1\.1 408 [\s\S]*YICI_PUSH_TOO_SLOW/);
    expect(await never).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that is compressed is refused unopened, be it a bomb or not', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MB, 0x20), { level: 9 });
    expect(bomb.length).toBeLessThan(MB);
    for (const encoding of ['gzip', 'deflate', 'br', 'gzip, gzip']) expect((await raw(bomb, { 'content-encoding': encoding })).status).toBe(415);
  });

  it('that ends early, or has two lengths, leaves nothing behind', async () => {
    const body = JSON.stringify([reader('CUT')]);
    const headers = Object.entries(sign('sha256', SECRET, Buffer.from(body), Date.now())).map(([n, v]) => `${n}: ${v}\r\n`).join('');
    await socket((s) => {
      s.write(head(`${headers}Content-Length: ${body.length}\r\n`) + body.slice(0, 40));
      setTimeout(() => s.destroy(), 200);
    });
    const smuggled = await socket((s) => {
      s.write(head(`${headers}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n`) + body);
      setTimeout(() => s.destroy(), 1000);
    });
    expect(smuggled).not.toMatch(/^HTTP\/1\.1 200 /);
    expect(await stored('CUT')).toBe(false);
  });
});

describe('items', () => {
  it('with broken UTF-8, NUL, depth, a key twice, an ID as a number, or that are none, each die alone with their bytes', async () => {
    const text = (r: object): Buffer => Buffer.from(JSON.stringify(r));
    const poisoned = [
      Buffer.concat([Buffer.from('{"card":"X1","name":"'), Buffer.from([0xe5, 0xbc]), Buffer.from('"}')]),
      text(reader('X2', { name: 'a\u0000b' })),
      Buffer.from(`{"card":"X3","name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      Buffer.from('{"card":"X4","card":"X5"}'),
      Buffer.from('{"card":"X6","idNo":990101196203150315}'),
      Buffer.from('"text"'), Buffer.from('null'), Buffer.from('17'), Buffer.from('<html></html>'), Buffer.from('{"card":"X7","__proto__":{"left":true}}'),
      text(reader('X8', { name: '\ud800' })),
    ];
    const parts = [...poisoned, text(reader('FINE'))].flatMap((b, i) => (i === 0 ? [b] : [Buffer.from(','), b]));
    const { status, items } = await raw(Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')]));
    expect(status).toBe(200);
    expect(items!.map((i) => i.code ?? i.outcome)).toEqual([
      'YICI_ROW_BROKEN_BYTES', 'YICI_ROW_NUL_CHARACTER', 'YICI_ROW_TOO_DEEP', 'YICI_ROW_DUPLICATE_KEY', 'YICI_ROW_NUMBER_TOO_LONG', 'YICI_ROW_NOT_AN_OBJECT', 'YICI_ROW_NOT_AN_OBJECT',
      'YICI_ROW_NOT_AN_OBJECT', 'YICI_ROW_MALFORMED_JSON', 'YICI_ROW_UNKNOWN_COLUMN', 'YICI_ROW_NUL_CHARACTER', 'accepted',
    ]);
    await until(() => stored('FINE'), (there) => there);
    const kept = await live.db.pool.query<{ sealed_bytes: Buffer }>('select sealed_bytes from dead_letter order by origin_position');
    expect(kept.rows.map((r) => live.hub.parts.store.sealing.open(r.sealed_bytes))).toEqual(poisoned);
  });

  it('of another schema than agreed stop this connector, say which column, and a good push starts it again', async () => {
    const drifted = JSON.stringify(Array.from({ length: 6 }, (_, i) => ({ ...reader(`D${i}`), phone: undefined, mobile: '13900000001' })));
    expect((await push(drifted)).body).toMatchObject({ status: 503, code: 'YICI_SNAPSHOT_SCHEMA_DRIFT', message: expect.stringMatching(/mobile/) });
    await until(() => live.state('library'), (s) => s?.state === 'running');
  });
});

it('all the while good pushes were taken', async () => {
  await stopBeside();
  expect(beside.length).toBeGreaterThan(5);
  expect(new Set(beside)).toEqual(new Set([200]));
  await until(() => live.records('library'), (r) => beside.every((_, i) => r.has(`library:person:G${i}`)));
});
