import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SIMULATORS } from '#apps/legacy/simulators';
import { quickFolder } from '#test/support/exchange-folder';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(400_000);

/** All but the workbook, which an office uploads by hand: it comes back when a person sends it. */
const { 'party-volunteer': _byHand, ...MACHINES } = SIMULATORS;
let live: LiveHub<typeof MACHINES>;
/** Systems of files, looked at more often than once a minute. */
const FILES = ['family-planning', 'disability', 'social-insurance'];
let folders: Record<string, string>;
const systems = Object.keys(MACHINES);
/** What each system was written: key and column, so that a change of one column counts once. */
async function writes(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const system of systems) {
    for (const w of await live.simulators[system]!.written()) {
      for (const [column, value] of Object.entries(w.columns)) {
        // A row of an exchange table has all its columns; the blank ones say nothing.
        if (value === '' || value === null) continue;
        const id = `${system} ${w.key ?? ''} ${column}`;
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
  }
  return counts;
}
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
const waiting = async (): Promise<number> => Number((await live.db.pool.query<{ n: string }>(`select count(*) as n from delivery where state = 'waiting' and reason_code is null`)).rows[0]!.n);
/** What is written most often, and how it was answered last: says where a loop is. */
async function busiest(): Promise<string> {
  const most = [...(await writes())].filter(([id]) => !id.startsWith('hukou')).sort((a, b) => b[1] - a[1]).slice(0, 3);
  const said = await Promise.all(most.map(async ([id, n]) => {
    const [system = '', key] = id.split(' ');
    return `${id} ${n} times, last answer ${(await live.simulators[system]?.written())?.findLast((w) => w.key === key)?.answer ?? ''}`;
  }));
  return said.join('; ');
}
/** Milliseconds until nothing was written any more for some seconds, and nothing waits to be. */
async function quiet(seconds: number): Promise<number> {
  const started = Date.now();
  let [last, since] = [-1, Date.now()];
  for (;;) {
    const now = sum(await writes());
    if (now !== last || (await waiting()) > 0) [last, since] = [now, Date.now()];
    if (Date.now() - since > seconds * 1000) return since - started;
    if (Date.now() - started > 200_000) throw new Error(`never quiet: ${last} writes, ${await waiting()} waiting: ${await busiest()}`);
    await sleep(500);
  }
}

beforeAll(async () => {
  folders = Object.fromEntries(FILES.map((system) => [system, quickFolder(system)]));
  live = await liveHub({ simulators: MACHINES, folders });
  await Promise.all(systems.map((s) => live.simulators[s]!.publish()));
  await until(async () => (await Promise.all(systems.map((s) => live.records(s)))).map((r) => r.size), (sizes) => sizes.every((n) => n > 0));
  await live.drained();
  for (const system of systems) if (live.simulators[system]!.faults.supported?.includes('echo') !== false) live.simulators[system]!.faults.fail({ kind: 'echo' });
  for (const system of systems) await live.connect(system);
  await quiet(6);
}, 400_000);
afterAll(async () => {
  await live.close();
  for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
}, 60_000);

describe('when every system echoes what it gets, spelt and cut its own way', () => {
  it('each change is written once to each record, and it is quiet after', async () => {
    const people = (await live.db.pool.query<{ id: string }>(
      `select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id where e.state = 'active' and e.record_type = 'person' and not c.attached
         and s.state = 'current' and not s.test group by c.entity_id having count(distinct s.system) >= 5 and bool_or(s.system = 'grid') order by c.entity_id limit 6`)).rows.map((r) => r.id);
    expect(people.length).toBe(6);
    const before = await writes();
    // An entry about somebody whom a system does not know may create the person there: that is no echo.
    const there = new Set((await Promise.all(systems.map(async (s) => (await live.simulators[s]!.keys()).map((key) => `${s} ${key}`)))).flat());
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    for (const [i, personId] of people.entries()) {
      const answer = await live.as('worker')('POST', '/entries', { body: { kind: 'phone', personId, phone: `1380000${String(2000 + i)}`, occurredOn: day } });
      expect({ status: answer.status < 300, text: answer.status < 300 ? '' : answer.text }).toEqual({ status: true, text: '' });
    }
    await until(writes, (now) => sum(now) > sum(before));
    await Promise.all(systems.map((s) => live.simulators[s]!.publish()));
    const ms = await quiet(12);
    const after = await writes();
    const more = [...after].map(([id, n]) => [id, n - (before.get(id) ?? 0)] as const).filter(([, n]) => n > 0);
    expect(more.length).toBeGreaterThan(people.length);
    expect(more.filter(([, n]) => n > 1)).toEqual([]);
    // Nothing but what was entered moved: an echo that had won a value would have been written on.
    expect(more.filter(([id]) => there.has(id.split(' ').slice(0, 2).join(' ')) && !/phone|LXDH|JHRDH|联系电话|updateTime/i.test(id))).toEqual([]);
    process.stdout.write(`echo: ${more.length} writes of ${people.length} entries; quiet after ${Math.round(ms / 1000)} s\n`);
  });

  it('the whole first difference was written once as well', async () => {
    expect([...(await writes())].filter(([id, n]) => n > 2 && !id.startsWith('hukou'))).toEqual([]);
  });
});
