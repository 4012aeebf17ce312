import { KafkaAdmin } from './kafka-admin.js';
import { KafkaClient, type KafkaClientOptions } from './kafka-client.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { KafkaSubscription } from './kafka-subscription.js';
import { KafkaTopics } from './kafka-topics.js';
import type { Log, LogMessage, LogPosition, RunningSubscription, Subscription } from './log.js';

export interface KafkaLogOptions extends KafkaClientOptions {
  /** How long `ensureTopics` waits for the brokers. Default one minute. */
  readyMs?: number;
  /** Consumed messages stay this long, for a look back. Default three days. */
  retentionMs?: number;
}

const TRIM_EVERY_MS = 10 * 60_000;

/**
 * The log on Apache Kafka, through kafkajs 2.2.4, with the partition function of the PostgreSQL log. A message is durable when publish resolves: every
 * replica in sync has it. A group of ours is one Kafka group for each topic it reads (`resolution:yici.command.v1`): within one
 * Kafka group kafkajs would give a member partitions of topics that only another member reads.
 */
export class KafkaLog implements Log {
  private readonly client: KafkaClient;
  private readonly admin: KafkaAdmin;
  private readonly topics: KafkaTopics;
  private readonly publisher: KafkaPublisher;
  private readonly running = new Set<KafkaSubscription>();
  private readonly ensured = new Set<string>();
  private readonly trimmer: NodeJS.Timeout;
  private trimming: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: KafkaLogOptions) {
    const { logger, replication } = options;
    this.client = new KafkaClient(options);
    this.admin = new KafkaAdmin(this.client);
    this.topics = new KafkaTopics({
      admin: this.admin, logger, replication, brokers: this.client.brokerCount, readyMs: options.readyMs ?? 60_000, retentionMs: options.retentionMs ?? 3 * 24 * 3600_000,
    });
    this.publisher = new KafkaPublisher(this.client, logger);
    this.trimmer = setInterval(() => {
      this.trimming = this.trim().catch((error: unknown) => logger.warn('log.trimFailed', {}, error));
    }, TRIM_EVERY_MS);
    this.trimmer.unref();
  }

  /** Waits for the brokers first: YICI_LOG_UNREACHABLE, YICI_LOG_LOGIN_REFUSED or YICI_LOG_TOPICS_REFUSED when there is no hope. */
  async ensureTopics(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    await this.topics.ensure(topics);
    for (const { topic } of topics) this.ensured.add(topic);
  }

  async publish(topic: string, messages: readonly LogMessage[]): Promise<void> {
    await this.publisher.publish(topic, await this.topics.partitionsOf(topic), messages);
  }

  async subscribe(subscription: Subscription): Promise<RunningSubscription> {
    const { client, options: { logger } } = this;
    const started: KafkaSubscription[] = [];
    for (const topic of subscription.topics) {
      const groupId = groupIdOf(subscription.group, topic);
      await this.topics.partitionsOf(topic);
      if (subscription.from === 'latest') await this.topics.beginAtEnd(groupId, topic);
      started.push(new KafkaSubscription({ client, logger, topic, groupId }, subscription));
    }
    for (const one of started) this.running.add(one);
    await Promise.all(started.map((one) => one.start()));
    return {
      close: async () => {
        await Promise.all(started.map((one) => one.close()));
        for (const one of started) this.running.delete(one);
      },
    };
  }

  async positions(group: string, topics: readonly string[]): Promise<LogPosition[]> {
    const all = await Promise.all([...topics].sort().map((topic) => this.topics.positions(groupIdOf(group, topic), topic)));
    return all.flat();
  }

  /** Removes messages that are older than the retention and that every group has read. Any process may; all of them do. */
  async trim(): Promise<void> {
    for (const topic of this.ensured) await this.topics.trim(topic, (groupId) => groupId.endsWith(groupIdOf('', topic)));
  }

  async close(): Promise<void> {
    clearInterval(this.trimmer);
    await Promise.all([...this.running].map((s) => s.close()));
    this.running.clear();
    await this.publisher.close();
    await this.trimming;
    await this.admin.close();
  }
}

function groupIdOf(group: string, topic: string): string {
  return `${group}:${topic}`;
}
