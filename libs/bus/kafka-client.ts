import kafkajs from 'kafkajs';
import type { Consumer, ISocketFactory, Kafka, Producer } from 'kafkajs';
import type { KafkaConfig } from '#libs/platform/config';
import type { Logger } from '#libs/platform/logger';

export interface KafkaClientOptions extends KafkaConfig {
  logger: Logger;
  /** How long a process may be silent before others take its partitions. Brokers take 6 s at least, by their own default. */
  sessionMs?: number;
  /** Opens the sockets; kafkajs' own when absent. */
  socketFactory?: ISocketFactory;
}

export const SESSION_MS = 10_000;
/** A running batch may hold up its group's new sharing of partitions so long; after that its member is out. */
export const REBALANCE_MS = 30_000;
/** How often a member says that it lives, and learns that the sharing changes. */
export const HEARTBEAT_MS = 1000;
/** An idle reader asks again so often: also the longest wait of a close, and of a partition that was paused. */
const FETCH_WAIT_MS = 300;

/**
 * Every number is given: kafkajs 2.2.4 has other defaults where NODE_ENV is "test".
 * A producer goes on through the loss of a broker (~50 s of pauses); a consumer gives up soon and starts anew, because one
 * that retries long holds on to a dead group coordinator for ~22 s and then reads tens of thousands of messages again.
 */
const PRODUCER_RETRY = { initialRetryTime: 100, maxRetryTime: 500, multiplier: 2, factor: 0.2, retries: 100 };
const CONSUMER_RETRY = { initialRetryTime: 100, maxRetryTime: 1000, multiplier: 2, factor: 0.2, retries: 5 };

/** The one place that names kafkajs' options: clients for the brokers of the configuration. */
export class KafkaClient {
  private readonly kafka: Kafka;
  /** Its own, because a client's retries hold for its connections too, within those of a send: short ones would end the long ones. */
  private readonly toSend: Kafka;

  constructor(private readonly options: KafkaClientOptions) {
    this.kafka = kafka(options, CONSUMER_RETRY);
    this.toSend = kafka(options, PRODUCER_RETRY);
  }

  get brokerCount(): number {
    return this.options.brokers.length;
  }

  get sessionMs(): number {
    return this.options.sessionMs ?? SESSION_MS;
  }

  admin() {
    return this.kafka.admin({ retry: CONSUMER_RETRY });
  }

  /**
   * Acknowledged by every replica in sync. The producer id makes a repeated request one write, and keeps a late one out; that
   * holds only while one partition's sends follow each other (kafka-lane.ts).
   */
  producer(): Producer {
    return this.toSend.producer({
      idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, retry: PRODUCER_RETRY,
      createPartitioner: () => ({ message }) => message.partition!,
    });
  }

  /** @param mayRestart asked when kafkajs would start a failed consumer again by itself */
  consumer(groupId: string, mayRestart: () => boolean): Consumer {
    return this.kafka.consumer({
      groupId, allowAutoTopicCreation: false, sessionTimeout: this.sessionMs, rebalanceTimeout: REBALANCE_MS, heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS, retry: { ...CONSUMER_RETRY, restartOnFailure: async () => mayRestart() },
    });
  }
}

function kafka({ brokers, tls, sasl, socketFactory, logger }: KafkaClientOptions, retry: typeof CONSUMER_RETRY): Kafka {
  return new kafkajs.Kafka({
    clientId: 'yici', brokers, connectionTimeout: 1000, requestTimeout: 5000, enforceRequestTimeout: true, retry,
    ...(tls && { ssl: true }), ...(sasl && { sasl: sasl as never }), ...(socketFactory && { socketFactory }),
    logLevel: kafkajs.logLevel.INFO, logCreator: () => quiet(logger),
  });
}

/** kafkajs reports every rebalance as an error; what matters is told by our own events. */
function quiet(logger: Logger) {
  return ({ namespace, log }: { namespace: string; log: { message: string } }): void => {
    logger.debug('kafka', { namespace, text: log.message.slice(0, 200) });
  };
}
