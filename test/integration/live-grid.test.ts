import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startGrid } from '#libs/synthetic/simulators/grid';
import { essence, liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

/** The hub writes at most so many residents in one request, whose answer may be lost. */
const REQUEST = 100;

jest.setTimeout(180_000);

let live: LiveHub<{ grid: typeof startGrid }>;
let grid: Awaited<ReturnType<typeof startGrid>>;

const one = async (id: string) => (await live.records('grid')).get(`grid:person:${id}`)!;
const says = (text: string) => (r: object | undefined): boolean => JSON.stringify(r ?? {}).includes(text);

beforeAll(async () => {
  live = await liveHub({ simulators: { grid: startGrid }, snapshots: ['hukou'] });
  grid = live.simulators.grid;
}, 120_000);
afterAll(() => live.close(), 60_000);

describe('the grid', () => {
  it('is read by its list at first: the very records that its snapshot holds, but what REST cannot carry', async () => {
    const { records } = await live.arrived('grid');
    expect(essence(await live.records('grid'))).toEqual(essence(records));
    expect(await live.letters('grid')).toEqual([]);
  });

  it('pushes a change and a newcomer at once; what is pushed out of order, twice or replayed ends in the newest state', async () => {
    const [first, second] = await grid.keys();
    await grid.change(first!, { phone: '13800000031' });
    const added = await grid.add({ name: '张伟强', residence: '990101001001', residencedetail: '枫丹苑3幢1单元101室' });
    await until(() => one(first!), says('13800000031'));
    await until(() => live.records('grid'), (r) => r.has(`grid:person:${added}`));
    for (const kind of ['out-of-order', 'replay'] as const) {
      grid.faults.fail({ kind });
      await grid.change(second!, { phone: `1380000004${kind.length % 10}` });
      await until(() => one(second!), says(`1380000004${kind.length % 10}`));
      grid.faults.clear();
    }
  });

  it.each([
    ['HTTP 500', { kind: 'error' as const }, 'YICI_SOURCE_UNREACHABLE'], ['a cut connection', { kind: 'disconnect' as const }, 'YICI_SOURCE_UNREACHABLE'],
    ['a web page', { kind: 'html' as const }, 'YICI_SOURCE_UNREACHABLE'], ['a redirect', { kind: 'redirect' as const, to: 'http://example.org' }, 'YICI_REDIRECT_REFUSED'],
  ])('that answers %s shows it on its card, still pushes, and recovers', async (_what, fault, code) => {
    grid.faults.fail(fault);
    await live.restart();
    await until(() => live.state('grid'), (s) => s?.code === code);
    const [, , third] = await grid.keys();
    await grid.change(third!, { phone: `138000001${String(fault.kind.length).padStart(2, '0')}` });
    await until(() => one(third!), says(`138000001${String(fault.kind.length).padStart(2, '0')}`));
    grid.faults.clear();
    await live.restart();
    await until(() => live.state('grid'), (s) => s?.state === 'running');
  });

  it('is written to, spells and cuts what it got, and that echo ends there', async () => {
    await live.drained();
    grid.faults.fail({ kind: 'echo' });
    grid.faults.fail({ kind: 'lost-answer' }, 1);
    await live.connect('grid');
    const open = async () => (await live.db.pool.query<{ state: string }>(`select distinct state from delivery where target = 'grid'`)).rows.map((r) => r.state);
    await until(open, (s) => s.includes('confirmed') && !s.includes('waiting'));
    await live.drained();
    const quiet = async (): Promise<number> => {
      const before = (await grid.written()).length;
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return (await grid.written()).length - before;
    };
    await until(quiet, (n) => n === 0);
    const written = await grid.written();
    expect(written.length).toBeGreaterThan(0);
    // One write a resident, and once more where the answer was lost.
    const times = new Map<string, number>();
    for (const w of written.filter((x) => x.answer === 'taken')) times.set(w.key!, (times.get(w.key!) ?? 0) + 1);
    expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
    expect([...times.values()].filter((n) => n === 2).length).toBeLessThanOrEqual(REQUEST);
    // With every answer heard, one change is one write, and its echo ends there.
    const before = written.length;
    const [person] = (await live.db.pool.query<{ id: string }>(`select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id where e.record_type = 'person'
       and e.state = 'active' and s.state = 'current' and not s.test and not c.attached group by c.entity_id having count(*) filter (where s.system = 'grid') = 1 order by c.entity_id limit 1`)).rows;
    await live.enter(person!.id, { kind: 'phone', phone: '13800002222' });
    await until(async () => (await grid.written()).length, (n) => n > before);
    await until(quiet, (n) => n === 0);
    expect((await grid.written()).length).toBe(before + 1);
    grid.faults.clear();
  });
});
