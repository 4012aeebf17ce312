import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { recordRef } from '#libs/store/source-record-codec';
import { liveHub, snapshotOf, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

type Row = Readonly<Record<string, unknown>> & { id: string };
let live: LiveHub<{ grid: typeof startGrid }>;
/** The rows of the grid behind its own back: what happens there is pushed by nobody. */
let rows: Map<string, Row>;

interface Result {
  run?: { id: string; state: string; repaired: number };
  counts: Record<string, number>;
  drift: { kind: string; recordType: string }[];
}
const result = async (): Promise<Result> => (await live.as('admin')('GET', '/connections/grid/reconcile')).body as Result;
async function reconcile(repair = false): Promise<Result> {
  const begun = await live.as('admin')('POST', '/connections/grid/reconcile', { body: { repair } });
  expect(begun.status).toBe(202);
  return until(result, (r) => r.run?.id === begun.body.id && r.run?.state !== 'running');
}
const idle = async (): Promise<void> => {
  await live.drained();
  await until(async () => (await live.db.pool.query<{ n: string }>(`select count(*) as n from delivery where target = 'grid' and state = 'waiting' and next_attempt_at is not null`)).rows[0]!.n, (n) => n === '0');
};
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 11_000));
const rowsOf = (name: string): Row[] => [...rows.values()].filter((r) => r['name'] === name && r['delFlag'] !== '1');
const stateOf = async (id: string): Promise<string | undefined> => (await live.records('grid')).get(`grid:person:${id}`)?.state;
const receiptOf = async (entry: string): Promise<{ state: string }> =>
  ((await live.as('worker')('GET', `/receipts/${entry}`)).body as { target: string; state: string }[]).find((l) => l.target === 'grid')!;

const personOf = async (key: string): Promise<string> => (await live.db.pool.query<{ entity_id: string }>(
  'select c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = $1', [recordRef(live.hub.parts.store.sealing, `grid:person:${key}`)])).rows[0]!.entity_id;
const yesterday = (): string => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

/** Somebody new, entered by a worker and created in the grid by the hub. */
async function created(name: string, citizenId: string): Promise<{ row: Row; entry: string }> {
  const entered = await live.as('worker')('POST', '/entries', { body: { kind: 'newPerson', name, citizenId, currentAddress: '望江市白石区玉带街道杨家社区枫丹苑3幢1单元101室', phone: '13800000201', occurredOn: yesterday() } });
  expect(entered.status).toBeLessThan(300);
  const [row] = await until(() => Promise.resolve(rowsOf(name)), (found) => found.length === 1);
  await idle();
  return { row: row!, entry: entered.body.entryId as string };
}

beforeAll(async () => {
  live = await liveHub({ simulators: { grid: startGrid } });
  rows = (live.simulators.grid as unknown as { running: { table: { rows: Map<string, Row> } } }).running.table.rows;
  await live.simulators.grid.publish();
  const { records } = await snapshotOf('grid');
  await until(() => live.records('grid'), (now) => now.size >= records.size);
  await live.connect('grid');
  await idle();
}, 180_000);
afterAll(() => live.close(), 60_000);

describe('a record that the hub created in the grid and the grid has lost', () => {
  it('is created again on request, once, and takes the place of the lost one', async () => {
    const { row, entry } = await created('欧阳静', '990101196408220428');
    // Younger than what the grid has shown, it is not missed.
    rows.delete(row.id);
    expect((await reconcile(true)).counts['lostWrite']).toBe(0);
    await settled();
    expect((await reconcile()).counts).toMatchObject({ lostWrite: 1 });
    expect(rowsOf('欧阳静')).toEqual([]);
    expect((await reconcile(true)).run!.repaired).toBeGreaterThanOrEqual(1);
    const [again] = await until(() => Promise.resolve(rowsOf('欧阳静')), (found) => found.length > 0);
    await idle();
    expect(again!.id).not.toBe(row.id);
    expect(again).toMatchObject({ ident: row['ident'], phone: '13800000201', residence: row['residence'] });
    await until(() => stateOf(row.id), (s) => s === 'withdrawn');
    await until(() => stateOf(again!.id), (s) => s === 'current');
    await settled();
    const after = await reconcile(true);
    expect(after.counts['lostWrite']).toBe(0);
    expect(after.drift.filter((d) => d.recordType === 'person')).toEqual([]);
    await idle();
    expect(rowsOf('欧阳静')).toHaveLength(1);
    expect((await receiptOf(entry)).state).toMatch(/written|confirmed/);
    // What is entered next goes to the new record.
    const personId = await personOf(again!.id);
    await live.as('worker')('POST', '/entries', { body: { kind: 'phone', personId, phone: '13800000202', occurredOn: yesterday() } });
    await until(() => Promise.resolve(rows.get(again!.id)!['phone']), (p) => p === '13800000202');
    await idle();
    expect(rowsOf('欧阳静')).toHaveLength(1);
  });

  it('stays deleted when the grid says itself that it deleted it', async () => {
    const { row } = await created('司马云', '990101197001010028');
    await settled();
    await live.simulators.grid.change(row.id, { delFlag: '1' });
    await until(() => stateOf(row.id), (s) => s === 'withdrawn');
    rows.delete(row.id);
    await reconcile(true);
    await idle();
    expect(rowsOf('司马云')).toEqual([]);
  });
});
