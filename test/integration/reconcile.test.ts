import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { startHukou } from '#libs/synthetic/simulators/hukou';
import type { PersonBody } from '#libs/model/bodies';
import { recordRef } from '#libs/store/source-record-codec';
import { liveHub, snapshotOf, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

type Row = Readonly<Record<string, unknown>> & { id: string };
let live: LiveHub<{ grid: typeof startGrid; hukou: typeof startHukou }>;
/** The rows of the grid behind its own back: what happens there is pushed by nobody. */
let rows: Map<string, Row>;

const admin = () => live.as('admin');
interface Result {
  run?: { id: string; state: string; recordsRead: number; recordsHeld: number; repaired: number; code?: string };
  counts: Record<string, number>;
  drift: { kind: string; recordType: string; since: string; repairedAt?: string; entityId?: string }[];
}
const result = async (): Promise<Result> => (await admin()('GET', '/connections/grid/reconcile')).body as Result;
async function reconcile(repair = false): Promise<Result> {
  const begun = await admin()('POST', '/connections/grid/reconcile', { body: { repair } });
  expect(begun.status).toBe(202);
  return until(result, (r) => r.run?.id === begun.body.id && r.run?.state !== 'running');
}
/** Persons that differ, by kind: a household with one member comes and goes with that member. */
const persons = (r: Result, kind: string): number => r.drift.filter((d) => d.kind === kind && d.recordType === 'person').length;
const phoneOf = async (id: string): Promise<string | undefined> => ((await live.records('grid')).get(`grid:person:${id}`)?.body as PersonBody | undefined)?.phones?.[0]?.number;
const entityOf = async (id: string): Promise<string> => (await live.db.pool.query<{ entity_id: string }>(
  'select c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = $1', [recordRef(live.hub.parts.store.sealing, `grid:person:${id}`)])).rows[0]!.entity_id;
const idle = async (): Promise<void> => {
  await live.drained();
  await until(async () => (await live.db.pool.query<{ n: string }>(`select count(*) as n from delivery where target = 'grid' and state = 'waiting' and next_attempt_at is not null`)).rows[0]!.n, (n) => n === '0');
};
/** Persons of the grid known by one record, who hold a phone. */
let people: string[];

beforeAll(async () => {
  live = await liveHub({ simulators: { grid: startGrid, hukou: startHukou } });
  rows = (live.simulators.grid as unknown as { running: { table: { rows: Map<string, Row> } } }).running.table.rows;
  await live.simulators.grid.publish();
  const { records } = await snapshotOf('grid');
  await until(() => live.records('grid'), (now) => now.size >= records.size);
  await live.connect('grid');
  await idle();
  const single = await live.db.pool.query<{ sealed_key: Buffer }>(
    `select s.sealed_key from source_record s join crosswalk c on c.record_id = s.id where s.system = 'grid' and s.record_type = 'person' and s.state = 'current' and not s.test
       and (select count(*) from crosswalk d join source_record t on t.id = d.record_id where d.entity_id = c.entity_id and t.system = 'grid' and t.record_type = 'person') = 1 order by s.id`);
  people = single.rows.map((r) => live.hub.parts.store.sealing.openText(r.sealed_key).split(':')[2]!).filter((id) => typeof rows.get(id)?.['phone'] === 'string');
}, 180_000);
afterAll(() => live.close(), 60_000);

describe('the grid and the hub', () => {
  it('agree after a first read, with what was written there', async () => {
    const r = await reconcile();
    expect(r.run).toMatchObject({ state: 'done', repaired: 0 });
    expect(r.run!.recordsRead).toBeGreaterThan(200);
    expect(r.counts).toEqual({ missed: 0, changed: 0, vanished: 0, lostWrite: 0 });
  });

  it('drift apart in four ways, each found with its age and without a name', async () => {
    const [changed, vanished, lost] = [people[0]!, people[1]!, people[2]!];
    // What the hub writes, the grid takes, and a restored backup of the grid takes back.
    const before = rows.get(lost)!;
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const entered = await live.as('worker')('POST', '/entries', { body: { kind: 'phone', personId: await entityOf(lost), phone: '13800000101', occurredOn: day } });
    expect(entered.status).toBeLessThan(300);
    await until(() => Promise.resolve(rows.get(lost)!['phone']), (p) => p === '13800000101');
    await idle();
    await new Promise((r) => setTimeout(r, 11_000));
    rows.set(lost, before);
    // A field that the hub never writes: one that it did write would be a lost write as well.
    rows.set(changed, { ...rows.get(changed)!, marriage: rows.get(changed)!['marriage'] === '20' ? '10' : '20' });
    rows.delete(vanished);
    rows.set('77700001', { ...rows.get(people[3]!)!, id: '77700001', ident: null, name: '欧阳静', phone: '13800000103' });
    const r = await reconcile();
    expect(r.run).toMatchObject({ state: 'done', repaired: 0 });
    // The restored row is another version than the hub's as well, unless the grid's echo of the write was never taken in.
    expect(persons(r, 'changed')).toBeGreaterThanOrEqual(1);
    expect(['missed', 'vanished', 'lostWrite'].map((kind) => persons(r, kind))).toEqual([1, 1, 1]);
    expect(r.drift.length).toBe(Object.values(r.counts).reduce((a, b) => a + b));
    expect(Object.keys(r.drift[0]!).sort()).not.toContain('naturalKey');
    expect(JSON.stringify(r)).not.toMatch(/77700001|13800000/);
    const again = await reconcile();
    // The age is of the first sight.
    expect(again.drift.map((d) => d.since).sort()).toEqual(r.drift.map((d) => d.since).sort());
    expect((await live.as('worker')('GET', '/connections/grid/reconcile')).status).toBe(403);
    expect((await admin()('GET', '/metrics')).text).toContain('yici_fanout_drift_records{target="grid",kind="missed"} 1');
  });

  it('are mended on request: what was missed is read, what was lost is written again', async () => {
    const mended = await reconcile(true);
    expect(mended.run!.repaired).toBeGreaterThanOrEqual(3);
    await until(() => phoneOf('77700001'), (p) => p === '13800000103');
    await until(() => Promise.resolve(rows.get(people[2]!)!['phone']), (p) => p === '13800000101');
    await idle();
    const after = await reconcile();
    expect(after.counts['missed']).toBe(0);
    expect(after.counts['lostWrite']).toBe(0);
    // Absence alone takes no record back: it stays, with its age, for the grid's people to say.
    expect(persons(after, 'vanished')).toBe(1);
  });

  it('are compared by one run at a time, and a grid that is away gives a run that says so', async () => {
    const both = await Promise.all([admin()('POST', '/connections/grid/reconcile', { body: {} }), admin()('POST', '/connections/grid/reconcile', { body: {} })]);
    expect(both.map((b) => b.status).sort()[0]).toBe(202);
    expect(both.map((b) => b.status).sort()[1]).toBeGreaterThanOrEqual(400);
    await until(result, (r) => r.run?.state !== 'running');
    live.simulators.grid.faults.fail({ kind: 'html' });
    const away = await reconcile();
    live.simulators.grid.faults.clear();
    expect(away.run).toMatchObject({ state: 'failed' });
    expect(away.run!.code).toMatch(/^YICI_/);
    // Nothing is forgotten by a run that has not looked at everything.
    expect(persons(away, 'vanished')).toBe(1);
    expect((await admin()('POST', '/connections/nowhere/reconcile', { body: {} })).status).toBe(404);
  });

  it('are compared by a run that ends, and ends nothing else, when its connection to the store is lost', async () => {
    live.simulators.grid.faults.fail({ kind: 'slow', ms: 2000 });
    const begun = await admin()('POST', '/connections/grid/reconcile', { body: {} });
    const owner = new pg.Client({ connectionString: live.db.ownerUrl });
    await owner.connect();
    await until(async () => (await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%reconcile_seen%' and datname = current_database() and pid <> pg_backend_pid()`)).rowCount, (n) => n! > 0);
    await owner.end();
    const broken = await until(result, (r) => r.run?.id === begun.body.id && r.run?.state !== 'running');
    live.simulators.grid.faults.clear();
    expect(broken.run).toMatchObject({ state: 'failed', code: 'YICI_RECONCILE_FAILED' });
    expect((await reconcile()).run).toMatchObject({ state: 'done' });
  });
});
