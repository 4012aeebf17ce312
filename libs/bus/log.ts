/**
 * The log port. Two transports stand behind it, the PostgreSQL log and Kafka, held to one contract suite.
 *
 * Words: a *topic* has a fixed number of partitions; messages with one key go to one partition and keep their order;
 * a *group* reads each partition once; *acknowledged* means durable: publish resolves only then.
 */
export interface LogMessage {
  /** Decides the partition. Never a personal value: a record ref, an entity id. */
  key: string;
  value: Uint8Array;
  headers?: Record<string, string>;
}

export interface DeliveredMessage extends LogMessage {
  headers: Record<string, string>;
  topic: string;
  partition: number;
  /** Position in the partition, as text (Kafka offsets exceed 2^53). */
  offset: string;
}

export interface Batch {
  topic: string;
  partition: number;
  messages: DeliveredMessage[];
}

/**
 * Handles one batch of one partition. When it resolves, the batch is committed. When it throws, the batch is delivered
 * again after a pause (at-least-once); effects are kept single by the inbox. A poisoned message is the handler's to set aside.
 */
export type BatchHandler = (batch: Batch, signal: AbortSignal) => Promise<void>;

export interface Subscription {
  topics: readonly string[];
  group: string;
  /** At most this many messages a batch. Default 500. */
  batchSize?: number;
  /** `earliest` (default) or `latest` for a group that has no position yet. */
  from?: 'earliest' | 'latest';
  handler: BatchHandler;
}

export interface LogPosition {
  topic: string;
  partition: number;
  /** Next offset the group will read, and the next the log will write. */
  committed: string;
  end: string;
  /** Whether the group ever took a position; when not, `committed` is where it would begin. */
  begun: boolean;
}

export interface RunningSubscription {
  /** Lets the running batch end, commits it, leaves the group. */
  close(): Promise<void>;
}

export interface Log {
  /** Creates missing topics. Idempotent. */
  ensureTopics(topics: readonly { topic: string; partitions: number }[]): Promise<void>;
  /** Resolves when every message is durable; rejects when any may not be (then publish all again: consumers are idempotent). */
  publish(topic: string, messages: readonly LogMessage[]): Promise<void>;
  subscribe(s: Subscription): Promise<RunningSubscription>;
  /** For lag, drain and readiness: progress, not connection. */
  positions(group: string, topics: readonly string[]): Promise<LogPosition[]>;
  close(): Promise<void>;
}
