import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { EchoConfirmer } from '#libs/fanout/echo-confirmer';
import { Receipts } from '#libs/fanout/receipts';
import { TargetSender, type FanoutNews } from '#libs/fanout/target-sender';
import type { Acknowledgement, TargetChannel } from '#libs/connector-sdk/target-channel';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address } from '#libs/model/values';
import { silentLogger } from '#libs/platform/logger';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';

const OLD_HOME: Address = { raw: '幸福家园3幢301', division: '990101001001', estate: '幸福家园', building: '3', room: '301' };
const NEW_HOME: Address = { raw: '机械厂新村1幢102', division: '990101001002', estate: '机械厂新村', building: '1', room: '102' };
const NO_NEWS: FanoutNews = { minted: () => Promise.resolve(), readBack: () => Promise.resolve(), deadLetters: () => Promise.resolve() };

let stage: FanoutStage;
let n = 0;

jest.setTimeout(180_000);
beforeAll(async () => { stage = await fanoutStage(); }, 60_000);
afterAll(() => stage.close());

/** A table that takes rows when `answer` says so. */
function table(answer: (token: string) => Acknowledgement | undefined | Promise<Acknowledgement | undefined>): TargetChannel {
  return {
    maxItems: 1000,
    write: (items) => Promise.resolve(items.map((i) => ({ outcome: 'accepted' as const, token: `row ${i.naturalKey}` }))),
    acknowledged: async (tokens) => {
      const answers = new Map<string, Acknowledgement>();
      for (const token of tokens) {
        const found = await answer(token);
        if (found !== undefined) answers.set(token, found);
      }
      return answers;
    },
  };
}

const signal = new AbortController().signal;
const sender = (channel: TargetChannel, target: 'grid' | 'hukou' = 'grid') => new TargetSender(stage[target], channel, stage.store, NO_NEWS, silentLogger, () => 0);
const deliveriesOf = (cause: string) => stage.store.deliveries.list({ cause, limit: 10 });
const gridRecord = (key: string, currentAddress: Address, order = '1'): AnySourceRecord =>
  personRecord('grid', key, { name: nameOf('张伟强'), currentAddress }, { order, observedAt: new Date(stage.clock.now()).toISOString() });
const confirm = (record: AnySourceRecord) => new EchoConfirmer(stage.store, new Set(['grid'])).confirm([record]);

/** A person of the grid whose move a worker enters; planned and due. */
async function moved(): Promise<{ id: string; entry: string; key: string }> {
  const [id, entry, key] = [`p-${++n}`, `entry-${n}`, `g${n}`];
  await stage.person(id, gridRecord(key, OLD_HOME), personRecord('hub', entry, { currentAddress: NEW_HOME }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
  stage.clock.advance(1000);
  await new ChangePlanner(stage.store, stage.grid).plan([stage.change(id, 2, ['currentAddress'], [`hub:person:${entry}`])]);
  return { id, entry, key };
}

describe('a late answer', () => {
  it('that comes after the export has confirmed the write takes nothing back', async () => {
    const m = await moved();
    const slow = sender(table(async () => {
      stage.clock.advance(1000);
      await confirm(gridRecord(m.key, NEW_HOME, '2'));
      return { outcome: 'pickedUp' };
    }));
    await slow.sendDue(signal);
    await slow.lookForAcknowledged(signal);
    expect((await deliveriesOf(m.entry)).map((d) => d.state)).toEqual(['confirmed']);

    const other = await moved();
    const wrong = sender(table(async () => {
      stage.clock.advance(1000);
      await confirm(gridRecord(other.key, NEW_HOME, '2'));
      return { outcome: 'refused', detail: 'residence' };
    }));
    await wrong.sendDue(signal);
    await wrong.lookForAcknowledged(signal);
    expect((await deliveriesOf(other.entry)).map((d) => d.state)).toEqual(['confirmed']);
    expect(await stage.store.unitOfWork.run((tx) => stage.store.deadLetters.list(tx, { system: 'grid', limit: 10 }))).toEqual([]);
  });

  it('is asked for also behind hundreds of rows that nobody takes', async () => {
    const left = 600;
    const waits = Array.from({ length: left }, (_, i) => ({
      target: 'grid', recordType: 'person' as const, targetRef: Buffer.from(`left ${i}`), entityId: `p-left-${i}`, entityVersion: 1, cause: 'left', action: 'update' as const, state: 'written' as const,
      payload: { token: `left ${i}` },
    }));
    await stage.store.unitOfWork.run((tx) => stage.store.deliveries.add(tx, waits));
    stage.clock.advance(1000);
    const m = await moved();
    const office = sender(table((token) => (token.startsWith('left') ? undefined : { outcome: 'pickedUp' })));
    await office.sendDue(signal);
    for (let looks = 0; looks < 3; looks++) await office.lookForAcknowledged(signal);
    expect((await deliveriesOf(m.entry)).map((d) => d.state)).toEqual(['pickedUp']);
  });
});

describe('a value that another delivery wrote', () => {
  it('is confirmed for both by the export that shows it', async () => {
    const m = await moved();
    const again = `entry-again-${n}`;
    await stage.person(m.id, personRecord('hub', again, { currentAddress: NEW_HOME }, { sourceTime: '2026-07-01T00:00:00+08:00', order: '2026-07-01T09:00:00+08:00' }));
    await new ChangePlanner(stage.store, stage.grid).plan([stage.change(m.id, 3, ['currentAddress'], [`hub:person:${again}`])]);
    const both = sender(table(() => ({ outcome: 'pickedUp' })));
    while ((await both.sendDue(signal)) > 0);
    await both.lookForAcknowledged(signal);
    expect((await deliveriesOf(again)).map((d) => [d.state, d.reasonCode])).toEqual([['written', 'alreadyThere']]);
    stage.clock.advance(1000);
    await confirm(gridRecord(m.key, NEW_HOME, '2'));
    expect((await deliveriesOf(m.entry)).map((d) => d.state)).toEqual(['confirmed']);
    expect((await deliveriesOf(again)).map((d) => d.state)).toEqual(['confirmed']);
  });
});

describe('a ticket that was taken away', () => {
  it('waits for its officers, and promises no export that would confirm it', async () => {
    const [id, entry] = [`p-${++n}`, `entry-${n}`];
    await stage.person(id, personRecord('hukou', `R${n}`, { name: nameOf('张伟强'), registeredAddress: OLD_HOME }), personRecord('hub', entry, { currentAddress: NEW_HOME }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
    await new ChangePlanner(stage.store, stage.hukou).plan([stage.change(id, 2, ['currentAddress'], [`hub:person:${entry}`])]);
    const office = sender(table(() => ({ outcome: 'pickedUp' })), 'hukou');
    await office.sendDue(signal);
    await office.lookForAcknowledged(signal);
    const [line] = await new Receipts(stage.store, [stage.hukou]).receiptFor(entry);
    expect(line).toMatchObject({ state: 'pickedUp', reasonCode: 'ticketTaken', zh: '工单已取走，由对方核实处理' });
  });
});

describe('a change that comes while a write is under way', () => {
  it('is written after it, though it found nothing to do before', async () => {
    const m = await moved();
    const back = `entry-back-${n}`;
    const written: string[] = [];
    const slow = sender({
      maxItems: 1000,
      write: async (items) => {
        written.push(...items.map((i) => JSON.stringify(i.columns)));
        if (written.length === 1) {
          await stage.person(m.id, personRecord('hub', back, { currentAddress: OLD_HOME }, { sourceTime: '2026-07-02T00:00:00+08:00', order: '2026-07-02T09:00:00+08:00' }));
          await new ChangePlanner(stage.store, stage.grid).plan([stage.change(m.id, 3, ['currentAddress'], [`hub:person:${back}`])]);
        }
        return items.map(() => ({ outcome: 'accepted' as const }));
      },
    });
    while ((await slow.sendDue(signal)) > 0);
    expect(written.map((columns) => [columns.includes('机械厂'), columns.includes('幸福家园')])).toEqual([[true, false], [false, true]]);
  });
});
