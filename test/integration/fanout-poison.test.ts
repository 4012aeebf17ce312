import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { Receipts } from '#libs/fanout/receipts';
import { Replays } from '#libs/fanout/replays';
import { TargetSender } from '#libs/fanout/target-sender';
import type { DeadLetterRaised } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import type { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import { fanoutStage, nameOf, personRecord, type FanoutStage } from '#test/support/fanout-stage';
import { gridTarget, type GridTarget } from '#test/support/grid-target';

jest.setTimeout(180_000);
const signal = new AbortController().signal;
const home = { raw: 'x', division: '990101001', road: '牡丹大道', number: '251', estate: '机械厂新村', building: '1', unit: '1', room: '701' };

/** A wire to the grid that breaks under any call in which one of `words` stands: such a call never gets an answer. */
class Wire {
  readonly words = new Set<string>();
  calls = 0;
  broken = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly upstream: number) {
    this.server = createServer((client) => {
      const grid = connect(this.upstream, '127.0.0.1');
      for (const socket of [client, grid]) {
        this.sockets.add(socket.on('error', () => undefined).on('close', () => { this.sockets.delete(socket); client.destroy(); grid.destroy(); }));
      }
      grid.pipe(client);
      client.on('data', (bytes: Buffer) => {
        const text = bytes.toString('utf8');
        if (text.startsWith('POST')) this.calls += 1;
        if ([...this.words].some((word) => text.includes(word))) {
          this.broken += 1;
          client.destroy();
        } else grid.write(bytes);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let stage: FanoutStage;
let office: GridTarget;
let grid: GridSimulator;
let wire: Wire;
let store: FanoutStore;
let channel: TargetChannel;
let told: DeadLetterRaised[];
let shiftMs = 0;
const used = new Set<string>();

beforeAll(async () => {
  stage = await fanoutStage();
  office = await gridTarget((url) => {
    wire = new Wire(Number(new URL(url).port));
    return wire.listen();
  });
  ({ grid, channel } = office);
  store = new FanoutStore(stage.db.pool, new UnitOfWork(stage.db.dataSource), stage.sealing, { now: () => Date.now() + shiftMs });
}, 120_000);
afterAll(async () => {
  await office.close();
  await wire.close();
  await stage.close();
}, 60_000);
beforeEach(() => {
  told = [];
  wire.words.clear();
  wire.calls = 0;
  wire.broken = 0;
});

const newSender = (): TargetSender => new TargetSender(stage.grid, channel, store, {
  minted: () => Promise.resolve(), readBack: () => Promise.resolve(), deadLetters: (raised) => { told.push(...raised); return Promise.resolve(); },
}, silentLogger, () => 0);
/** A resident of the grid whose move a worker enters; `phone` travels with it. */
async function moves(phone: string): Promise<{ key: string; entry: string }> {
  const { id: key } = grid.find((row) => !used.has(row.id))!;
  used.add(key);
  const [id, entry] = [`p-${used.size}`, `entry-${used.size}`];
  await stage.person(id, personRecord('hub', entry, { name: nameOf('张伟强'), currentAddress: home, phones: [{ number: phone }] }, { sourceTime: '2026-07-01T00:00:00+08:00' }), personRecord('grid', key, { name: nameOf('张伟强') }));
  await new ChangePlanner(store, stage.grid).plan([stage.change(id, 1, ['currentAddress', 'phones'], [`hub:person:${entry}`])]);
  return { key, entry };
}
const deliveryOf = async (entry: string) => (await store.deliveries.list({ cause: entry, limit: 1 }))[0]!;
const statesOf = async (entries: readonly { entry: string }[]) => new Set(await Promise.all(entries.map(async ({ entry }) => (await deliveryOf(entry)).state)));
/** Works until nothing is due at this moment. */
async function work(sender: TargetSender): Promise<void> {
  while ((await sender.sendDue(signal)) > 0);
}

describe('a write that breaks every call it is in', () => {
  it('keeps no other waiting, ends as a dead letter with words for a clerk, and goes after a replay', async () => {
    const all = [];
    for (let i = 0; i < 20; i++) all.push(await moves(i === 11 ? '13000009999' : '13000000001'));
    const bad = all[11]!;
    const others = all.filter((m) => m !== bad);
    wire.words.add('13000009999');
    const sender = newSender();
    await work(sender);
    expect(await statesOf(others)).toEqual(new Set(['written']));
    // Not one call for each of the others.
    expect(wire.calls).toBeLessThan(18);
    let rounds = 0;
    for (; rounds < 40 && (await deliveryOf(bad.entry)).state === 'waiting'; rounds += 1) {
      shiftMs += 11 * 60_000;
      const broken = wire.broken;
      const good = await moves('13000000002');
      await work(sender);
      expect(await statesOf([good])).toEqual(new Set(['written']));
      // Once known it breaks no call but its own.
      if (rounds > 1) expect(wire.broken - broken).toBe(1);
    }
    expect(rounds).toBeGreaterThan(5);
    const [line] = await new Receipts(store, [stage.grid]).receiptFor(bad.entry);
    expect(line).toMatchObject({ state: 'rejected', reasonCode: 'neverAnswered', zh: expect.stringContaining('死信') });
    expect(told).toHaveLength(1);
    const letter = (await store.unitOfWork.run((tx) => store.deadLetters.find(tx, told[0]!.id)))!;
    expect(letter).toMatchObject({ code: 'YICI_SENDING_UNANSWERED', stage: 'sending', naturalKey: bad.key });
    expect(letter.reason).not.toContain('13000009999');
    wire.words.clear();
    await new Replays(store).replay(letter.id);
    await work(sender);
    expect((await deliveryOf(bad.entry)).state).toBe('written');
    expect(grid.row(bad.key)).toMatchObject({ phone: '13000009999' });
  });

  it('is known for one by the next process, too', async () => {
    const bad = await moves('13000008888');
    wire.words.add('13000008888');
    let rounds = 0;
    for (; rounds < 60 && (await deliveryOf(bad.entry)).state === 'waiting'; rounds += 1) {
      const sender = newSender();
      for (let i = 0; i < 2; i++) {
        shiftMs += 11 * 60_000;
        await moves('13000000003');
        await work(sender);
      }
    }
    expect((await deliveryOf(bad.entry)).state).toBe('rejected');
    expect(rounds).toBeLessThan(20);
  });

  it('stands before others with a dozen of its kind, and they are sent all the same', async () => {
    const bad = [];
    for (let i = 0; i < 12; i++) bad.push(await moves('13000007777'));
    const good = [await moves('13000000004'), await moves('13000000004')];
    wire.words.add('13000007777');
    const sender = newSender();
    for (let i = 0; i < 60; i++) {
      await work(sender);
      shiftMs += 60_000;
    }
    expect(await statesOf(good)).toEqual(new Set(['written']));
    for (let i = 0; i < 40; i++) {
      shiftMs += 11 * 60_000;
      await moves('13000000005');
      await work(sender);
    }
    expect(await statesOf(bad)).toEqual(new Set(['rejected']));
    expect(told.map((t) => t.code)).toEqual(bad.map(() => 'YICI_SENDING_UNANSWERED'));
  });
});

describe('a target that is away', () => {
  it('for however long makes no dead letter and no mark against any write, and everything goes when it is back', async () => {
    const waiting = [await moves('13000000006'), await moves('13000000006'), await moves('13000000006')];
    wire.words.add('POST');
    const sender = newSender();
    for (let i = 0; i < 60; i++) {
      await sender.sendDue(signal);
      shiftMs += 11 * 60_000;
    }
    expect(wire.broken).toBeGreaterThan(40);
    for (const { entry } of waiting) expect(await deliveryOf(entry)).toMatchObject({ state: 'waiting', reasonCode: 'retrying', attempts: 0 });
    wire.words.clear();
    await work(sender);
    expect(await statesOf(waiting)).toEqual(new Set(['written']));
    expect(told).toEqual([]);
  });
});
