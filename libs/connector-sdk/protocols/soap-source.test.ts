/** One file, for the rules of paging and the answers that are none need the same small service. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FixedClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { encodeText } from '../formats/encode-text.js';
import type { LiveMark } from '../live-source.js';
import { loadConnector } from '../load-connector.js';
import type { RowOutcome } from '../table-mapper.js';
import { SoapSource } from './soap-source.js';
import type { SoapLiveSpec } from './soap-spec.js';

/** The permit office's service in a few lines: real sockets, rows that tests change while they are read. */
const permits = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/residence-permit'));
const spec = permits.manifest.live[0] as SoapLiveSpec;
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const NOW = Date.parse('2026-06-01T12:00:00+08:00');
const COLUMNS = ['XM', 'XB', 'SFZH', 'CSRQ', 'MZ', 'JZZH', 'HJDZ', 'XZZ', 'FZXM', 'FZDH', 'LXDH', 'YHZGX', 'ZCS', 'ZZSY', 'DJRQ', 'YXQX', 'ZXBZ'];
const time = (minute: number, second = 0): string => `202606011${String(Math.floor(minute / 60))}${String(minute % 60).padStart(2, '0')}${String(second).padStart(2, '0')}`;

let server: Server;
let url: string;
let handler: RequestListener;
/** Time by key. */
let rows: Map<string, string>;
let asked: { from: string; page: number }[];
let beforeAnswer: (n: number) => void;

beforeEach(async () => {
  rows = new Map();
  asked = [];
  beforeAnswer = () => undefined;
  handler = serve;
  server = createServer((request, response) => handler(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ldrk`;
});
afterEach(() => new Promise<void>((done) => {
  server.closeAllConnections();
  server.close(() => done());
}));

const row = (key: string, gxsj: string, more = ''): string => `<result><LSH>${key}</LSH>${COLUMNS.map((c) => `<${c}>${c === 'XM' ? '张伟强' : ''}</${c}>`).join('')}<GXSJ>${gxsj}</GXSJ>${more}</result>`;
const head = (code: string, total: number, list: string): string => `<?xml version="1.0" encoding="GBK"?><response><head><resultCode>${code}</resultCode><total>${total}</total></head><body><resultList>${list}</resultList></body></response>`;
function envelope(document: Buffer): Buffer {
  const escaped = document.toString('latin1').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Buffer.from(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><r xmlns="x"><out>${escaped}</out></r></s:Body></s:Envelope>`, 'latin1');
}
const answerOf = (text: string): Buffer => envelope(encodeText(text, 'gb18030'));

function serve(request: Parameters<RequestListener>[0], response: Parameters<RequestListener>[1]): void {
  const chunks: Buffer[] = [];
  request.on('data', (c: Buffer) => chunks.push(c));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1');
    const of = (name: string): string => new RegExp(`&lt;${name}&gt;([^&]*)`).exec(body)?.[1] ?? '';
    const [from, page, size] = [of('gxsjFrom'), Number(of('pageNo')), Number(of('pageSize'))];
    asked.push({ from, page });
    beforeAnswer(asked.length);
    const found = [...rows].filter(([, t]) => t >= from).sort(([a, s], [b, t]) => (s === t ? (a < b ? -1 : 1) : s < t ? -1 : 1));
    response.writeHead(200, { 'content-type': 'text/xml; charset=GBK' }).end(answerOf(head('00', found.length, found.slice((page - 1) * size, page * size).map(([k, t]) => row(k, t)).join(''))));
  });
}

function source(more: Partial<SoapLiveSpec> = {}, address = url, clock = new FixedClock(NOW)): SoapSource {
  const secrets: Record<string, string> = { YICI_RESIDENCE_PERMIT_URL: address, YICI_RESIDENCE_PERMIT_USER: 'hub', YICI_RESIDENCE_PERMIT_TOKEN: 'token', YICI_RESIDENCE_PERMIT_TOKEN_NEXT: newToken, YICI_RESIDENCE_PERMIT_CA: caFile };
  return new SoapSource(permits, { ...spec, ...more }, { secret: (name) => secrets[name] || undefined, divisions, clock });
}
let caFile = '';
let newToken = '';
const signal = new AbortController().signal;

/** One poll, as the poller does it. */
async function poll(reader: SoapSource, marks = new Map<string, LiveMark>()): Promise<RowOutcome[]> {
  const found: RowOutcome[] = [];
  for await (const batch of reader.poll(marks, signal)) {
    found.push(...batch.rows);
    if (batch.mark !== undefined) marks.set(batch.channel, batch.mark);
  }
  return found;
}
const keysOf = (found: readonly RowOutcome[]): string[] => found.flatMap((o) => (o.kind === 'accepted' ? o.records.map((r) => `${r.naturalKey} ${r.order.slice(11, 19)}`) : [])).sort();

describe('reading pages of what changed', () => {
  it('reads all, then what is new, and hands out nothing twice', async () => {
    for (let i = 0; i < 25; i++) rows.set(`LD${i}`, time(i));
    const [reader, marks] = [source({ pageSize: 10 }), new Map<string, LiveMark>()];
    expect((await poll(reader, marks)).length).toBe(25);
    expect(marks.get('soap:LDRK')).toEqual({ updated: '2026-06-01T02:24:00.000Z' });
    expect(await poll(reader, marks)).toEqual([]);
    rows.set('LD3', time(33));
    asked = [];
    expect(keysOf(await poll(reader, marks))).toEqual(['LD3 10:33:00']);
    expect(asked[0]).toEqual({ from: '20260601101400', page: 1 });
    // A new process remembers nothing and reads the window once more, to no effect.
    expect(keysOf(await poll(source({ pageSize: 10 }), marks))).toEqual(['LD23 10:23:00', 'LD24 10:24:00', 'LD3 10:33:00']);
    await reader.close();
  });

  it('loses no row when rows change while pages are read', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ key: fc.integer({ min: 0, max: 30 }), minute: fc.integer({ min: 0, max: 5 }) }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.record({ at: fc.integer({ min: 1, max: 25 }), key: fc.integer({ min: 0, max: 30 }) }), { maxLength: 10 }),
      fc.integer({ min: 2, max: 5 }),
      async (start, changes, pageSize) => {
        rows = new Map(start.map(({ key, minute }) => [`LD${key}`, time(minute)]));
        asked = [];
        let later = 0;
        beforeAnswer = (n) => {
          for (const change of changes) if (change.at === n) rows.set(`LD${change.key}`, time(10, ++later));
        };
        const [reader, marks] = [source({ pageSize, updated: { ...spec.updated, rereadSeconds: 1 } }), new Map<string, LiveMark>()];
        const found = [...await poll(reader, marks), ...await poll(reader, marks)];
        await reader.close();
        const newest = new Map<string, string>();
        for (const text of keysOf(found)) newest.set(text.split(' ')[0]!, text.split(' ')[1]!);
        const expected = new Map([...rows].map(([k, t]) => [k, `${t.slice(8, 10)}:${t.slice(10, 12)}:${t.slice(12)}`]));
        expect(newest).toEqual(expected);
      }), { numRuns: 60 });
  });

  it('reads a whole second of rows that is longer than a page, though rows leave it meanwhile', async () => {
    for (let i = 0; i < 30; i++) rows.set(`LD${String(i).padStart(2, '0')}`, time(0));
    // The first row leaves for a later time when page 2 is asked for: page 2 then begins one row too late.
    beforeAnswer = (n) => {
      if (n === 2) rows.set('LD00', time(20));
    };
    const found = await poll(source({ pageSize: 10 }));
    expect(new Set(found.flatMap((o) => (o.kind === 'accepted' ? [o.records[0]!.naturalKey] : []))).size).toBe(30);
  });

  it('does not let one row from the future hide those of today', async () => {
    rows.set('LD1', '20990101000000');
    const [reader, marks] = [source(), new Map<string, LiveMark>()];
    await poll(reader, marks);
    expect(marks.get('soap:LDRK')).toEqual({ updated: new Date(NOW).toISOString() });
    rows.set('LD2', '20260601120001');
    expect(keysOf(await poll(reader, marks))).toEqual(['LD2 12:00:01']);
  });

  it('moves no watermark when a page in the middle cannot be had', async () => {
    for (let i = 0; i < 25; i++) rows.set(`LD${i}`, time(i));
    handler = (request, response) => (asked.length === 1 ? void response.writeHead(500).end() : serve(request, response));
    const marks = new Map<string, LiveMark>();
    await expect(poll(source({ pageSize: 10 }), marks)).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    expect(marks.size).toBe(0);
  });

  it('asks again for a page that failed once', async () => {
    rows.set('LD1', time(1));
    let failures = 2;
    handler = (request, response) => (failures-- > 0 ? void request.socket.destroy() : serve(request, response));
    expect(keysOf(await poll(source()))).toEqual(['LD1 10:01:00']);
  });

  it('tells the old token while the office does not know the new one yet', async () => {
    rows.set('LD1', time(1));
    newToken = 'new token';
    const tokens: string[] = [];
    handler = (request, response) => {
      request.once('data', (c: Buffer) => {
        tokens.push(/&lt;token&gt;([^&]*)/.exec(c.toString('latin1'))![1]!);
        response.end(answerOf(tokens.at(-1) === 'token' ? head('00', 1, row('LD1', time(1))) : head('02', 0, '')));
      });
    };
    const reader = source();
    expect(keysOf(await poll(reader))).toEqual(['LD1 10:01:00']);
    await poll(reader);
    expect(tokens).toEqual(['new token', 'token', 'token']);
    newToken = '';
  });

  it('finds one record by reading all', async () => {
    for (let i = 0; i < 25; i++) rows.set(`LD${i}`, time(i));
    const reader = source({ pageSize: 10 });
    expect(await reader.readOne('LD7', signal)).toMatchObject({ system: 'residence-permit', recordType: 'person', naturalKey: 'LD7' });
    expect(await reader.readOne('LD99', signal)).toBeUndefined();
    const all: RowOutcome[] = [];
    for await (const page of reader.readAll(signal)) all.push(...page);
    expect(all.length).toBe(25);
    await reader.close();
  });

  it('asks for one record where the service can', async () => {
    let body = '';
    handler = (request, response) => {
      request.on('data', (c: Buffer) => (body += c.toString('latin1')));
      request.on('end', () => response.end(answerOf(head('00', 1, row('LD7', time(1))))));
    };
    const one = { ...spec.query, request: { request: { condition: { LSH: '{key}' } } } };
    expect(await source({ one }).readOne('LD7', signal)).toMatchObject({ naturalKey: 'LD7' });
    expect(body).toContain('&lt;LSH&gt;LD7&lt;/LSH&gt;');
  });
});

describe('what a service may answer', () => {
  const answered = (body: Buffer | string, status = 200): Promise<RowOutcome[]> => {
    handler = (_request, response) => void response.writeHead(status, { 'content-type': 'text/xml; charset=GBK' }).end(body);
    return poll(source());
  };
  const broken = (key: string): Buffer => Buffer.concat([Buffer.from(`<result><LSH>${key}</LSH><XM>`), Buffer.of(0x81, 0x20, 0xff), Buffer.from('</XM></result>')]);

  it('keeps broken bytes and unclosed tags inside their own record', async () => {
    const list = Buffer.concat([
      encodeText(row('LD1', time(1)), 'gb18030'), broken('LD2'), encodeText(row('LD3', time(3)), 'gb18030'), Buffer.from('<result><LSH>LD4</LSH><XM>'), encodeText(row('LD5', time(5)), 'gb18030'),
      broken('LD2'), Buffer.from('<result><LSH></LSH></result>'),
    ]);
    const [before, after] = head('00', 7, '#').split('#') as [string, string];
    const found = await answered(envelope(Buffer.concat([Buffer.from(before), list, Buffer.from(after)])));
    expect(keysOf(found)).toEqual(['LD1 10:01:00', 'LD3 10:03:00', 'LD5 10:05:00']);
    const dead = found.filter((o) => o.kind === 'dead');
    expect(dead.map((d) => d.code)).toEqual(['YICI_ROW_BROKEN_BYTES', 'YICI_ROW_MALFORMED_XML', 'YICI_ROW_BROKEN_BYTES', expect.stringMatching(/KEY/)]);
    expect(Buffer.from(dead[0]!.bytes).equals(broken('LD2'))).toBe(true);
    // Two equal bad rows are two letters; the same answer again gives the same two.
    expect(new Set(dead.map((d) => d.position)).size).toBe(4);
    expect(dead.every((d) => d.source === 'soap:residence-permit/LDRK')).toBe(true);
  });

  it.each([
    ['busy', answerOf(head('99', 0, '')), 'YICI_SOURCE_BUSY'],
    ['not authorised', answerOf(head('02', 0, '')), 'YICI_SOURCE_NOT_AUTHORISED'],
    ['a bad request', answerOf(head('01', 0, '')), 'YICI_SOURCE_REQUEST_REFUSED'],
    ['a code that nobody agreed', answerOf(head('77', 0, '')), 'YICI_SOURCE_UNREACHABLE'],
    ['fewer rows than its total', answerOf(head('00', 3, row('LD1', time(1)))), 'YICI_SNAPSHOT_UNREADABLE'],
    ['more rows than its total', answerOf(head('00', 0, row('LD1', time(1)))), 'YICI_SNAPSHOT_UNREADABLE'],
    ['no total', answerOf('<response><head><resultCode>00</resultCode></head><body><resultList/></body></response>'), 'YICI_SNAPSHOT_UNREADABLE'],
    ['a document that ends in the middle', answerOf(head('00', 1, row('LD1', time(1))).replace('</response>', '')), 'YICI_SNAPSHOT_UNREADABLE'],
    ['a record that ends in the middle', answerOf(head('00', 1, row('LD1', time(1))).split('<XB>')[0]!), 'YICI_SNAPSHOT_UNREADABLE'],
    ['an entity bomb', answerOf(`<!DOCTYPE r [<!ENTITY a "bbbb"><!ENTITY c "&a;&a;&a;">]>${head('00', 0, '')}`), 'YICI_SNAPSHOT_UNREADABLE'],
    ['another document', answerOf('<answer><head><resultCode>00</resultCode></head></answer>'), 'YICI_SNAPSHOT_SCHEMA_DRIFT'],
    ['a fault with 200', Buffer.from('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode></s:Fault></s:Body></s:Envelope>'), 'YICI_SOURCE_UNREACHABLE'],
    ['a page with 200', '<html><body>Sign in<br></body></html>', 'YICI_SOURCE_UNREACHABLE'],
  ])('%s', async (_, body, code) => {
    await expect(answered(body)).rejects.toMatchObject({ code });
  });

  it('a column that no row has any more stops it, also when rows come one by one', async () => {
    const less = (n: number): string => row(`LD${n}`, time(n)).replace('<LXDH></LXDH>', '');
    await expect(answered(answerOf(head('00', 5, [1, 2, 3, 4, 5].map(less).join(''))))).rejects.toMatchObject({ code: 'YICI_SNAPSHOT_SCHEMA_DRIFT' });
    const [reader, marks] = [source(), new Map<string, LiveMark>()];
    for (let n = 1; n <= 4; n++) {
      handler = (_request, response) => void response.end(answerOf(head('00', 1, less(n))));
      expect(keysOf(await poll(reader, marks)).length).toBe(1);
    }
    handler = (_request, response) => void response.end(answerOf(head('00', 1, less(5))));
    await expect(poll(reader, marks)).rejects.toMatchObject({ code: 'YICI_SNAPSHOT_SCHEMA_DRIFT', message: expect.stringContaining('LXDH') });
  });

  it('a redirect is not followed', async () => {
    let elsewhere = 0;
    const other = createServer((_request, response) => void (elsewhere++, response.end()));
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    handler = (_request, response) => void response.writeHead(307, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` }).end();
    await expect(poll(source())).rejects.toMatchObject({ code: 'YICI_REDIRECT_REFUSED' });
    expect(elsewhere).toBe(0);
    await new Promise<void>((done) => other.close(() => done()));
  });

  it('100 MB are refused while they come, and nothing of them is kept', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    let sent = 0;
    let ended = false;
    handler = (_request, response) => {
      response.on('close', () => (ended = true));
      const more = (): void => {
        if (sent >= 100 || ended) return;
        sent += 1;
        response.write(chunk, () => setImmediate(more));
      };
      response.writeHead(200, { 'content-type': 'text/xml' });
      more();
    };
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
    await expect(poll(source({ maxAnswerMegabytes: 4 }))).rejects.toMatchObject({ code: 'YICI_ANSWER_TOO_LARGE' });
    clearInterval(watch);
    expect(sent).toBeLessThan(40);
    expect(most - before).toBeLessThan(40 * 1024 * 1024);
  });

  it('bytes that drip are cut by the time of the whole exchange', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' });
      const drip = setInterval(() => response.write('<'), 100);
      response.on('close', () => clearInterval(drip));
    };
    await expect(poll(source({ timeoutSeconds: 1 }))).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
  });

  it('a host that is not allowed is never called', () => {
    expect(() => source({}, 'http://example.org/ldrk')).toThrow(expect.objectContaining({ code: 'YICI_HOST_NOT_ALLOWED' }));
  });

  it('a certificate of nobody we know is refused, one of the office\'s own CA is taken', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-tls-'));
    const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, serve);
    await new Promise<void>((done) => tls.listen(0, '127.0.0.1', done));
    const address = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/ldrk`;
    rows.set('LD1', time(1));
    await expect(poll(source({}, address))).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
    expect(asked).toEqual([]);
    caFile = cert;
    expect(keysOf(await poll(source({}, address)))).toEqual(['LD1 10:01:00']);
    caFile = '';
    tls.closeAllConnections();
    await new Promise<void>((done) => tls.close(() => done()));
    rmSync(dir, { recursive: true });
  });
});
