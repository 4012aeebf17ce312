import type { Admin, ITopicMetadata } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { KafkaAdmin } from './kafka-admin.js';
import type { LogPosition } from './log.js';

export interface KafkaTopicsOptions {
  admin: KafkaAdmin;
  logger: Logger;
  /** Copies of each message; default: one a broker, three at most. */
  replication?: number;
  /** Brokers that the configuration names: at the first start not all of them may be up. */
  brokers: number;
  /** How long a start waits for the brokers. */
  readyMs: number;
  retentionMs: number;
}

const ASK_MS = 10_000;
const PAUSE_MS = 200;
const MOST_COPIES = 3;
/** A message of the hub is a few kB; a dead letter carries its row's bytes. */
const LARGEST_MESSAGE = 16 << 20;

/** Topics of the hub on Kafka: made, counted, trimmed. */
export class KafkaTopics {
  private readonly partitions = new Map<string, number>();

  constructor(private readonly options: KafkaTopicsOptions) {}

  /** Makes what is missing and waits until every partition has a leader: a fresh broker knows a topic before it can serve it. */
  async ensure(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    const end = Date.now() + this.options.readyMs;
    for (;;) {
      const known = await this.options.admin.ask(Math.max(0, end - Date.now()), (admin) => allTopics(admin));
      const missing = topics.filter(({ topic }) => !known.has(topic));
      const led = topics.filter(({ topic }) => known.get(topic)?.partitions.every((p) => p.leader >= 0));
      for (const { topic } of led) this.partitions.set(topic, known.get(topic)!.partitions.length);
      if (led.length === topics.length) return this.warnOfFewCopies(led.map(({ topic }) => known.get(topic)!));
      const refusal = missing.length > 0 ? await this.make(missing, end) : undefined;
      if (Date.now() > end) throw cannotMake(refusal);
      await sleep(PAUSE_MS);
    }
  }

  /** Partitions of a topic. A topic keeps the number it was made with. */
  async partitionsOf(topic: string): Promise<number> {
    const known = this.partitions.get(topic);
    if (known) return known;
    const found = (await this.options.admin.ask(ASK_MS, (admin) => allTopics(admin))).get(topic);
    if (!found || found.partitions.length === 0) throw unknownTopic(topic);
    this.partitions.set(topic, found.partitions.length);
    return found.partitions.length;
  }

  /** Read in this order: what is committed first, then the ends, so that a group never seems further than it is. */
  async positions(groupId: string, topic: string): Promise<LogPosition[]> {
    const partitions = await this.partitionsOf(topic);
    return this.options.admin.ask(ASK_MS, async (admin) => {
      const committed = await committedOf(admin, groupId, topic);
      const ends = new Map((await admin.fetchTopicOffsets(topic)).map((e) => [e.partition, e]));
      return Array.from({ length: partitions }, (_, partition) => {
        const { low, high } = ends.get(partition)!;
        const own = committed.get(partition);
        return { topic, partition, committed: own ?? low, end: high, begun: own !== undefined };
      });
    });
  }

  /**
   * Puts a group that has no position behind what is there now. Only a group without members can be placed: when another process reads for it, that
   * process has placed it, or is about to.
   */
  async beginAtEnd(groupId: string, topic: string): Promise<void> {
    for (const end = Date.now() + this.options.readyMs; ;) {
      const fresh = (await this.positions(groupId, topic)).filter((p) => !p.begun);
      if (fresh.length === 0) return;
      const placed = await this.options.admin.ask(ASK_MS, (admin) => admin.setOffsets({
        groupId, topic, partitions: fresh.map((p) => ({ partition: p.partition, offset: p.end })),
      }).then(() => true, () => false));
      if (!placed && Date.now() > end) throw cannotPlace();
      if (!placed) await sleep(PAUSE_MS);
    }
  }

  /** Removes messages older than the retention that every group of the topic has read; Kafka's own retention asks no group. */
  async trim(topic: string, isGroupOf: (groupId: string) => boolean): Promise<void> {
    await this.options.admin.ask(ASK_MS, async (admin) => {
      const groups = (await admin.listGroups()).groups.map((g) => g.groupId).filter(isGroupOf);
      const old = await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() - this.options.retentionMs);
      const read = await Promise.all(groups.map((groupId) => committedOf(admin, groupId, topic)));
      const lows = new Map((await admin.fetchTopicOffsets(topic)).map((e) => [e.partition, BigInt(e.low)]));
      const upTo = old.map(({ partition, offset }) => ({
        partition, offset: read.reduce((least, r) => min(least, BigInt(r.get(partition) ?? lows.get(partition)!)), BigInt(offset)),
      })).filter(({ partition, offset }) => offset > lows.get(partition)!);
      if (upTo.length === 0) return;
      await admin.deleteTopicRecords({ topic, partitions: upTo.map(({ partition, offset }) => ({ partition, offset: offset.toString() })) });
      this.options.logger.debug('log.trimmed', { topic, partitions: upTo.length });
    });
  }

  /** Returns why the brokers refused, which may pass while they are starting. */
  private async make(topics: readonly { topic: string; partitions: number }[], end: number): Promise<unknown> {
    return this.options.admin.ask(Math.max(0, end - Date.now()), async (admin) => {
      const copies = this.options.replication ?? Math.min(MOST_COPIES, Math.max(this.options.brokers, (await admin.describeCluster()).brokers.length));
      const configEntries = [
        { name: 'cleanup.policy', value: 'delete' },
        // The hub trims by what was read (trim); by time alone a group that stood still for long would lose messages.
        { name: 'retention.ms', value: '-1' },
        { name: 'max.message.bytes', value: String(LARGEST_MESSAGE) },
        // Acknowledged is durable: of three copies two are written, so one broker may go.
        { name: 'min.insync.replicas', value: String(Math.max(1, copies - 1)) },
      ];
      try {
        await admin.createTopics({
          waitForLeaders: false, timeout: 5000,
          topics: topics.map(({ topic, partitions }) => ({ topic, numPartitions: partitions, replicationFactor: copies, configEntries })),
        });
        return undefined;
      } catch (error) {
        this.options.logger.warn('log.topicsNotMade', { copies }, error);
        return error;
      }
    });
  }

  private warnOfFewCopies(topics: readonly ITopicMetadata[]): void {
    const wanted = this.options.replication;
    for (const { name, partitions } of topics) {
      const copies = Math.min(...partitions.map((p) => p.replicas.length));
      if (wanted !== undefined && copies < wanted) this.options.logger.warn('log.fewCopies', { topic: name, copies, wanted });
    }
  }
}

/** Of all topics, not of the named ones: a broker may be set to make a topic because someone asks for it. */
async function allTopics(admin: Admin): Promise<Map<string, ITopicMetadata>> {
  return new Map((await admin.fetchTopicMetadata()).topics.map((t) => [t.name, t]));
}

async function committedOf(admin: Admin, groupId: string, topic: string): Promise<Map<number, string>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map((found?.partitions ?? []).filter((p) => BigInt(p.offset) >= 0n).map((p) => [p.partition, p.offset]));
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function unknownTopic(topic: string): YiciError {
  return new YiciError({
    code: 'YICI_LOG_UNKNOWN_TOPIC', stage: 'sending', message: `The topic ${topic} does not exist on the log.`,
    fix: 'Create it with ensureTopics when the program starts.',
  });
}

function cannotPlace(): YiciError {
  return new YiciError({
    code: 'YICI_LOG_GROUP_NOT_PLACED', stage: 'receiving', retriable: true, message: 'A new consumer group could not be placed at the end of its topic.',
    fix: 'Check that this user may commit offsets for the group.',
  });
}

function cannotMake(cause: unknown): YiciError {
  return new YiciError({
    code: 'YICI_LOG_TOPICS_REFUSED', stage: 'config', severity: 'fatal', cause, message: 'The Kafka brokers do not make the topics of the hub.',
    fix: 'Check that as many brokers run as YICI_KAFKA_REPLICATION asks copies, and that this user may create topics; or make them beforehand.',
  });
}
