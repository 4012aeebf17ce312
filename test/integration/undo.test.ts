import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#apps/cli/free-port';
import { projectRoot } from '#libs/platform/project-root';
import { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import type { Caller } from '#test/support/http-hub';
import { SecretCity } from '#test/support/secret-city';
import { until } from '#test/support/until';

// A hub with all its roles and a grid that pushes what it is written back.
jest.setTimeout(240_000);

const ENTERED = '13900000033';
const OWN = { right: '13900000011', wrong: '13900000022' };

let grid: GridSimulator;
let hub: SecretCity;
let steward: Caller;
let worker: Caller;
let right: string;
let wrong: string;

const phoneOf = (id: string) => grid.row(id)!['phone'];
const holding = async (phone: string): Promise<{ id: string }[]> => (await worker('POST', '/persons/search', { body: { phone } })).body.items;
/** None of a person who was merged into another since they were found. */
const recordsOf = async (id: string): Promise<string[]> => ((await steward('GET', `/persons/${id}`)).body.records ?? []).map((r: { key: string }) => r.key);
const lineOf = (lines: { target: string }[], target: string) => lines.find((l) => l.target === target);

beforeAll(async () => {
  const port = await freePort(0);
  grid = await GridSimulator.start({ cityDir: path.join(projectRoot(), 'test/fixtures/sample-city'), hubUrl: `http://127.0.0.1:${port}`, pushSecret: 'push', syncSecret: 'sync', disorder: 0 });
  hub = await SecretCity.open(undefined, undefined, { YICI_GRID_PUSH_SECRET: 'push', YICI_GRID_SYNC_SECRET: 'sync', YICI_GRID_URL: grid.url }, port);
  await hub.parts.store.pool.query(`update sharing_agreement set state = 'approved', decided_by = 'test', decided_at = now()`);
  for (const { id } of hub.parts.connectors) await hub.parts.store.pool.query(`insert into first_connection (target, state, differences, changed_at) values ($1, 'approved', 0, now())`, [id]);
  steward = await hub.as('steward');
  worker = await hub.as('worker');
  // Two people the grid keeps once each, with a valid number of their own. Ids come sorted: an entry for a picked person stays with the
  // first of its records when the person is split.
  const people = grid.ids().map((id) => grid.row(id)!).filter((r) => /^\d{17}[\dX]$/.test(String(r['ident'])) && !String(r['ident']).endsWith('000') && r['delFlag'] === '0' && String(r['name']).length === 3);
  right = people[0]!.id;
  wrong = people.find((r) => r['sex'] === people[0]!['sex'] && r['ident'] !== people[0]!['ident'] && r['name'] !== people[0]!['name'])!.id;
  grid.change(right, { phone: OWN.right });
  grid.change(wrong, { phone: OWN.wrong });
  await until(() => holding(OWN.right), (found) => found.length === 1, 'the grid’s own rows are read');
  await until(() => holding(OWN.wrong), (found) => found.length === 1, 'the grid’s own rows are read');
});
afterAll(async () => {
  await hub?.close();
  await grid?.stop();
});

describe('a merge that was wrong', () => {
  let link: string;
  let person: string;

  it('writes what is entered for one person to the rows of both', async () => {
    const records = [`grid:person:${right}`, `grid:person:${wrong}`];
    const preview = await steward('POST', '/decisions/preview', { body: { kind: 'link', records } });
    expect([preview.status, preview.body.map((l: { target: string }) => l.target)]).toEqual([200, hub.parts.connectors.map((c) => c.id)]);
    expect(await holding(OWN.right)).not.toEqual(await holding(OWN.wrong));
    link = (await steward('POST', '/decisions', { body: { kind: 'link', records } })).body.decisionId;
    const [one] = await until(() => holding(OWN.wrong), (found) => found.length === 1 && found[0] !== undefined, 'merged');
    await until(async () => (await recordsOf((await holding(OWN.right))[0]?.id ?? '')).length, (n) => n === 2, 'merged');
    person = (await holding(OWN.right))[0]!.id;
    expect(one).toBeDefined();
    const entry = await worker('POST', '/entries', { body: { kind: 'phone', personId: person, phone: ENTERED, occurredOn: '2026-11-01' } });
    expect(entry.status).toBe(202);
    await until(() => [phoneOf(right), phoneOf(wrong)], (phones) => phones.every((p) => p === ENTERED), 'written to both rows');
    // The grid pushes what it was written; the hub knows it for its own words.
    await until(async () => (await steward('GET', `/persons/${person}`)).body.records.filter((r: { hubOrigin?: string[] }) => r.hubOrigin?.includes('phones')).length, (n) => n === 2, 'both echoes are read');
  });

  it('is previewed before it is undone: the columns of each target, what cannot be undone, and whom to ask, without a value', async () => {
    // The permit office has got a record of this person from the hub before, as far as the hub knows.
    await hub.parts.store.pool.query(
      `insert into minted_key (target, record_type, own_ref, entity_id, target_ref, sealed_key, minted_at) values ('residence-permit', 'person', $1, $1, '\\x00', $2, now())`,
      [person, hub.parts.store.sealing.seal('LSH1')]);
    const versions = async () => (await hub.parts.store.pool.query<{ n: string }>('select count(*) as n from entity_version')).rows[0]!.n;
    const before = await versions();
    const { status, body, text } = await steward('POST', '/decisions/preview', { body: { kind: 'revoke', decisionId: link } });
    expect(status).toBe(200);
    expect(lineOf(body, 'grid')).toMatchObject({ records: 2, willWrite: ['phone'], cannotUndo: [] });
    expect(lineOf(body, 'hukou')).toMatchObject({ records: 0, willWrite: [], zh: expect.any(String), en: expect.any(String) });
    expect(lineOf(body, 'residence-permit')).toMatchObject({ cannotUndo: [{ reasonCode: 'createdThere', zh: expect.any(String), en: expect.any(String), columns: [] }], ask: expect.stringMatching(/公安/) });
    expect(lineOf(body, 'corrections')).toEqual({ target: 'corrections', name: expect.any(String), nameEn: expect.any(String), records: 0, willWrite: [], cannotUndo: [], reasonCode: 'restricted', zh: expect.any(String), en: expect.any(String) });
    expect(text).not.toMatch(/139000000\d\d/);
    // A preview decides nothing.
    expect([await versions(), (await recordsOf(person)).length, phoneOf(wrong)]).toEqual([before, 3, ENTERED]);
    expect((await worker('POST', '/decisions/preview', { body: { kind: 'revoke', decisionId: link } })).status).toBe(403);
  });

  it('gives the wrong row its own phone back, and leaves the right one what was entered', async () => {
    // The grid's times are to the second: of two versions of one second nobody can say which is the newer.
    await sleep(1_100);
    const { status, body } = await steward('POST', '/decisions', { body: { kind: 'revoke', decisionId: link } });
    expect(status).toBe(202);
    await until(() => phoneOf(wrong), (phone) => phone === OWN.wrong, 'the wrong row has its own phone again');
    expect(phoneOf(right)).toBe(ENTERED);
    const receipt = await until(async () => (await steward('GET', `/decisions/${body.decisionId}/receipt`)).body, (lines) => lineOf(lines, 'grid') !== undefined && (lineOf(lines, 'grid') as { delivery?: { state: string } }).delivery?.state !== 'waiting', 'the receipt tells it');
    expect(lineOf(receipt, 'grid')).toMatchObject({ willWrite: ['phone'], delivery: { state: expect.stringMatching(/^(written|confirmed)$/), stateZh: expect.any(String), records: expect.any(Number) } });
    expect(lineOf(receipt, 'residence-permit')).toMatchObject({ cannotUndo: [{ reasonCode: 'createdThere' }] });
    expect(JSON.stringify(receipt)).not.toMatch(/139000000\d\d/);
  });

  it('comes to rest: the phone that was put back is the row’s own again, and nothing is written twice', async () => {
    await until(() => holding(OWN.wrong), (found) => found.length === 1, 'the phone is a value again');
    const [other] = await holding(OWN.wrong);
    expect(other!.id).not.toBe(person);
    expect(await recordsOf(other!.id)).toEqual([`grid:person:${wrong}`]);
    const writes = () => grid.written.filter((w) => (w.item as { id?: string }).id === wrong).length;
    const settled = writes();
    grid.change(wrong, { flowRea: null });
    await sleep(2_000);
    expect([writes(), phoneOf(wrong)]).toEqual([settled, OWN.wrong]);
  });

  it('of a decision outside the scope, or none, tells nothing', async () => {
    expect((await steward('GET', '/decisions/0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f/receipt')).status).toBe(404);
    expect((await steward('POST', '/decisions/preview', { body: { kind: 'link', records: ['corrections:person:C7', `grid:person:${wrong}`] } })).status).toBe(404);
  });
});
