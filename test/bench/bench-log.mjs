// The log alone, of both kinds where KAFKA_BROKERS names one: `npm run bench:log -- [--messages 1000] [--bulk 50000] [--json]`.
// Latency: one message at a time, from publish to its handler. Rates: 1,000 bytes each, published by 500, then read by a new group.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KafkaLog } from '#libs/bus/kafka-log';
import { PostgresLog } from '#libs/bus/postgres-log';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { newBenchDir, openBenchStore, removeBenchDir } from './bench-store.mjs';
import { quantile } from './live-stage.mjs';
import { hashProbe, machine, round } from './machine.mjs';

const { values: options } = parseArgs({
  options: { messages: { type: 'string', default: '1000' }, bulk: { type: 'string', default: '50000' }, json: { type: 'boolean', default: false } },
});
const PARTITIONS = 8;
const BATCH = 500;
const dir = newBenchDir();
const before = machine();
const store = await openBenchStore(dir);

try {
  const { kafka } = readConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS });
  const result = {
    bench: 'log', machine: before, probe: { sha256: hashProbe() },
    postgres: await measure(new PostgresLog({ pool: store.pool, listener: store.listener, logger: silentLogger })),
    ...(kafka && { kafka: await measure(new KafkaLog({ ...kafka, logger: silentLogger })) }),
  };
  console.log(options.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
} finally {
  await store.close();
  removeBenchDir(dir);
}

async function measure(log) {
  const topic = `bench-${Date.now()}`;
  await log.ensureTopics([{ topic, partitions: PARTITIONS }]);
  try {
    const milliseconds = await latencies(log, topic);
    return { milliseconds: { p50: at(milliseconds, 0.5), p90: at(milliseconds, 0.9), p99: at(milliseconds, 0.99), most: at(milliseconds, 1) }, ...await rates(log, topic) };
  } finally {
    await log.close();
  }
}

async function latencies(log, topic) {
  let arrived = () => undefined;
  const running = await log.subscribe({ topics: [topic], group: 'latency', handler: async () => arrived() });
  const milliseconds = [];
  // The first hundred warm up.
  for (let i = -100; i < Number(options.messages); i++) {
    const handled = new Promise((resolve) => { arrived = resolve; });
    const sent = performance.now();
    await Promise.all([log.publish(topic, [{ key: `k${i}`, value: Buffer.alloc(1000, 65) }]), handled]);
    if (i >= 0) milliseconds.push(performance.now() - sent);
    await sleep(2);
  }
  await running.close();
  return milliseconds.sort((a, b) => a - b);
}

async function rates(log, topic) {
  const bulk = Number(options.bulk);
  const already = (await log.positions('rates', [topic])).reduce((n, p) => n + Number(p.end), 0);
  let started = performance.now();
  for (let i = 0; i < bulk; i += BATCH) {
    await log.publish(topic, Array.from({ length: BATCH }, (_, k) => ({ key: `k${i + k}`, value: Buffer.alloc(1000, 65) })));
  }
  const publishedPerSecond = Math.round(bulk / ((performance.now() - started) / 1000));
  let seen = 0;
  let first;
  const running = await log.subscribe({ topics: [topic], group: 'rates', handler: async (batch) => { first ??= performance.now(); seen += batch.messages.length; } });
  while (seen < bulk + already) await sleep(5);
  started = first;
  const readPerSecond = Math.round(seen / ((performance.now() - started) / 1000));
  await running.close();
  return { publishedPerSecond, readPerSecond };
}

function at(sorted, share) {
  return round(quantile(sorted, share), 1);
}
