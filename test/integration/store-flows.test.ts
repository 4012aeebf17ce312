import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { newToInbox, trimInbox } from '#libs/store/inbox';
import { appendToOutbox } from '#libs/store/outbox';
import { Relay } from '#libs/store/relay';
import { lockKeys, UnitOfWork } from '#libs/store/unit-of-work';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

let db: TestDatabase;
let uow: UnitOfWork;
beforeAll(async () => {
  db = await createTestDatabase({ poolSize: 12 });
  uow = new UnitOfWork(db.dataSource);
});
afterAll(() => db.drop());

const event = (key: string) => ({ topic: 't', key, event: Buffer.from(key) });

describe('unit of work', () => {
  it('leaves nothing of work that failed', async () => {
    await expect(uow.run(async (tx) => {
      await appendToOutbox(tx, [event('lost')]);
      throw new Error('no');
    })).rejects.toThrow('no');
    expect((await db.pool.query('select 1 from outbox')).rowCount).toBe(0);
  });
  it('tries again after a deadlock', async () => {
    let runs = 0;
    await uow.run(async () => { if (++runs < 3) throw Object.assign(new Error('deadlock'), { code: '40P01' }); });
    expect(runs).toBe(3);
  });
  it('lets transactions with common keys wait for each other, never in a circle', async () => {
    const value = { n: 0 };
    await Promise.all(Array.from({ length: 8 }, (_, i) => uow.run(async (tx) => {
      const keys = [5n, -7n, 9n, BigInt(i)];
      await lockKeys(tx, i % 2 ? keys : keys.reverse());
      const seen = value.n;
      await sleep(2);
      value.n = seen + 1;
    })));
    expect(value.n).toBe(8);
  });
});

describe('inbox', () => {
  it('says of each message once that it is new, also to rivals', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `m${i}`);
    const found = await Promise.all([0, 1, 2, 3].map(() => uow.run((tx) => newToInbox(tx, 'resolution', ids))));
    expect(found.map((s) => s.size).sort((a, b) => b - a)).toEqual([50, 0, 0, 0]);
    expect((await uow.run((tx) => newToInbox(tx, 'fanout', ['m1', 'm1']))).size).toBe(1);
  });
  it('gives the message to the next try when the effect failed', async () => {
    await uow.run(async (tx) => { await newToInbox(tx, 'r', ['x']); throw new Error('no'); }).catch(() => undefined);
    expect([...await uow.run((tx) => newToInbox(tx, 'r', ['x']))]).toEqual(['x']);
  });
  it('forgets what is older than the log', async () => {
    expect(await uow.run((tx) => trimInbox(tx, new Date(0)))).toBe(0);
    expect(await uow.run((tx) => trimInbox(tx, new Date(Date.now() + 60_000)))).toBeGreaterThan(50);
  });
});

describe('relay', () => {
  const published: string[] = [];
  let failures = 0;
  const publisher = {
    async publish(_topic: string, messages: readonly { key: string; value: Uint8Array }[]): Promise<void> {
      if (failures-- > 0) throw new Error('log away');
      published.push(...messages.map((m) => m.key));
    },
  };
  const until = async (done: () => boolean | Promise<boolean>) => {
    for (let i = 0; i < 500 && !(await done()); i++) await sleep(10);
  };

  it('publishes in order, once, through failures of the log and the loss of its connections', async () => {
    const listener = new PostgresListener(db.pool, silentLogger);
    const relays = [1, 2].map(() => new Relay({ pool: db.pool, publisher, listener, logger: silentLogger, batchSize: 7 }));
    await Promise.all(relays.map((r) => r.start()));
    failures = 2;
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
    for (const key of keys.slice(0, 30)) await uow.run((tx) => appendToOutbox(tx, [event(key)]));
    await until(() => published.length >= 30);
    // Every connection of the application dies, the relay's and the listener's too.
    await db.kill();
    for (const key of keys.slice(30)) await uow.run((tx) => appendToOutbox(tx, [event(key)]));
    await until(async () => (await db.pool.query('select 1 from outbox')).rowCount === 0);
    expect(published).toEqual(keys);
    await Promise.all(relays.map((r) => r.close()));
    await listener.close();
  });
  it('wakes at a commit', async () => {
    const listener = new PostgresListener(db.pool, silentLogger);
    const relay = new Relay({ pool: db.pool, publisher, listener, logger: silentLogger });
    await relay.start();
    await sleep(100);
    const before = published.length;
    // Polls alone, one a second, would need half a minute.
    const end = Date.now() + 15_000;
    for (let n = 1; n <= 30 && Date.now() < end; n++) {
      await uow.run((tx) => appendToOutbox(tx, [event(`fast-${n}`)]));
      await until(() => published.length === before + n);
    }
    expect(published.length).toBe(before + 30);
    await relay.close();
    await listener.close();
  });
});
