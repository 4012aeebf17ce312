import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { EchoConfirmer } from '#libs/fanout/echo-confirmer';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { Receipts } from '#libs/fanout/receipts';
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
let channel: TargetChannel;
let minted: TargetKeyMinted[];
let n = 0;

beforeAll(async () => {
  stage = await fanoutStage();
  office = await gridTarget();
  ({ grid, channel } = office);
  store = new FanoutStore(stage.db.pool, new UnitOfWork(stage.db.dataSource), stage.sealing, systemClock);
}, 120_000);
afterAll(async () => {
  await office.close();
  await stage.close();
}, 60_000);

const senderOver = (over: TargetChannel): TargetSender => new TargetSender(stage.grid, over, store, {
  minted: (events) => { minted.push(...events); return Promise.resolve(); }, readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve(),
}, silentLogger, () => 0);
/** Sends until nothing waits, as if the pauses had passed. */
async function drain(sender: TargetSender): Promise<void> {
  do await stage.db.pool.query(`update delivery set next_attempt_at = now() - interval '1 minute' where state = 'waiting' and next_attempt_at is not null`);
  while ((await sender.sendDue(signal)) > 0);
}
/** Somebody whom the grid does not know yet, entered by a worker. */
async function entered(more: Parameters<typeof personRecord>[2] = {}): Promise<{ id: string; entry: string; record: AnySourceRecord }> {
  const [id, entry] = [`p-${++n}`, `entry-${n}`];
  const record = personRecord('hub', entry, { name: nameOf('李秀英'), currentAddress: home, ...more }, { sourceTime: '2026-07-01T00:00:00+08:00' });
  await stage.person(id, record);
  await new ChangePlanner(store, stage.grid).plan([stage.change(id, 1, ['name', 'currentAddress'], [`hub:person:${entry}`], { kind: 'created' })]);
  return { id, entry, record };
}
/** As resolution leaves it when the records of `gone` turn out to be those of `kept`. */
async function merge(gone: string, kept: string): Promise<void> {
  await stage.db.pool.query('update crosswalk set entity_id = $2 where entity_id = $1', [gone, kept]);
  await stage.db.pool.query(`update entity set state = 'merged', merged_into = $2 where id = $1`, [gone, kept]);
}
const line = async (entry: string) => (await new Receipts(store, [stage.grid]).receiptFor(entry))[0]!;
const lines = async (...entries: string[]) => Promise.all(entries.map(async (e) => [(await line(e)).state, (await line(e)).reasonCode]));

/** A line that breaks after the grid has taken the call: nobody knows what became of it. */
const breaking: TargetChannel = {
  maxItems: 100,
  write: async (items, s) => {
    await channel.write(items, s);
    throw new Error('connection reset');
  },
};

beforeEach(() => { minted = []; });

describe('two persons who wait to be created and turn out to be one', () => {
  it('are created once, with what both entries said, and the receipt of the other says so', async () => {
    const [a, b] = [await entered(), await entered({ phones: [{ number: '13000000021' }] })];
    await merge(b.id, a.id);
    const before = grid.size;
    const sender = senderOver(channel);
    expect(await sender.sendDue(signal)).toBe(2);
    expect(await lines(a.entry, b.entry)).toEqual([['written', undefined], ['waiting', 'createdOnce']]);
    expect((await line(b.entry)).zh).toBe('与另一份录入是同一人，在该系统只新建一次');
    await drain(sender);
    expect(grid.size).toBe(before + 1);
    expect(minted).toHaveLength(1);
    expect(grid.row(minted[0]!.naturalKey)).toMatchObject({ name: '李秀英', phone: '13000000021' });
    expect(await lines(b.entry)).toEqual([['written', 'createdOnce']]);
    // What the grid shows of the one record confirms both.
    const shown = personRecord('grid', minted[0]!.naturalKey, { name: nameOf('李秀英'), currentAddress: home, phones: [{ number: '13000000021' }] }, { order: '5', observedAt: new Date().toISOString() });
    expect(await new EchoConfirmer(store, new Set(['grid'])).confirm([shown])).toBe(2);
    expect(await lines(a.entry, b.entry)).toEqual([['confirmed', undefined], ['confirmed', 'createdOnce']]);
  });

  it('are created once when the first answer was lost before they were merged, whichever id is kept', async () => {
    for (const keptIsFirst of [true, false]) {
      const before = grid.size;
      const a = await entered();
      await senderOver(breaking).sendDue(signal);
      expect(grid.size).toBe(before + 1);
      const b = await entered();
      await (keptIsFirst ? merge(b.id, a.id) : merge(a.id, b.id));
      // The first waits for its next attempt; the other must not go ahead of it.
      await stage.db.pool.query(`update delivery set next_attempt_at = now() + interval '1 hour' where entity_id = $1`, [a.id]);
      const sender = senderOver(channel);
      await sender.sendDue(signal);
      expect(grid.size).toBe(before + 1);
      expect(await lines(a.entry, b.entry)).toEqual([['waiting', 'retrying'], ['waiting', 'createdOnce']]);
      await drain(sender);
      expect(grid.size).toBe(before + 1);
      expect(await lines(a.entry, b.entry)).toEqual([['written', undefined], ['written', 'createdOnce']]);
    }
  });

  it('are created once when one of them was created before, and resolution has not listed the key yet', async () => {
    for (const keptIsFirst of [true, false]) {
      const before = grid.size;
      const a = await entered();
      const sender = senderOver(channel);
      await sender.sendDue(signal);
      const b = await entered();
      await (keptIsFirst ? merge(b.id, a.id) : merge(a.id, b.id));
      await drain(sender);
      expect(grid.size).toBe(before + 1);
      expect(await lines(a.entry, b.entry)).toEqual([['written', undefined], ['written', 'alreadyThere']]);
    }
  });

  it('are created by the second when the first may not go', async () => {
    const [a, b] = [await entered(), await entered()];
    await merge(b.id, a.id);
    const before = grid.size;
    const refusing: TargetChannel = { maxItems: 100, write: (items) => Promise.resolve(items.map(() => ({ outcome: 'refused' as const, detail: 'name' }))) };
    await senderOver(refusing).sendDue(signal);
    await drain(senderOver(channel));
    expect(await lines(a.entry, b.entry)).toEqual([['rejected', 'targetRefused'], ['written', undefined]]);
    expect(grid.size).toBe(before + 1);
  });
});

describe('a record that is to be created again', () => {
  /** Created by the hub and told to the grid; then gone there, as reconciliation finds it. */
  async function lost(): Promise<{ id: string; own: AnySourceRecord }> {
    const { id } = await entered();
    await senderOver(channel).sendDue(signal);
    const own = minted.at(-1)!.record;
    await stage.person(id, own);
    // Behind its own back: the grid says nothing of it.
    (grid as unknown as { table: { rows: Map<string, unknown> } }).table.rows.delete(own.naturalKey);
    await store.unitOfWork.run((tx) => store.deliveries.add(tx, [{
      target: 'grid', recordType: 'person', targetRef: store.refOf(own), entityId: id, entityVersion: 2, cause: `reconcile-${id}`, action: 'create', state: 'waiting', due: true,
    }]));
    return { id, own };
  }
  const again = async (id: string) => (await store.deliveries.list({ cause: `reconcile-${id}`, limit: 1 }))[0]!;

  it('is made once, though the process dies before the commit, and the lost one is told to be gone', async () => {
    const { id, own } = await lost();
    const before = grid.size;
    const gone: AnySourceRecord[] = [];
    const dying = new TargetSender(stage.grid, channel, store, { minted: () => Promise.reject(new Error('killed')), readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve() }, silentLogger, () => 0);
    await expect(dying.sendDue(signal)).rejects.toThrow('killed');
    const sender = new TargetSender(stage.grid, channel, store, {
      minted: (events) => { minted.push(...events); return Promise.resolve(); }, readBack: (records) => { gone.push(...records); return Promise.resolve(); }, deadLetters: () => Promise.resolve(),
    }, silentLogger, () => 0);
    await drain(sender);
    expect(grid.size).toBe(before + 1);
    expect((await again(id)).state).toBe('written');
    expect(gone).toEqual([expect.objectContaining({ naturalKey: own.naturalKey, state: 'withdrawn' })]);
    expect(await store.projections.createdFor('grid', [store.refOf(own)])).toEqual(new Map());
  });

  it('is not made when the grid has told of it since, or has withdrawn it itself', async () => {
    const back = await lost();
    await stage.person(back.id, { ...back.own, order: '5', observedAt: new Date(Date.now() + 1000).toISOString() });
    const withdrawn = await lost();
    await stage.person(withdrawn.id, { ...withdrawn.own, order: '5', state: 'withdrawn' });
    const before = grid.size;
    await drain(senderOver(channel));
    expect(grid.size).toBe(before);
    expect((await again(withdrawn.id)).state).toBe('noRecord');
    expect((await again(back.id)).state).not.toBe('written');
  });
});
