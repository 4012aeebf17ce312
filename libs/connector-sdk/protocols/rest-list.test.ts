import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FixedClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import type { LiveBatch, LiveMark } from '../live-source.js';
import { loadConnector } from '../load-connector.js';
import { verify } from './hmac.js';
import { RestListSource } from './rest-list.js';
import type { RestListSpec } from './rest-specs.js';

const grid = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/grid'));
const spec = grid.manifest.live.find((l) => l.protocol === 'rest-list') as RestListSpec;
const clock = new FixedClock(Date.parse('2026-07-01T12:00:00+08:00'));
const signal = new AbortController().signal;
const columns = grid.manifest.snapshot.tables[0]!.read.columns as string[];

interface Row { id: string; updateTime: string; [column: string]: unknown }
const row = (id: string, updateTime: string, more: object = {}): Row => ({ ...Object.fromEntries(columns.map((c) => [c, null])), id, name: '张伟强', delFlag: '0', updateTime, ...more });

let server: Server;
let url: string;
let rows: Row[];
let asked: URLSearchParams[];
let secretThere: string;
/** What the server says instead of a page. */
let instead: ((query: URLSearchParams) => { status: number; type?: string; body: string } | undefined) | undefined;
const sources: RestListSource[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const at = new URL(request.url ?? '/', 'http://grid');
    asked.push(at.searchParams);
    const say = (status: number, body: string, type = 'application/json'): void => void response.writeHead(status, { 'content-type': type }).end(body);
    try {
      verify(request.headers as Record<string, string>, Buffer.alloc(0), { algorithm: 'sm3', secrets: [secretThere], now: clock.now(), maxAgeSeconds: 300 });
    } catch {
      return say(401, '{}');
    }
    const other = instead?.(at.searchParams);
    if (other !== undefined) return say(other.status, other.body, other.type);
    const one = /^\/api\/population\/(.+)$/.exec(at.pathname)?.[1];
    if (one !== undefined) {
      const found = rows.find((r) => r.id === decodeURIComponent(one));
      return say(found === undefined ? 404 : 200, JSON.stringify(found ?? {}));
    }
    const [since, cursor, limit] = [at.searchParams.get('updatedSince') ?? '', at.searchParams.get('cursor') ?? '', Number(at.searchParams.get('limit'))];
    const position = (r: Row): string => `${r.updateTime}|${r.id}`;
    const page = rows.filter((r) => r.updateTime >= since && position(r) > cursor).sort((a, b) => (position(a) < position(b) ? -1 : 1)).slice(0, limit);
    say(200, JSON.stringify({ items: page, cursor: page.length === limit ? position(page.at(-1)!) : null }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((done) => {
  server.closeAllConnections();
  server.close(() => done());
}));
beforeEach(() => {
  rows = [];
  asked = [];
  instead = undefined;
  secretThere = 'sync';
});
afterEach(async () => {
  await Promise.all(sources.splice(0).map((s) => s.close()));
});

function source(more: Partial<RestListSpec> = {}, environment: Record<string, string> = {}): RestListSource {
  const secrets: Record<string, string> = { YICI_GRID_URL: url, YICI_GRID_SYNC_SECRET: 'sync', ...environment };
  const made = new RestListSource(grid, { ...spec, pageSize: 2, timeoutSeconds: 2, ...more }, {
    secret: (name) => secrets[name], clock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'),
  });
  sources.push(made);
  return made;
}
/** Reads to the end, or `pages` pages, keeping the marks as the poller does. */
async function read(from: RestListSource, marks: Map<string, LiveMark>, pages = Infinity): Promise<string[]> {
  const keys: string[] = [];
  let n = 0;
  for await (const batch of from.poll(marks, signal)) {
    keys.push(...keysOf(batch));
    if (batch.mark !== undefined) marks.set(batch.channel, batch.mark);
    if (++n >= pages) break;
  }
  return keys;
}
const keysOf = (batch: Pick<LiveBatch, 'rows'>): string[] => batch.rows.map((r) => (r.kind === 'accepted' ? r.records[0]!.naturalKey : r.kind === 'dead' ? r.code : r.kind));

describe('a list', () => {
  it('is read by pages, then from a window behind the newest time; what was taken is not handed out again', async () => {
    rows = ['1', '2', '3', '4', '5'].map((id) => row(id, `2026-06-01 10:0${id}:00`));
    const marks = new Map<string, LiveMark>();
    const list = source();
    expect(await read(list, marks)).toEqual(['1', '2', '3', '4', '5']);
    expect(marks.get('list:persons')).toEqual({ reached: '2026-06-01T10:05:00+08:00' });
    expect(await read(list, marks)).toEqual([]);
    expect(asked.at(-1)!.get('updatedSince')).toBe('2026-06-01 09:55:00');
    // A row that is stored late, dated within the window, and one that changed without its time.
    rows.push(row('6', '2026-06-01 10:04:30'));
    rows[1] = { ...rows[1]!, phone: '13900000001' };
    expect((await read(list, marks)).sort()).toEqual(['2', '6']);
    expect(await read(source(), marks)).toHaveLength(6);
  });

  it('goes on at its cursor after it was cut short, and begins anew when the cursor is gone', async () => {
    rows = ['1', '2', '3', '4', '5'].map((id) => row(id, `2026-06-01 10:0${id}:00`));
    const marks = new Map<string, LiveMark>();
    expect(await read(source(), marks, 1)).toEqual(['1', '2']);
    expect(marks.get('list:persons')).toMatchObject({ since: '', cursor: '2026-06-01 10:02:00|2' });
    const cut = new Map(marks);
    expect(await read(source(), marks)).toEqual(['3', '4', '5']);
    let gone = true;
    instead = (query) => {
      const refused = gone && query.has('cursor');
      gone = false;
      return refused ? { status: 410, body: '{}' } : undefined;
    };
    expect(await read(source(), cut)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('is not led astray by a row of the future', async () => {
    rows = [row('1', '2026-06-01 10:00:00'), row('2', '2099-01-01 00:00:00')];
    const marks = new Map<string, LiveMark>();
    const list = source();
    await read(list, marks);
    rows.push(row('3', '2026-06-02 10:00:00'));
    expect(await read(list, marks)).toEqual(['3']);
  });

  it('kills what is poisoned in it alone', async () => {
    const good = JSON.stringify(row('1', '2026-06-01 10:00:00'));
    const number = JSON.stringify(row('2', '2026-06-01 10:00:00')).replace('"ident":null', '"ident":990101196203150315');
    instead = () => ({ status: 200, body: `{"total":3,"items":[${number},${good},{"id":"3","name":"x","more":1}],"cursor":null}` });
    expect(await read(source(), new Map())).toEqual(['YICI_ROW_NUMBER_TOO_LONG', '1', 'YICI_ROW_UNKNOWN_COLUMN']);
  });

  it('gives each of two equal bad rows a place of its own, over pages, again in the next read, and after it was cut short', async () => {
    const bad = JSON.stringify({ ...row('2', '2026-06-01 10:00:00'), more: 1 });
    const good = JSON.stringify(row('1', '2026-06-01 10:00:00'));
    const pages: Record<string, string> = { '': `{"items":[${bad},${good},${bad}],"cursor":"b"}`, b: `{"items":[${good},${bad}],"cursor":null}` };
    instead = (query) => ({ status: 200, body: pages[query.get('cursor') ?? '']! });
    const dead = async (from: RestListSource, marks: Map<string, LiveMark>, takes = Infinity): Promise<number[]> => {
      const places: number[] = [];
      for await (const { rows: outcomes, channel, mark } of from.poll(marks, signal)) {
        for (const o of outcomes) if (o.kind === 'dead') places.push(o.position);
        if (--takes < 0) break;
        marks.set(channel, mark!);
      }
      return places;
    };
    const all = await dead(source(), new Map());
    expect(new Set(all).size).toBe(3);
    expect(await dead(source(), new Map())).toEqual(all);
    const marks = new Map<string, LiveMark>();
    const list = source();
    expect(await dead(list, marks, 1)).toEqual(all);
    expect(await dead(list, marks)).toEqual(all.slice(2));
    const again: number[] = [];
    for await (const outcomes of list.readAll(signal)) again.push(...outcomes.flatMap((o) => (o.kind === 'dead' ? [o.position] : [])));
    expect(again).toEqual(all);
    expect(await dead(list, marks)).toEqual(all.slice(0, 2));
    expect(await dead(list, marks)).toEqual([]);
    // One more of them, while the others are still in the window.
    pages['b'] = `{"items":[${bad},${bad}],"cursor":null}`;
    expect(await dead(list, marks)).toHaveLength(1);
  });

  it.each<[string, { status: number; type?: string; body: string }, string]>([
    ['a web page', { status: 200, type: 'text/html', body: '<html></html>' }, 'YICI_SOURCE_UNREACHABLE'],
    ['no page', { status: 200, body: '[]' }, 'YICI_SOURCE_UNREACHABLE'], ['no items', { status: 200, body: '{"cursor":null}' }, 'YICI_SOURCE_UNREACHABLE'],
    ['half a page', { status: 200, body: '{"items":[{"id":"1"},' }, 'YICI_SOURCE_UNREACHABLE'], ['HTTP 500', { status: 500, body: '{}' }, 'YICI_SOURCE_UNREACHABLE'],
    ['HTTP 503', { status: 503, body: '{}' }, 'YICI_SOURCE_UNREACHABLE'], ['HTTP 404', { status: 404, body: '{}' }, 'YICI_SOURCE_UNREACHABLE'],
    ['a page too large', { status: 200, body: `{"items":[${' '.repeat(2 << 20)}],"cursor":null}` }, 'YICI_ANSWER_TOO_LARGE'],
    ['a schema that nobody agreed', { status: 200, body: JSON.stringify({ items: Array.from({ length: 6 }, (_, i) => ({ ...row(String(i), '2026-06-01 10:00:00'), mobile: 'x' })), cursor: null }) }, 'YICI_SNAPSHOT_SCHEMA_DRIFT'],
  ])('that is %s is trouble with a name', async (_what, page, code) => {
    instead = () => page;
    await expect(read(source({ maxPageMegabytes: 1 }), new Map())).rejects.toMatchObject({ code });
  });

  it('that leads round in a circle ends', async () => {
    instead = () => ({ status: 200, body: '{"items":[],"cursor":"c"}' });
    await expect(read(source(), new Map())).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', message: expect.stringContaining('does not come to an end') });
  });

  it('is read with the secret that the system takes while it is being changed', async () => {
    rows = [row('1', '2026-06-01 10:00:00')];
    const list = source({}, { YICI_GRID_SYNC_SECRET_NEXT: 'the next' });
    expect(await read(list, new Map())).toEqual(['1']);
    secretThere = 'the next';
    rows.push(row('2', '2026-06-01 10:00:01'));
    expect(await read(list, new Map())).toContain('2');
    secretThere = 'something else';
    await expect(read(list, new Map())).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', message: expect.stringContaining('401') });
  });
});

describe('reading on request', () => {
  it('gives everything, and one record as it stands', async () => {
    rows = ['1', '2', '3'].map((id) => row(id, `2026-06-01 10:0${id}:00`));
    rows.push(row('a/b', '2026-06-01 10:09:00'));
    const list = source();
    const all: string[] = [];
    for await (const outcomes of list.readAll(signal)) all.push(...keysOf({ rows: outcomes }));
    expect(all).toEqual(['1', '2', '3', 'a/b']);
    expect(await list.readOne('a/b', signal)).toMatchObject({ system: 'grid', naturalKey: 'a/b', order: '2026-06-01T10:09:00+08:00' });
    expect(await list.readOne('none', signal)).toBeUndefined();
  });
});
