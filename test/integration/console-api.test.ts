import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { request } from 'undici';
import type { EntryView } from '#libs/entries/controllers/entry-views';
import type { PersonLink } from '#libs/entries/person-links';
import type { SystemBoard } from '#libs/entries/system-board';
import { startConsoleStage, type ConsoleStage } from '#test/support/console-stage';
import { caller, type Caller } from '#test/support/http-hub';

jest.setTimeout(120_000);

let stage: ConsoleStage;
let worker: Caller;

beforeAll(async () => {
  stage = await startConsoleStage();
  worker = await stage.account('worker', 'worker');
});
afterAll(() => stage?.close());

/** Reads server-sent events of one account until `enough` says so, then hangs up. */
async function events<T>(path: string, username: string, enough: (states: readonly T[]) => boolean, act?: () => Promise<unknown>): Promise<T[]> {
  const { body: session } = await caller(stage.hub.url)('POST', '/login', { body: { username, password: stage.password, bearer: true } });
  const answer = await request(stage.hub.url + path, { headers: { authorization: `Bearer ${session.token}` } });
  expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([200, 'text/event-stream; charset=utf-8', 'no-store']);
  const states: T[] = [];
  let text = '';
  let acted = false;
  for await (const chunk of answer.body.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    const messages = text.split('\n\n');
    text = messages.pop()!;
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1];
      if (data !== undefined) states.push(JSON.parse(data) as T);
    }
    if (enough(states)) break;
    if (states.length > 0 && !acted) {
      acted = true;
      await act?.();
    }
  }
  return states;
}

const newcomer = (citizenId: string) => ({ kind: 'newPerson', name: '李秀英', citizenId, currentAddress: '幸福小区3幢2单元301室', occurredOn: '2026-03-30' });

describe('POST /login/one-time', () => {
  const signIn = (code: string, headers: Record<string, string> = {}) => caller(stage.hub.url)('POST', '/login/one-time', { body: { code }, headers });
  const codeFor = (username: string): string => stage.hub.signInLink(username).split('#code=')[1]!;

  it('signs in once, with a cookie and no token', async () => {
    const code = codeFor('worker');
    const { status, headers, body } = await signIn(code);
    expect([status, body.account.username, body.token]).toEqual([200, 'worker', undefined]);
    expect(String(headers['set-cookie'])).toMatch(/^yici_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict/);
    expect((await signIn(code)).body).toMatchObject({ status: 401, code: 'YICI_LOGIN_CODE_REFUSED' });
  });

  it('refuses another site, an account that is none, and guessing without end', async () => {
    expect((await signIn(codeFor('worker'), { origin: 'https://elsewhere.example' })).status).toBe(401);
    expect((await signIn(codeFor('nobody'))).status).toBe(401);
    expect((await signIn('short')).status).toBe(400);
    const answers: number[] = [];
    for (let i = 0; i < 6; i += 1) answers.push((await signIn('A'.repeat(43))).status);
    expect(answers).toContain(429);
  });
});

describe('GET /board', () => {
  it('names the twelve, balances, and withholds the guarded ones from outsiders', async () => {
    const board = (await worker('GET', '/board')).body as SystemBoard;
    expect(board.systems.map((s) => s.id)).toEqual(stage.hub.parts.connectors.map((c) => c.id));
    expect(board.systems.filter((s) => s.withheld).map((s) => [s.id, Object.keys(s).sort()])).toEqual(
      ['corrections', 'party-volunteer'].map((id) => [id, ['category', 'id', 'name', 'nameEn', 'owner', 'withheld']]));
    expect([board.totals.rows.balanced, board.totals.records.balanced, board.totals.deliveries.balanced]).toEqual([true, true, true]);
    const open = (await (await stage.account('insider', 'worker', ['correction', 'party']))('GET', '/board')).body as SystemBoard;
    expect(open.systems.some((s) => s.withheld)).toBe(false);
    expect(open.totals.rows.read).toBeGreaterThan(board.totals.rows.read);
  });

  it('tells of a change once, and of nothing otherwise', async () => {
    const seen = await events<SystemBoard>('/board/events', 'worker', (states) => states.at(-1)?.entries['resolved'] === 1,
      () => worker('POST', '/entries', { body: newcomer('990101196408220428') }));
    expect(seen[0]!.entries).toEqual({});
    const texts = seen.map((s) => JSON.stringify(s));
    expect(texts.filter((text, i) => text === texts[i - 1])).toEqual([]);
  });

  it('is open to every role, its events too, and to nobody else', async () => {
    for (const role of ['statistician', 'auditor'] as const) expect((await (await stage.account(role, role))('GET', '/board')).status).toBe(200);
    for (const path of ['/board', '/board/events']) expect((await caller(stage.hub.url)('GET', path)).status).toBe(401);
  });
});

describe('GET /entries/:id/events', () => {
  it('shows the lights of an entry move, to its worker alone', async () => {
    const { body } = await worker('POST', '/entries', { body: newcomer('990101201809010150') });
    const seen = await events<EntryView>(`/entries/${body.entryId}/events`, 'worker', (states) => states.at(-1)?.state === 'resolved' && states.at(-1)!.receipt.every((l) => l.reasonCode !== 'notProcessed'));
    expect(seen.at(-1)!.receipt.map((l) => l.target)).toEqual(stage.hub.parts.connectors.map((c) => c.id));
    expect((await (await stage.account('other', 'worker'))('GET', `/entries/${body.entryId}/events`)).status).toBe(404);
  });
});

describe('GET /persons/:id/links', () => {
  it('ties all records of a person together, each pair explained', async () => {
    const { body: found } = await worker('POST', '/persons/search', { body: { name: '罗海月' } });
    const { body: person } = await worker('GET', `/persons/${found.items[0].id}`);
    const links = (await worker('GET', `/persons/${found.items[0].id}/links`)).body as PersonLink[];
    const keys = (person.records as { key: string; attached: boolean }[]).filter((r) => !r.attached).map((r) => r.key);
    expect(links).toHaveLength(keys.length - 1);
    expect(new Set(links.flatMap((l) => l.records))).toEqual(new Set(keys));
    for (const { explanation } of links) expect(explanation.steps.at(-1)!.total).toBeCloseTo(explanation.weight, 3);
    expect((await (await stage.account('statistician2', 'statistician'))('GET', `/persons/${found.items[0].id}/links`)).status).toBe(403);
  });
});

describe('the page', () => {
  it('is asked for anew, its hashed files never', async () => {
    const page = await caller(stage.hub.url)('GET', '/');
    const asset = /src="(\/assets\/[^"]+)"/.exec(page.text)![1]!;
    expect(page.headers['cache-control']).toBe('no-cache');
    expect((await caller(stage.hub.url)('GET', asset)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(page.text).not.toMatch(/<script(?![^>]*src=)/);
    expect(String(page.headers['content-security-policy'])).toContain("default-src 'self'");
  });
});
