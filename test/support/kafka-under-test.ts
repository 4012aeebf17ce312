import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';
import { GenericContainer } from 'testcontainers';
import { KafkaNodes } from './kafka-broker.js';

const run = promisify(execFile);
/** The official image, of the version that .ci/kafka-jars fetches. */
const IMAGE = 'apache/kafka:4.4.0';
const CONTAINER_PORT = 9092;

export interface RunningKafka {
  brokers: string[];
  stop(): Promise<void>;
}

/** Where tests find a real broker. `none` says why not. */
export type KafkaSource = { kind: 'given'; brokers: string[] } | { kind: 'maven' } | { kind: 'container' } | { kind: 'none'; reason: string };

/**
 * KAFKA_BROKERS of the environment; else a broker from Maven's jars where YICI_TEST_KAFKA=maven asks for it; else a container, where an
 * engine answers. YICI_TEST_KAFKA=none asks for none.
 */
async function kafkaSource(): Promise<KafkaSource> {
  const { KAFKA_BROKERS: brokers, YICI_TEST_KAFKA: asked } = process.env;
  if (asked === 'none') return { kind: 'none', reason: 'YICI_TEST_KAFKA=none' };
  if (brokers) return { kind: 'given', brokers: brokers.split(',') };
  if (asked === 'maven') {
    return await answers('java', '-version') && await answers('mvn', '--version') ? { kind: 'maven' } : { kind: 'none', reason: 'YICI_TEST_KAFKA=maven, but java or mvn is missing' };
  }
  if (await answers('docker', 'info')) return { kind: 'container' };
  return { kind: 'none', reason: 'no KAFKA_BROKERS, no YICI_TEST_KAFKA=maven, and no container engine answers' };
}

const source = await kafkaSource();

/**
 * Tests that need a broker; where there is none, one test that is reported as skipped and says so.
 * @param own the tests kill brokers, or set them up in their own way: only such as they start themselves will do
 */
export function describeWithKafka(name: string, tests: () => void, { own = false } = {}): void {
  if (source.kind === 'none' || (own && source.kind !== 'maven')) {
    const reason = source.kind === 'none' ? source.reason : 'needs brokers of its own: YICI_TEST_KAFKA=maven without KAFKA_BROKERS';
    const { skip: notRun } = it;
    notRun(`${name}: not run (${reason})`, () => undefined);
    return;
  }
  describe(name, tests);
}

/** One broker. Call in beforeAll, `stop` in afterAll. */
export async function startKafka(): Promise<RunningKafka> {
  if (source.kind === 'none') throw new Error('Tests that need Kafka stand in describeWithKafka.');
  if (source.kind === 'given') return { brokers: source.brokers, stop: () => Promise.resolve() };
  return source.kind === 'maven' ? KafkaNodes.start() : startContainer();
}

async function startContainer(): Promise<RunningKafka> {
  // The address a broker gives to its clients must hold outside, so the port is fixed before.
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const container = await new GenericContainer(IMAGE).withExposedPorts({ container: CONTAINER_PORT, host: port }).withEnvironment({
    KAFKA_PROCESS_ROLES: 'broker,controller', KAFKA_NODE_ID: '1', KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: `PLAINTEXT://:${CONTAINER_PORT},CONTROLLER://:9093`, KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER', KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1', KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1', KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0', KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  }).start();
  return { brokers: [`localhost:${port}`], stop: async () => { await container.stop(); } };
}

async function answers(program: string, ...args: string[]): Promise<boolean> {
  return run(program, args, { timeout: 5000 }).then(() => true, () => false);
}
