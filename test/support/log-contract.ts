import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Log, RunningSubscription, Subscription } from '#libs/bus/log';
import { until } from './until.js';

export interface LogUnderTest {
  /** A connection of its own, as another process would have. */
  open(): Promise<Log>;
  /** Ends a log as kill -9 ends its process: nothing is closed, nothing committed. */
  kill(log: Log): Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();

/** What every transport of the log must do. Each test uses a topic of its own. */
export function logContract(name: string, underTest: LogUnderTest): void {
  describe(`${name}: contract of the log`, () => {
    const logs: Log[] = [];
    const subscriptions: RunningSubscription[] = [];
    let topicNumber = 0;
    let topic: string;

    const open = async (partitions = 4): Promise<Log> => {
      const log = await underTest.open();
      logs.push(log);
      await log.ensureTopics([{ topic, partitions }]);
      return log;
    };
    const newTopic = () => { topic = `contract-${Date.now()}-${topicNumber++}`; };
    const read = async (log: Log, handler: Subscription['handler'], more: Partial<Subscription> = {}): Promise<RunningSubscription> => {
      const running = await log.subscribe({ topics: [topic], group: 'g', handler, ...more });
      subscriptions.push(running);
      return running;
    };
    const collect = (into: string[]) => async (batch: Batch) => { into.push(...batch.messages.map((m) => text(m.value))); };
    const publishEach = async (log: Log, from: number, to: number, key: (i: number) => string = (i) => `k${i % 7}`) => {
      await log.publish(topic, Array.from({ length: to - from }, (_, i) => ({ key: key(from + i), value: bytes(String(from + i)) })));
    };
    const drained = async (log: Log, group = 'g') => (await log.positions(group, [topic])).every((p) => p.committed === p.end);

    afterEach(async () => {
      await Promise.all(subscriptions.splice(0).map((s) => s.close()));
      await Promise.all(logs.splice(0).map((l) => l.close()));
    });

    it('delivers every message whole, and keeps the order of each key', async () => {
      newTopic();
      const log = await open();
      const seen = new Map<string, number[]>();
      let headers: Record<string, string> | undefined;
      await read(log, async (batch) => {
        for (const m of batch.messages) {
          seen.set(m.key, [...(seen.get(m.key) ?? []), Number(text(m.value))]);
          if (m.key === 'with-headers') headers = m.headers;
        }
      });
      for (let i = 0; i < 10; i++) await publishEach(log, i * 50, i * 50 + 50);
      await log.publish(topic, [{ key: 'with-headers', value: bytes('1000'), headers: { a: '居' } }]);
      await until(() => [...seen.values()].flat().length === 501);
      for (const values of seen.values()) expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(headers).toEqual({ a: '居' });
    });

    it('carries bytes and empty values as they are', async () => {
      newTopic();
      const log = await open();
      const got: Uint8Array[] = [];
      await read(log, async (batch) => { got.push(...batch.messages.map((m) => m.value)); });
      const values = [Buffer.from([0, 255, 10, 92]), Buffer.alloc(0), Buffer.alloc(200_000, 7)];
      await log.publish(topic, values.map((value) => ({ key: 'one', value })));
      await until(() => got.length === 3);
      expect(got.map((v) => Buffer.from(v).equals(values[got.indexOf(v)]!))).toEqual([true, true, true]);
      await log.publish(topic, []);
    });

    it('delivers a batch again when its handler throws, and nothing behind it before', async () => {
      newTopic();
      const log = await open(1);
      const calls: string[][] = [];
      await publishEach(log, 0, 5);
      await read(log, async (batch) => {
        calls.push(batch.messages.map((m) => text(m.value)));
        if (calls.length < 3) throw new Error('not yet');
      }, { batchSize: 2 });
      await until(() => drained(log));
      expect(calls).toEqual([['0', '1'], ['0', '1'], ['0', '1'], ['2', '3'], ['4']]);
    });

    it('lets a failing partition delay only itself', async () => {
      newTopic();
      const log = await open(4);
      const got: string[] = [];
      let stuck: number | undefined;
      await publishEach(log, 0, 200, (i) => `k${i}`);
      await read(log, async (batch) => {
        stuck ??= batch.partition;
        if (batch.partition === stuck) throw new Error('poisoned');
        got.push(...batch.messages.map((m) => text(m.value)));
      });
      await until(async () => (await log.positions('g', [topic])).filter((p) => p.committed === p.end).length === 3);
      expect(got.length).toBeGreaterThan(100);
    });

    it('keeps batches within their limit and of one partition', async () => {
      newTopic();
      const log = await open();
      const sizes: number[] = [];
      await publishEach(log, 0, 300);
      await read(log, async (batch) => {
        sizes.push(batch.messages.length);
        expect(new Set(batch.messages.map((m) => m.partition))).toEqual(new Set([batch.partition]));
      }, { batchSize: 40 });
      await until(() => drained(log));
      expect(Math.max(...sizes)).toBe(40);
      expect(sizes.reduce((a, b) => a + b)).toBe(300);
    });

    it('goes on after a close where it stood', async () => {
      newTopic();
      const log = await open();
      const first: string[] = [];
      const running = await read(log, collect(first));
      await publishEach(log, 0, 100);
      await until(() => first.length === 100);
      await running.close();
      await publishEach(log, 100, 150);
      const second: string[] = [];
      await read(log, collect(second));
      await until(() => second.length >= 50);
      expect(first.concat(second).map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    });

    it('lets the running batch end before it closes', async () => {
      newTopic();
      const log = await open(1);
      let ended = false;
      let begun = false;
      const running = await read(log, async () => { begun = true; await sleep(150); ended = true; });
      await publishEach(log, 0, 1);
      await until(() => begun);
      await running.close();
      expect(ended).toBe(true);
      expect(await drained(log)).toBe(true);
    });

    it('loses nothing when a reader is killed in the middle of a batch', async () => {
      newTopic();
      const log = await open();
      const victim = await open();
      const handled: string[] = [];
      await victim.subscribe({ topics: [topic], group: 'g', handler: () => new Promise(() => undefined) });
      await publishEach(log, 0, 200);
      await sleep(100);
      await underTest.kill(victim);
      logs.splice(logs.indexOf(victim), 1);
      await read(log, collect(handled));
      await until(() => drained(log));
      expect(new Set(handled).size).toBe(200);
    });

    it('shares partitions among the processes of a group, and takes them back when one leaves', async () => {
      newTopic();
      const a = await open(6);
      const b = await open(6);
      const partitions: Record<'a' | 'b', Set<number>> = { a: new Set(), b: new Set() };
      let count = 0;
      const handler = (who: 'a' | 'b') => async (batch: Batch) => { partitions[who].add(batch.partition); count += batch.messages.length; };
      await read(a, handler('a'));
      const second = await read(b, handler('b'));
      let published = 0;
      await until(async () => {
        await publishEach(a, 0, 60, (i) => `k${i}`);
        published += 60;
        await until(() => count >= published);
        return partitions.b.size === 3;
      });
      await until(async () => {
        partitions.a.clear();
        partitions.b.clear();
        await publishEach(a, 0, 60, (i) => `k${i}`);
        published += 60;
        await until(() => count >= published);
        return partitions.a.size === 3 && partitions.b.size === 3;
      });
      await second.close();
      await until(async () => {
        partitions.a.clear();
        await publishEach(a, 0, 60, (i) => `k${i}`);
        published += 60;
        await until(() => count >= published);
        return partitions.a.size === 6;
      });
      expect(count).toBe(published);
    });

    it('gives every group every message, and a late one only what is new', async () => {
      newTopic();
      const log = await open();
      await publishEach(log, 0, 30);
      const [one, two, late]: string[][] = [[], [], []];
      await read(log, collect(one!), { group: 'one' });
      await read(log, collect(two!), { group: 'two' });
      await read(log, collect(late!), { group: 'late', from: 'latest' });
      await publishEach(log, 30, 40);
      await until(() => one!.length === 40 && two!.length === 40 && late!.length === 10);
      expect(late!.map(Number).every((n) => n >= 30)).toBe(true);
    });

    it('skips no message of many publishers at once', async () => {
      newTopic();
      const publishers = await Promise.all(Array.from({ length: 4 }, () => open(3)));
      const got: string[] = [];
      await read(publishers[0]!, collect(got), { batchSize: 17 });
      await Promise.all(publishers.flatMap((log, p) => [0, 1, 2].map(async (lane) => {
        for (let i = 0; i < 25; i++) {
          const name = `${p}-${lane}-${i}`;
          await log.publish(topic, Array.from({ length: 1 + (i % 40) }, (_, j) => ({ key: `${name}-${j}`, value: bytes(`${name}-${j}`) })));
        }
      })));
      await until(() => drained(publishers[0]!));
      const expected = 4 * 3 * Array.from({ length: 25 }, (_, i) => 1 + i).reduce((a, b) => a + b);
      expect(got.length).toBe(expected);
      expect(new Set(got).size).toBe(expected);
    });

    it('tells how far a group is', async () => {
      newTopic();
      const log = await open(2);
      await publishEach(log, 0, 10);
      const before = await log.positions('g', [topic]);
      expect(before.map((p) => [p.topic, p.partition])).toEqual([[topic, 0], [topic, 1]]);
      expect(before.reduce((n, p) => n + Number(BigInt(p.end) - BigInt(p.committed)), 0)).toBe(10);
      expect(before.map((p) => p.begun)).toEqual([false, false]);
      await read(log, async () => undefined);
      await until(() => drained(log));
      expect((await log.positions('g', [topic])).some((p) => p.begun)).toBe(true);
    });

    it('refuses to publish to a topic that does not exist', async () => {
      newTopic();
      const log = await open();
      await expect(log.publish(`${topic}-unknown`, [{ key: 'k', value: bytes('v') }])).rejects.toThrow();
    });
  });
}
