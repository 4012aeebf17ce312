import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DwellingBody, PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address } from '#libs/model/values';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { startHousing } from '#libs/synthetic/simulators/housing-simulator';
import { liveHub, snapshotOf, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

let live: LiveHub<{ housing: typeof startHousing; grid: typeof startGrid }>;
/** FWBM of two houses of one estate that have residents, and of the grid a person of the first. */
let from: string;
let to: string;
let mover: string;

const door = (a: Address | undefined): string | undefined => (a?.estate === undefined || a.room === undefined ? undefined : [a.estate, a.building, a.unit, a.room].join('|'));
const isResident = (r: AnySourceRecord): boolean => r.recordType === 'person' && r.state === 'current' && r.test !== true && (r.body as PersonBody).residency !== 'left' && (r.body as PersonBody).residency !== 'away';
/** Persons of the grid by the house they live in, as the grid's own rows say. */
async function residents(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const record of (await live.records('grid')).values()) {
    const at = isResident(record) ? door((record.body as PersonBody).currentAddress) : undefined;
    if (at !== undefined) found.set(at, [...(found.get(at) ?? []), record.naturalKey]);
  }
  return found;
}
const written = async (fwbm: string) => (await live.simulators.housing.written()).filter((w) => w.key === fwbm).map((w) => w.columns as { residents: number; households: number });
const settled = () => until(async () => (await live.db.pool.query<{ n: string }>(`select count(*) as n from delivery where target = 'housing' and state = 'waiting'`)).rows[0]!.n, (n) => n === '0');

/** How often the bureau was told, once nothing more came for two seconds. */
async function quiet(): Promise<number> {
  let [last, since] = [-1, Date.now()];
  await until(async () => {
    const now = (await live.simulators.housing.written()).length;
    if (now !== last) [last, since] = [now, Date.now()];
    return Date.now() - since;
  }, (still) => still > 2000);
  return last;
}

beforeAll(async () => {
  live = await liveHub({ simulators: { housing: startHousing, grid: startGrid } });
  await live.simulators.grid.publish();
  const [houses, people] = [await snapshotOf('housing'), await snapshotOf('grid')];
  await until(() => live.records('housing'), (now) => now.size >= houses.records.size);
  await until(() => live.records('grid'), (now) => now.size >= people.records.size);
  await live.drained();
  const home = await residents();
  const dwellings = [...(await live.records('housing')).values()].filter((r) => r.recordType === 'dwelling').map((r) => ({ fwbm: r.naturalKey, at: door((r.body as DwellingBody).address) }));
  // The grid keeps some people twice: houses of people it keeps once.
  const lived = dwellings.filter((d) => d.at !== undefined && (home.get(d.at)?.length ?? 0) > 1 && dwellings.filter((e) => e.at === d.at).length === 1);
  const named = await live.db.pool.query<{ entity_id: string }>('select entity_id from crosswalk group by entity_id having count(*) > 1');
  expect(named.rows.length).toBeGreaterThan(0);
  await live.connect('housing');
  await settled();
  // Houses whose people the grid alone knows to live there, under one spelling of the door.
  const told = new Map((await live.simulators.housing.written()).map((w) => [w.key, (w.columns as { residents: number }).residents]));
  const plain = lived.filter((d) => told.get(d.fwbm) === home.get(d.at!)!.length).sort((a, b) => (a.fwbm < b.fwbm ? -1 : 1));
  [from, to] = [plain[0]!.fwbm, plain[1]!.fwbm];
  mover = home.get(plain[0]!.at!)![0]!;
}, 180_000);
afterAll(() => live.close(), 60_000);

describe('the bureau of housing', () => {
  it('is told how many live in each house where somebody does, once, and nothing about any of them', async () => {
    const all = await live.simulators.housing.written();
    expect(all.length).toBeGreaterThan(10);
    expect(new Set(all.map((w) => w.key)).size).toBe(all.length);
    const home = await residents();
    const at = door(((await live.records('housing')).get(`housing:dwelling:${from}`)!.body as DwellingBody).address)!;
    const [counts] = await written(from);
    // People whom the grid keeps twice are one.
    expect(counts!.residents).toBeLessThanOrEqual(home.get(at)!.length);
    expect(counts!.residents).toBeGreaterThan(0);
    expect(counts!.households).toBeGreaterThan(0);
    expect(counts!.households).toBeLessThanOrEqual(counts!.residents);
    expect(all.every((w) => w.answer === 'taken' && Object.keys(w.columns).sort().join() === 'households,residents')).toBe(true);
  });

  it('hears of both houses when somebody moves, once each', async () => {
    const [before, there] = [(await written(from)).at(-1)!.residents, (await written(to)).at(-1)!.residents];
    const [a, b] = [(await written(from)).length, (await written(to)).length];
    const row = await live.simulators.housing.record(to);
    const neighbour = [...(await live.records('grid')).values()].find((r) => r.recordType === 'person' && door((r.body as PersonBody).currentAddress) === door({ raw: '', estate: row!['XQMC'] as string, ...addressOf(row!) }));
    const moved = neighbour === undefined ? undefined : await live.simulators.grid.record(neighbour.naturalKey);
    await live.simulators.grid.change(mover, { residence: moved!['residence'], residencedetail: moved!['residencedetail'] });
    await until(() => written(from), (w) => w.length > a);
    await until(() => written(to), (w) => w.length > b);
    await settled();
    expect((await written(from)).at(-1)!.residents).toBe(before - 1);
    expect((await written(to)).at(-1)!.residents).toBe(there + 1);
    expect([(await written(from)).length, (await written(to)).length]).toEqual([a + 1, b + 1]);
  });

  it('hears of one household less when a steward finds two to be one, and of both when that is taken back', async () => {
    const steward = live.as('steward');
    const told = async (): Promise<number> => (await written(from)).at(-1)!.households;
    const at = door(((await live.records('housing')).get(`housing:dwelling:${from}`)!.body as DwellingBody).address)!;
    const [stays, comes] = (await residents()).get(at)!;
    // A household of its own in the same house, which only the number of households tells of.
    const before = await told();
    await live.simulators.grid.change(comes!, { account: '990099001', accountrelation: '01' });
    await until(told, (n) => n === before + 1);
    const account = (await live.simulators.grid.record(stays!))!['account'] as string;
    const made = await steward('POST', '/decisions', { body: { kind: 'link', records: [`grid:household:${account}`, 'grid:household:990099001'] } });
    expect(made.status).toBe(202);
    await until(told, (n) => n === before);
    await steward('POST', '/decisions', { body: { kind: 'revoke', decisionId: (made.body as { decisionId: string }).decisionId } });
    await until(told, (n) => n === before + 1);
  });

  it('is told nothing when a phone changes', async () => {
    const before = await quiet();
    await live.simulators.grid.change(mover, { phone: '13800000077' });
    await until(async () => (await live.records('grid')).get(`grid:person:${mover}`)!.body as PersonBody, (b) => b.phones?.[0]?.number === '13800000077');
    await live.drained();
    await settled();
    expect(await quiet()).toBe(before);
  });

  it('is told the number without those whose agreement ended, and counts nobody by it again', async () => {
    const admin = live.as('admin');
    const ended = (await admin('POST', '/agreements/revoke', { body: { provider: 'grid', target: 'housing' } })).body as { id: string }[];
    const before = (await written(to)).length;
    await live.simulators.grid.change(mover, { delFlag: '1' });
    await until(() => written(to), (w) => w.length > before);
    expect((await written(to)).at(-1)).toEqual({ residents: 0, households: 0 });
    for (const { id } of ended) await admin('POST', '/agreements/approve', { body: { id } });
  });
});

function addressOf(row: Readonly<Record<string, unknown>>): Partial<Address> {
  const digits = (v: unknown): string | undefined => /\d+/.exec(typeof v === 'string' ? v : '')?.[0]?.replace(/^0+/, '');
  return { building: digits(row['LDH']), unit: digits(row['DYH']), room: digits(row['FJH']) };
}
