import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startHousing } from '#libs/synthetic/simulators/housing-simulator';
import type { StartSimulator } from '#libs/synthetic/simulators/simulator';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(120_000);

let live: LiveHub<{ housing: StartSimulator }>;
beforeAll(async () => {
  live = await liveHub({ simulators: { housing: startHousing } });
}, 120_000);
afterAll(() => live.close(), 60_000);

const marked = async (): Promise<unknown> => (await live.db.pool.query<{ position: unknown }>(`select position from watermark where system = 'housing' and channel = 'sql:V_FWCQ:whole'`)).rows[0]?.position;
/** A new row of the view, behind all others by its ID, has come to the hub. */
const arrives = async (id: number, house: string): Promise<unknown> => {
  await live.db.asOwner(async (c) => {
    await c.query(`insert into housing."T_FWCQ" select (jsonb_populate_record(k, jsonb_build_object('ID', $1::int, 'FWBM', $2::text))).* from housing.kept k limit 1`, [id, house]);
  });
  return until(() => live.records('housing'), (all) => all.has(`housing:dwelling:${house}`));
};

describe('a view that is suddenly all but empty', () => {
  it('stands on its card over a restart of the hub, until it is sound again', async () => {
    const { housing } = live.simulators;
    await until(marked, (mark) => mark !== undefined);
    await live.drained();
    const house = (await housing.keys())[0]!;
    // The comparison of every ten minutes, now: what was compared is forgotten, and the hub starts anew.
    await live.db.asOwner(async (c) => {
      await c.query(`delete from watermark where system = 'housing' and channel = 'sql:V_FWCQ:whole'`);
      await c.query('create table housing.kept as select * from housing."T_FWCQ"; delete from housing."T_FWCQ"');
    });
    await live.restart();
    await until(() => live.state('housing'), (s) => s?.code === 'YICI_SOURCE_SHRUNK');
    expect(await marked()).toBeUndefined();
    await live.restart();
    // Rows that come by their ID show that it was read: twice, for the card is written after the rows.
    await arrives(900_001, `${house.slice(0, -3)}901`);
    await arrives(900_002, `${house.slice(0, -3)}902`);
    expect(await live.state('housing')).toMatchObject({ state: 'stopped', code: 'YICI_SOURCE_SHRUNK' });
    await live.db.asOwner(async (c) => { await c.query('insert into housing."T_FWCQ" select * from housing.kept'); });
    await live.restart();
    await until(() => live.state('housing'), (s) => s?.state === 'running');
    await until(marked, (mark) => mark !== undefined);
  });
});
