import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { TargetSender } from '#libs/fanout/target-sender';
import { systemClock } from '#libs/kernel/clock';
import type { TargetKeyMinted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import type { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';
import { gridTarget, type GridTarget } from '#test/support/grid-target';

jest.setTimeout(180_000);
const signal = new AbortController().signal;
const home = { raw: 'x', division: '990101001', road: '牡丹大道', number: '251', estate: '机械厂新村', building: '1', unit: '1', room: '701' };

let stage: FanoutStage;
let office: GridTarget;
let grid: GridSimulator;
let store: FanoutStore;
let sender: TargetSender;
const minted: TargetKeyMinted[] = [];
const readBack: AnySourceRecord[] = [];

beforeAll(async () => {
  stage = await fanoutStage();
  office = await gridTarget();
  grid = office.grid;
  store = new FanoutStore(stage.db.pool, new UnitOfWork(stage.db.dataSource), stage.sealing, systemClock);
  sender = new TargetSender(stage.grid, office.channel, store, {
    minted: (events) => { minted.push(...events); return Promise.resolve(); },
    readBack: (records) => { readBack.push(...records); return Promise.resolve(); },
    deadLetters: () => Promise.resolve(),
  }, silentLogger, () => 0);
}, 120_000);
afterAll(async () => {
  await office.close();
  await stage.close();
}, 60_000);

async function moves(id: string, key: string | undefined): Promise<void> {
  const records = [personRecord('hub', `entry-${id}`, { name: nameOf('张伟强'), currentAddress: home }, { sourceTime: '2026-07-01T00:00:00+08:00' })];
  if (key !== undefined) records.push(personRecord('grid', key, { name: nameOf('张伟强') }));
  await stage.person(id, ...records);
  await new ChangePlanner(store, stage.grid).plan([stage.change(id, 1, ['currentAddress'], [`hub:person:entry-${id}`])]);
}
const states = async (id: string) => (await store.deliveries.list({ entityId: id, limit: 10 })).map((d) => [d.state, d.reasonCode]);

it('the grid takes an update of a resident, with twelve digits for a street', async () => {
  const key = grid.find(() => true)!.id;
  await moves('p-1', key);
  await sender.sendDue(signal);
  expect(await states('p-1')).toEqual([['written', undefined]]);
  expect(grid.row(key)).toMatchObject({ residence: '990101001000', residencedetail: '牡丹大道251号机械厂新村1幢1单元701室' });
});

it('the grid takes somebody new once and names the key', async () => {
  const before = grid.size;
  await moves('p-2', undefined);
  await sender.sendDue(signal);
  expect(grid.size).toBe(before + 1);
  expect(grid.row(minted[0]!.naturalKey)).toMatchObject({ name: '张伟强', residence: '990101001000' });
});

it('the grid refuses to be overwritten by what is older, and is written after it was read again', async () => {
  const key = grid.find((row) => row.id !== grid.find(() => true)!.id)!.id;
  await moves('p-3', key);
  grid.change(key, { phone: '13000000001', updateTime: undefined });
  await stage.db.pool.query(`update delivery set created_at = now() - interval '1 hour' where entity_id = 'p-3'`);
  await sender.sendDue(signal);
  expect(await states('p-3')).toEqual([['waiting', 'conflict']]);
  expect(readBack).toEqual([expect.objectContaining({ system: 'grid', naturalKey: key, body: expect.objectContaining({ phones: [expect.objectContaining({ number: '13000000001' })] }) })]);
  await stage.person('p-3', ...readBack);
  await stage.db.pool.query(`update delivery set next_attempt_at = now() - interval '1 minute' where entity_id = 'p-3'`);
  await sender.sendDue(signal);
  expect(await states('p-3')).toEqual([['written', undefined]]);
  expect(grid.row(key)).toMatchObject({ phone: '13000000001', residence: '990101001000' });
});
