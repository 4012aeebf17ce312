import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { routesOf } from '#apps/hub/routes';
import type { FacetScope, Role } from '#libs/access/account';
import { systemClock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { SecretCity } from '#test/support/secret-city';
import { CHILD, HIDDEN, HIDDEN_NAME, LI, OPEN, RESTRICTED, SECRET_PHONES, ZHANG } from '#test/support/secret-records';
import type { Caller } from '#test/support/http-hub';

// Two hubs, each started twice, on a machine that does other things as well.
jest.setTimeout(240_000);

const ROLES: readonly Role[] = ['admin', 'steward', 'worker', 'statistician', 'auditor'];
/** Ids that stand for what is only in the city with secrets; the other city has none of them, so they are made up there. */
interface Subjects {
  persons: Record<string, string>;
  households: string[];
  hiddenPerson: string;
  hiddenReview: string;
  hiddenDispute: string;
  hiddenDecision: string;
  hiddenLetters: string[];
  entry: string;
}
interface City { hub: SecretCity; subjects: Subjects; callers: Map<Role, Caller>; insider: Caller; insideAuditor: Caller; insiders: Set<string> }

let plain: City;
let secret: City;

async function build(restricted: boolean): Promise<City> {
  const hub = await SecretCity.open();
  const { store, connectors } = hub.parts;
  await store.pool.query(`update sharing_agreement set state = 'approved', decided_by = 'test', decided_at = now()`);
  for (const { id } of connectors) await store.pool.query(`insert into first_connection (target, state, differences, changed_at) values ($1, 'approved', 0, now())`, [id]);
  const steps = [RESTRICTED[0]!, OPEN[0]!, RESTRICTED[1]!, OPEN[1]!, RESTRICTED[2]!];
  for (const [i, records] of steps.entries()) if (restricted || i % 2 === 1) await hub.read(records);
  const insider = await hub.as('steward', ['correction', 'party']);
  const worker = await hub.as('worker');
  const find = async (call: Caller, body: object): Promise<string> => (await call('POST', '/persons/search', { body })).body.items[0]?.id;
  const persons = { zhang: await find(worker, { citizenId: ZHANG }), li: await find(worker, { citizenId: LI }), child: await find(worker, { citizenId: CHILD }), five: await find(worker, { phone: '13900000005' }), six: await find(worker, { phone: '13900000006' }), shared: await find(worker, { name: '赵一鸣' }) };
  const entry = (await worker('POST', '/entries', { body: { kind: 'move', personId: persons.zhang, direction: 'moved', address: '花园小区5幢109室', occurredOn: '2025-06-01' } })).body.entryId as string;
  await hub.quiet();
  const none = () => uuidv7(Date.now());
  const subjects: Subjects = {
    persons, entry, households: [(await worker('GET', `/persons/${persons.zhang}`)).body.households[0].id],
    hiddenPerson: `p-${none()}`, hiddenReview: none(), hiddenDispute: none(), hiddenDecision: none(), hiddenLetters: [none(), none()],
  };
  if (restricted) {
    subjects.hiddenPerson = await find(insider, { citizenId: HIDDEN });
    await hub.command({ kind: 'noLink', decisionId: subjects.hiddenDecision, records: ['corrections:person:C8', 'hukou:person:R1'], actor: 'x' });
    subjects.hiddenDispute = (await insider('POST', '/disputes', { body: { entityId: persons.zhang, field: 'facets.correction', grounds: 'x' } })).body.id;
    subjects.hiddenReview = (await insider('GET', '/reviews?limit=200')).body.items.find((r: { records: { system: string }[] }) => r.records.some((x) => x.system === 'corrections')).id;
    await new UnitOfWork(store.dataSource).run((tx) => new DeadLetterStore(store.sealing, systemClock).add(tx, ['corrections', 'party-volunteer'].map((system) => ({
      system, recordType: 'person', code: 'YICI_ROW_WRONG_COLUMN_COUNT', stage: 'decoding' as const, reason: 'x', origin: { source: 'f', position: 1 }, bytes: Buffer.from('张伟强'),
    }))));
    subjects.hiddenLetters = (await store.pool.query<{ id: string }>('select id from dead_letter order by system')).rows.map((r) => r.id);
  }
  const answering = await hub.answering();
  const callers = new Map<Role, Caller>();
  for (const role of ROLES) callers.set(role, await answering.as(role));
  const inside = await answering.as('steward', ['correction', 'party']);
  const insideAuditor = await answering.as('auditor', ['correction', 'party']);
  const { rows } = await answering.parts.store.pool.query<{ id: string }>("select id from account where facet_scopes <> '{}'");
  return { hub: answering, subjects, callers, insider: inside, insideAuditor, insiders: new Set(rows.map((r) => r.id)) };
}

beforeAll(async () => {
  [plain, secret] = [await build(false), await build(true)];
});
afterAll(async () => {
  await plain?.hub.close();
  await secret?.hub.close();
});

/** Every address of a route, for the subjects of a city. Undefined: the route needs what the test does not have. */
function addresses(route: string, s: Subjects): string[] {
  const persons = [...Object.values(s.persons), s.hiddenPerson];
  const fill = (ids: readonly string[]): string[] => ids.map((id) => route.replace(/:\w+/, id));
  if (route.startsWith('/persons/:')) return fill(persons);
  if (route.startsWith('/households/:')) return fill(s.households);
  if (route.startsWith('/dwellings/:')) return fill(['d-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f']);
  if (route.startsWith('/reviews/:')) return fill([s.hiddenReview]);
  if (route.startsWith('/disputes/:')) return fill([s.hiddenDispute]);
  if (route.startsWith('/decisions/:')) return fill([s.hiddenDecision]);
  if (route.startsWith('/dead-letters/:')) return fill(s.hiddenLetters);
  if (route.startsWith('/entries/:') || route.startsWith('/receipts/:')) return fill([s.entry]);
  if (route.includes(':') || route.includes('*')) return fill([randomUUID()]);
  return route === '/' ? [] : [`${route}${['/reviews', '/dead-letters', '/deliveries', '/entries', '/disputes', '/decisions', '/audit'].includes(route) ? '?limit=200' : ''}`];
}

/** Ids, blind refs and what the clock of the test said are no answer; times of the sources, all of them of 2025, are. */
function normalised(text: string): unknown {
  const bare = text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/r-[0-9a-f]{32}/g, '<ref>')
    .replace(/20(?!25)\d\d-\d\d-\d\dT[\d:.]+Z/g, '<now>')
    // How long requests took, and what the process itself uses.
    .replace(/^(# \w+ )?(yici_http_request_seconds|process_|nodejs_)[^\n]*\n/gm, '');
  try {
    return inNoOrder(JSON.parse(bare));
  } catch {
    return bare.split('\n');
  }
}

/** Lists that are sorted by id: ids are given in the order of arrival, which no two runs share. */
const BY_ID = new Set(['items', 'members', 'households', 'persons']);

function inNoOrder(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((v) => inNoOrder(v));
    return BY_ID.has(key) ? list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, inNoOrder(v, k)]));
}

/** Statements sent to PostgreSQL while `work` runs. */
async function counted<T>(work: () => Promise<T>): Promise<{ answer: T; statements: string[] }> {
  const statements: string[] = [];
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { text: string }];
    statements.push((typeof first === 'string' ? first : first.text).replace(/\s+/g, ' ').slice(0, 90));
    return Reflect.apply(query, this, args) as never;
  } as never;
  try {
    return { answer: await work(), statements };
  } finally {
    pg.Client.prototype.query = query;
  }
}

/** What somebody of the scope did is in the log as theirs, and says nothing of what it was about. */
function withoutInsider(text: string, { insiders }: City): string {
  if (!text.startsWith('{"items":[{"id":')) return text;
  const { items, next } = JSON.parse(text) as { items: { id: number; actor: string }[]; next: string | null };
  for (const row of items.filter((r) => insiders.has(r.actor))) expect(JSON.stringify(row)).not.toMatch(/correction|party|C7|C8/);
  return JSON.stringify({ items: items.filter((r) => !insiders.has(r.actor)).map((r) => ({ ...r, id: 0 })), next });
}

interface Seen { at: string; status: number; answer: unknown; statements: string[] }

/** The audit log, which has its own rows for the insider; the table of authority, which is read once in ten seconds. */
const NOT_COUNTED = /audit_log|advisory|from authority$/;

async function look(city: City, role: Role, at: string, path: string, body?: object): Promise<Seen> {
  const call = city.callers.get(role)!;
  const { answer, statements } = await counted(() => call(body === undefined ? 'GET' : 'POST', path, body === undefined ? {} : { body }));
  return { at: `${role} ${at}`, status: answer.status, answer: normalised(role === 'auditor' ? withoutInsider(answer.text, city) : answer.text), statements: statements.filter((s) => !NOT_COUNTED.test(s)).sort() };
}

const SEARCHES = [
  { citizenId: ZHANG }, { citizenId: LI }, { citizenId: CHILD }, { citizenId: HIDDEN }, { name: HIDDEN_NAME }, { name: '欧阳无关' }, { name: '张伟强' }, { name: '王大力' },
  ...SECRET_PHONES.map((phone) => ({ phone })), { phone: '13900000001' }, { phone: '13900000500' }, { phone: '13900000999' },
];

describe('outside the scope of corrections and party', () => {
  it('the cities differ inside it', async () => {
    const inside = async ({ insider, subjects }: City) => (await insider('GET', `/persons/${subjects.persons['zhang']!}`)).text;
    expect(await inside(secret)).toContain('facets.correction');
    expect(await inside(plain)).not.toContain('facets.correction');
    const found = await secret.insider('POST', '/persons/search', { body: { phone: SECRET_PHONES[0]! } });
    expect(found.body.items.map((p: { id: string }) => p.id)).toEqual([secret.subjects.persons['zhang']]);
    expect((await secret.insider('POST', '/persons/search', { body: { name: HIDDEN_NAME } })).body.items).toHaveLength(1);
  });

  it.each(ROLES)('a %s gets the same from every GET route, with the same questions to the database', async (role) => {
    const routes = routesOf(plain.hub.app).filter((r) => r.method === 'GET' && !r.path.endsWith('/events')).map((r) => r.path);
    expect(routes.length).toBeGreaterThan(20);
    for (const route of routes) {
      const [there, here] = [addresses(route, plain.subjects), addresses(route, secret.subjects)];
      expect(here).toHaveLength(there.length);
      for (const [i, path] of there.entries()) {
        const at = `GET ${route} #${i}`;
        const [a, b] = [await look(plain, role, at, path), await look(secret, role, at, here[i]!)];
        expect(b).toEqual(a);
        expect(b.status).toBeLessThan(500);
      }
    }
  });

  it.each(['steward', 'worker'] as const)('a %s gets the same from every search', async (role) => {
    for (const body of SEARCHES) {
      const at = `search ${Object.keys(body)[0]!} ${Object.values(body)[0]!}`;
      expect(await look(secret, role, at, '/persons/search', body)).toEqual(await look(plain, role, at, '/persons/search', body));
    }
  });

  it('a steward gets the same refusals', async () => {
    const both = async (method: 'decisions' | 'disputes', body: object) => expect(await look(secret, 'steward', method, `/${method}`, body)).toEqual(await look(plain, 'steward', method, `/${method}`, body));
    await both('decisions', { kind: 'link', records: ['corrections:person:C7', 'hukou:person:R1'] });
    await both('decisions', { kind: 'link', records: ['corrections:person:C8', 'hukou:person:R1'] });
    await both('disputes', { record: 'corrections:person:C7', field: 'name', grounds: 'x' });
    const decide = async (c: City) => look(c, 'steward', 'revoke', '/decisions', { kind: 'revoke', decisionId: c.subjects.hiddenDecision });
    expect(await decide(secret)).toEqual(await decide(plain));
    const refused = async (c: City, path: string, body: object) => look(c, 'steward', path, path.replace('R', c.subjects.hiddenReview).replace('D', c.subjects.hiddenDispute), body);
    for (const [path, body] of [['/reviews/R/decision', { decision: 'link' }], ['/disputes/D/answer', { outcome: 'upheld' }], ['/disputes/D/withdraw', {}]] as const) {
      expect(await refused(secret, path, body)).toEqual(await refused(plain, path, body));
    }
    const dispute = async (c: City) => look(c, 'worker', 'restricted field', '/disputes', { entityId: c.subjects.persons['zhang'], field: 'facets.correction', grounds: 'x' });
    expect(await dispute(secret)).toEqual(await dispute(plain));
  });

  it.each(['correction', 'party'] as FacetScope[])('somebody to whom only %s is open learns nothing of the other', async (scope) => {
    const call = await secret.hub.as('steward', [scope]);
    const other = scope === 'correction' ? /DY1|一支部|13900000779/ : /corrections:person|13900000777|欧阳无关/;
    for (const id of Object.values(secret.subjects.persons)) for (const path of ['', '/history', '/links']) expect((await call('GET', `/persons/${id}${path}`)).text).not.toMatch(other);
    expect((await call('GET', '/reviews?limit=200')).text).not.toMatch(other);
  });

  // Last: a stream goes on asking for a while after its reader has left.
  it.each(ROLES)('a %s is told the same by every stream', async (role) => {
    for (const route of routesOf(plain.hub.app).filter((r) => r.method === 'GET' && r.path.endsWith('/events')).map((r) => r.path)) {
      const seen = await Promise.all([plain, secret].map((city) => city.hub.firstEvent(city.callers.get(role)!, addresses(route, city.subjects)[0]!)));
      const data = seen.map(({ status, text }) => ({ status, data: normalised(/^data: (.*)$/m.exec(text)?.[1] ?? text) }));
      expect(data[1]).toEqual(data[0]);
    }
  });

  it('an auditor hears that an insider looked, and not at whom, where nobody else knows that person', async () => {
    // The last of all: it leaves traces in one of the two cities alone.
    const { hiddenPerson } = secret.subjects;
    expect((await secret.insider('GET', `/persons/${hiddenPerson}`)).status).toBe(200);
    const outside = secret.callers.get('auditor')!;
    expect((await outside('GET', '/audit?limit=200')).text).not.toContain(hiddenPerson);
    expect((await outside('GET', `/audit?subject=${hiddenPerson}`)).body.items).toEqual([]);
    const seen = (await secret.insideAuditor('GET', `/audit?subject=${hiddenPerson}`)).body.items as { action: string }[];
    expect(seen.map((row) => row.action)).toEqual(expect.arrayContaining(['person.search', 'person.read']));
  });
});
