import { afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaLog } from '#libs/bus/kafka-log';
import type { Batch } from '#libs/bus/log';
import { silentLogger } from '#libs/platform/logger';
import { KafkaNodes, type KafkaNodesOptions } from '#test/support/kafka-broker';
import { describeWithKafka } from '#test/support/kafka-under-test';
import { until } from '#test/support/until';

const TOPIC = 'faults';
const GROUP = 'g';
const PUBLISHERS = 4;
const LONG_MS = 120_000;

let nodes: KafkaNodes | undefined;
const logs: KafkaLog[] = [];
/** Warnings of the logs, for a test that fails. */
const told: string[] = [];

async function start(options: KafkaNodesOptions = {}): Promise<KafkaLog> {
  nodes = await KafkaNodes.start(options);
  return openLog(options.nodes === 3 ? { replication: 3 } : {});
}

async function openLog(options: Partial<ConstructorParameters<typeof KafkaLog>[0]> = {}): Promise<KafkaLog> {
  const logger = { ...silentLogger, warn: (event: string, fields?: object, error?: unknown) => { told.push(`${event} ${JSON.stringify(fields)} ${String(error)}`); } };
  const log = new KafkaLog({ brokers: nodes!.brokers, tls: false, logger, sessionMs: 6000, ...options });
  logs.push(log);
  await log.ensureTopics([{ topic: TOPIC, partitions: 6 }]);
  return log;
}

/** Keeps publishing batches that span partitions: publisher p counts upwards under each of its keys, and repeats what was not acknowledged. */
function publishing(log: KafkaLog): { acknowledged: Map<string, number>; stop(): Promise<{ rejected: string[] }> } {
  const acknowledged = new Map<string, number>();
  let stopped = false;
  const rejected: string[] = [];
  const lanes = Array.from({ length: PUBLISHERS }, async (_, p) => {
    for (let n = 0; !stopped; n++) {
      const keys = Array.from({ length: 12 }, (_, k) => `${p}-${k}`);
      const messages = keys.map((key) => ({ key, value: Buffer.from(`${key}:${n}`) }));
      for (;;) {
        try {
          await log.publish(TOPIC, messages);
          break;
        } catch (error) {
          rejected.push(String((error as Error).cause));
        }
      }
      for (const key of keys) acknowledged.set(key, n);
      await sleep(5);
    }
  });
  return {
    acknowledged,
    stop: async () => {
      stopped = true;
      await Promise.all(lanes);
      return { rejected };
    },
  };
}

/** Numbers by key, in the order of their first delivery. */
async function collecting(log: KafkaLog): Promise<Map<string, number[]>> {
  const seen = new Map<string, number[]>();
  await log.subscribe({
    topics: [TOPIC], group: GROUP, handler: async ({ messages }: Batch) => {
      for (const m of messages) {
        const [key, n] = Buffer.from(m.value).toString().split(':') as [string, string];
        const numbers = seen.get(key) ?? [];
        if (!numbers.includes(Number(n))) numbers.push(Number(n));
        seen.set(key, numbers);
      }
    },
  });
  return seen;
}

function expectWhole(seen: Map<string, number[]>, acknowledged: Map<string, number>): void {
  expect(seen.size).toBe(acknowledged.size);
  for (const [key, last] of acknowledged) {
    const missing = Array.from({ length: last + 1 }, (_, n) => n).filter((n) => !seen.get(key)!.includes(n));
    expect({ key, missing }).toEqual({ key, missing: [] });
    // What was never acknowledged may be there as well, behind.
    expect({ key, numbers: seen.get(key) }).toEqual({ key, numbers: [...seen.get(key)!].sort((a, b) => a - b) });
  }
}

const drained = (log: KafkaLog) => until(async () => (await log.positions(GROUP, [TOPIC])).every((p) => p.committed === p.end));

describeWithKafka('Kafka log: faults of brokers', () => {
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((l) => l.close()));
    await nodes?.stop();
    nodes = undefined;
    told.length = 0;
  }, LONG_MS);

  it('loses nothing acknowledged when its one broker is killed and comes back, keeps the order of each key, and reads on by itself', async () => {
    const log = await start();
    const seen = await collecting(log);
    const work = publishing(log);
    await until(() => Math.min(...[...seen.values()].map((s) => s.length)) > 20);
    await nodes!.kill(1);
    await sleep(1500);
    const before = [...work.acknowledged.values()].reduce((a, b) => a + b, 0);
    nodes!.startNode(1);
    await until(() => [...work.acknowledged.values()].reduce((a, b) => a + b, 0) > before + 1000);
    const { rejected } = await work.stop();
    await drained(log);
    expect({ rejected, told: rejected.length > 0 ? told : [] }).toEqual({ rejected: [], told: [] });
    expectWhole(seen, work.acknowledged);
  }, 2 * LONG_MS);

  it('loses nothing acknowledged when each of three brokers is killed in turn in the middle of sends that span them', async () => {
    const log = await start({ nodes: 3 });
    const seen = await collecting(log);
    const work = publishing(log);
    await until(() => Math.min(...[...seen.values()].map((s) => s.length)) > 20);
    for (const id of [1, 2, 3]) {
      const before = [...work.acknowledged.values()].reduce((a, b) => a + b, 0);
      await nodes!.kill(id);
      // Two of three take and give all the while.
      await until(() => [...work.acknowledged.values()].reduce((a, b) => a + b, 0) > before + 500);
      nodes!.startNode(id);
      await drainedOnce(seen, work.acknowledged);
      await sleep(2000);
    }
    const { rejected } = await work.stop();
    await drained(log);
    expect({ rejected, told: rejected.length > 0 ? told : [] }).toEqual({ rejected: [], told: [] });
    expectWhole(seen, work.acknowledged);
  }, 4 * LONG_MS);

  it('keeps the partition of a handler that takes longer than the session', async () => {
    const log = await start();
    const other = await openLog();
    const handled: string[] = [];
    const handler = async ({ messages }: Batch): Promise<void> => {
      await sleep(9000);
      handled.push(...messages.map((m) => m.key));
    };
    await log.subscribe({ topics: [TOPIC], group: GROUP, handler });
    await log.publish(TOPIC, [{ key: 'slow', value: Buffer.from('1') }]);
    await sleep(500);
    // Another member comes meanwhile: it waits until the batch is committed, and does not get it again.
    await other.subscribe({ topics: [TOPIC], group: GROUP, handler });
    await drained(log);
    await sleep(1000);
    expect(handled).toEqual(['slow']);
  }, LONG_MS);

  it('removes what every group has read, and nothing that one has not', async () => {
    const log = await start();
    const trimming = await openLog({ retentionMs: -1000 });
    const publish = async (from: number) => log.publish(TOPIC, Array.from({ length: 60 }, (_, i) => ({ key: `k${from + i}`, value: Buffer.from(String(from + i)) })));
    const left = async () => (await log.positions('nobody', [TOPIC])).reduce((n, p) => n + Number(BigInt(p.end) - BigInt(p.committed)), 0);
    const fast = await log.subscribe({ topics: [TOPIC], group: 'fast', handler: async () => undefined });
    const slow = await log.subscribe({ topics: [TOPIC], group: 'slow', handler: async () => undefined });
    await publish(0);
    await until(async () => (await log.positions('slow', [TOPIC])).every((p) => p.committed === p.end));
    await slow.close();
    await publish(60);
    await until(async () => (await log.positions('fast', [TOPIC])).every((p) => p.committed === p.end));
    expect(await left()).toBe(120);
    await trimming.trim();
    expect(await left()).toBe(60);
    await fast.close();
    const again: string[] = [];
    await log.subscribe({ topics: [TOPIC], group: 'slow', handler: async ({ messages }) => { again.push(...messages.map((m) => m.key)); } });
    await until(() => again.length === 60);
  }, LONG_MS);
}, { own: true });

/** Waits until every key's newest acknowledged number so far was delivered. */
async function drainedOnce(seen: Map<string, number[]>, acknowledged: Map<string, number>): Promise<void> {
  const now = new Map(acknowledged);
  await until(() => [...now].every(([key, n]) => seen.get(key)?.includes(n)));
}
