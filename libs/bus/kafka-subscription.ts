import type { Consumer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#libs/platform/logger';
import { KafkaBatches } from './kafka-batches.js';
import { REBALANCE_MS, type KafkaClient } from './kafka-client.js';
import type { Subscription } from './log.js';

export interface KafkaSubscriptionOptions {
  client: KafkaClient;
  logger: Logger;
  topic: string;
  groupId: string;
}

/** Messages of so many partitions of one fetch are worked on side by side. */
const SIDE_BY_SIDE = 64;
/** A start waits so long for its share of the partitions; then it goes on without. */
const JOIN_MS = 15_000;
const NEW_CONSUMER_MS = 500;
const DISCONNECT_MS = 5000;
const WATCH_MS = 1000;
/** Longer than a member may wait for the others of its group. */
const SILENT_MS = REBALANCE_MS + 20_000;

/**
 * One process's reading of one topic for a group. A kafkajs consumer may die for good (CRASH without restart) or stand still
 * with a sound connection: this keeps one alive, and replaces it when it crashed or gave no sign of life.
 */
export class KafkaSubscription {
  private readonly batches: KafkaBatches;
  private readonly joined = new Signal();
  private loop: Promise<void> = Promise.resolve();
  private closing = false;
  /** Ends the consumer that is running. */
  private over = new Signal();

  constructor(private readonly options: KafkaSubscriptionOptions, private readonly subscription: Subscription) {
    this.batches = new KafkaBatches({ logger: options.logger, subscription, sessionMs: options.client.sessionMs });
  }

  /** Waits until the group has given this member its share, or for a while: a group without brokers is joined when they come. */
  async start(): Promise<void> {
    this.loop = this.keepOne();
    await Promise.race([this.joined.given, sleep(JOIN_MS, undefined, { ref: false })]);
  }

  /** Lets running batches end and commits them. */
  async close(): Promise<void> {
    this.closing = true;
    this.over.give();
    await this.loop;
  }

  private async keepOne(): Promise<void> {
    while (!this.closing) {
      this.over = new Signal();
      const over = this.over;
      const consumer = this.options.client.consumer(this.options.groupId, () => !over.isGiven);
      const watch = this.watch(consumer, over);
      try {
        await this.run(consumer);
        await over.given;
      } catch (error) {
        this.options.logger.warn('log.consumerFailed', { group: this.subscription.group, topic: this.options.topic }, error);
      }
      clearInterval(watch);
      over.give();
      await this.end(consumer);
      if (!this.closing) await sleep(NEW_CONSUMER_MS);
    }
  }

  private async run(consumer: Consumer): Promise<void> {
    const { topic } = this.options;
    await consumer.connect();
    // A group without a position begins with the oldest message. `latest` was made a position before (KafkaTopics.beginAtEnd): as kafkajs' own
    // option it would skip what is published before the first fetch, and whatever is lost from the log.
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: SIDE_BY_SIDE, eachBatch: (payload) => this.batches.each(payload),
    });
  }

  /** Signs of life: a group joined, a heartbeat, a fetch. Returns the timer that looks for them. */
  private watch(consumer: Consumer, over: Signal): NodeJS.Timeout {
    const { GROUP_JOIN, HEARTBEAT, FETCH, CRASH } = consumer.events;
    const { logger, topic } = this.options;
    let last = Date.now();
    const sign = (): void => { last = Date.now(); };
    consumer.on(HEARTBEAT, sign);
    consumer.on(FETCH, sign);
    consumer.on(GROUP_JOIN, () => {
      sign();
      this.joined.give();
    });
    consumer.on(CRASH, ({ payload }) => {
      logger.warn('log.consumerCrashed', { group: this.subscription.group, topic, restart: payload.restart }, payload.error);
      if (!payload.restart) over.give();
    });
    return setInterval(() => {
      if (Date.now() - last < SILENT_MS) return;
      logger.warn('log.consumerSilent', { group: this.subscription.group, topic });
      over.give();
    }, WATCH_MS);
  }

  /** A consumer that is beyond help may hang in its farewell too. */
  private async end(consumer: Consumer): Promise<void> {
    const farewell = consumer.disconnect().catch((error: unknown) => {
      this.options.logger.debug('log.consumerEnded', { group: this.subscription.group, errorType: (error as Error).name });
    });
    if (!this.closing) this.batches.abort();
    await this.batches.end();
    await Promise.race([farewell, sleep(DISCONNECT_MS, undefined, { ref: false })]);
  }
}

/** A promise that someone else keeps. */
class Signal {
  isGiven = false;
  give!: () => void;
  readonly given = new Promise<void>((resolve) => {
    this.give = () => {
      this.isGiven = true;
      resolve();
    };
  });
}
