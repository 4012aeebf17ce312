import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Logger } from '#libs/platform/logger';
import { HEARTBEAT_MS } from './kafka-client.js';
import type { Batch, DeliveredMessage, Subscription } from './log.js';

export interface KafkaBatchesOptions {
  logger: Logger;
  subscription: Subscription;
  sessionMs: number;
}

const DEFAULT_BATCH = 500;
const PAUSE_FIRST_MS = 100;
const PAUSE_LAST_MS = 10_000;
/** kafkajs asks for more only when every partition of a fetch is done: a long one goes back for the rest after so long. */
const SHARE_MS = 500;

/**
 * One reader's work on what it fetched: batches of the port's size, heartbeats while a handler runs, commit, pause after a
 * failure. Commits go through the payload: kafkajs' `consumer.commitOffsets` within a batch may end the consumer for good.
 */
export class KafkaBatches {
  private readonly pauses = new Map<number, number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<unknown>>();
  /** Of the running batches. */
  private readonly lost = new Set<AbortController>();

  constructor(private readonly options: KafkaBatchesOptions) {}

  /** For kafkajs' eachBatch. Rejects only with kafkajs' own errors, upon which it joins its group again. */
  async each(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const size = this.options.subscription.batchSize ?? DEFAULT_BATCH;
    const goBack = Date.now() + SHARE_MS;
    for (let at = 0; at < messages.length; at += size) {
      if (!payload.isRunning() || payload.isStale() || (at > 0 && Date.now() > goBack)) return;
      const batch = { topic, partition, messages: messages.slice(at, at + size).map((m) => delivered(topic, partition, m)) };
      if (!(await this.handle(batch, payload))) return;
    }
  }

  /** Tells running batches that they will not be committed. */
  abort(): void {
    for (const controller of this.lost) controller.abort();
  }

  /** Waits for running batches, and forgets the pauses. */
  async end(): Promise<void> {
    await Promise.allSettled(this.running);
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** Returns whether the batch was handled and committed. */
  private async handle(batch: Batch, payload: EachBatchPayload): Promise<boolean> {
    const lost = new AbortController();
    const beats = this.beat(payload, lost);
    this.lost.add(lost);
    try {
      const handling = this.options.subscription.handler(batch, lost.signal);
      this.running.add(handling);
      await handling.finally(() => this.running.delete(handling));
    } catch (error) {
      if (!lost.signal.aborted) this.pause(batch, payload, error);
      return false;
    } finally {
      beats.stop();
      this.lost.delete(lost);
    }
    // Another member reads the partition from the last commit by now, and committing would move it.
    if (lost.signal.aborted) throw beats.failure() ?? new Error('the reader was replaced');
    const next = (BigInt(batch.messages.at(-1)!.offset) + 1n).toString();
    await payload.commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset: next }] }] });
    payload.resolveOffset(batch.messages.at(-1)!.offset);
    this.pauses.delete(batch.partition);
    // Members come or go: kafkajs joins again when it is told so, now that the running batch is committed.
    if (beats.failure()) throw beats.failure();
    return true;
  }

  /** A handler may take longer than the session: the member says meanwhile that it lives. */
  private beat(payload: EachBatchPayload, lost: AbortController): { stop(): void; failure(): unknown } {
    let failure: unknown;
    let last = Date.now();
    const timer = setInterval(() => {
      payload.heartbeat().then(() => {
        last = Date.now();
        failure = undefined;
      }, (error: unknown) => {
        failure = error;
        // Still a member: the group waits for this batch to end.
        if (typeOf(error) === 'REBALANCE_IN_PROGRESS') last = Date.now();
        if (!isOut(error) && Date.now() - last <= this.options.sessionMs) return;
        lost.abort();
        clearInterval(timer);
      });
    }, HEARTBEAT_MS);
    timer.unref();
    return { stop: () => clearInterval(timer), failure: () => failure };
  }

  /** Only this partition waits, with growing pauses; its position stays where it is. */
  private pause({ topic, partition }: Batch, payload: EachBatchPayload, error: unknown): void {
    const pauseMs = Math.min(PAUSE_LAST_MS, (this.pauses.get(partition) ?? 0) * 2 || PAUSE_FIRST_MS);
    this.pauses.set(partition, pauseMs);
    const resume = payload.pause();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      resume();
    }, pauseMs);
    this.timers.add(timer);
    this.options.logger.warn('log.batchFailed', { group: this.options.subscription.group, topic, partition, pauseMs }, error);
  }
}

/** The group has closed this member out: others read its partitions. */
function isOut(error: unknown): boolean {
  return ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'].includes(typeOf(error));
}

/** The broker's own name of an error. */
function typeOf(error: unknown): string {
  return (error as { type?: string }).type ?? '';
}

function delivered(topic: string, partition: number, m: KafkaMessage): DeliveredMessage {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(m.headers ?? {})) headers[name] = String(Array.isArray(value) ? value[0] : value);
  return { topic, partition, offset: m.offset, key: m.key?.toString() ?? '', value: m.value ?? Buffer.alloc(0), headers };
}
