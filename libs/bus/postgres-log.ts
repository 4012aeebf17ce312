import type pg from 'pg';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { PostgresListener } from '#libs/platform/postgres-listener';
import type { Log, LogMessage, LogPosition, RunningSubscription, Subscription } from './log.js';
import { partitionOf } from './partition-of.js';
import { PostgresFetch } from './postgres-fetch.js';
import { PostgresSubscription } from './postgres-subscription.js';

export interface PostgresLogOptions {
  pool: pg.Pool;
  listener: PostgresListener;
  logger: Logger;
  /** Consumed messages stay this long, for a look back. Default three days. */
  retentionMs?: number;
  /** How long a process may be silent before others take its partitions. Default 5 s. */
  leaseMs?: number;
}

const TRIM_EVERY_MS = 60_000;
const TRIM_BATCH = 20_000;
/** One append is one transaction: bounded, so that a reader never waits long for it. */
const APPEND_MESSAGES = 1000;
const APPEND_BYTES = 8 << 20;

/**
 * The log in PostgreSQL. A message is durable when publish resolves; offsets are dense in a partition and visible in order.
 * Measured on 2 busy cores, values of 1,000 bytes, fsync on: publish 21–104k/s in batches of 500, consume 43–95k/s,
 * one message to its handler p50 2.5 ms, p99 7.5 ms.
 */
export class PostgresLog implements Log {
  private readonly partitions = new Map<string, number>();
  private readonly running = new Set<PostgresSubscription>();
  private readonly trimmer: NodeJS.Timeout;
  private trimming: Promise<unknown> = Promise.resolve();
  private readonly fetch: PostgresFetch;

  constructor(private readonly options: PostgresLogOptions) {
    this.fetch = new PostgresFetch(options.pool);
    this.trimmer = setInterval(() => {
      this.trimming = this.trim().catch((error: unknown) => options.logger.warn('log.trimFailed', {}, error));
    }, TRIM_EVERY_MS);
    this.trimmer.unref();
  }

  /** A topic keeps the number of partitions it was made with: another number would move keys and break their order. */
  async ensureTopics(topics: readonly { topic: string; partitions: number }[]): Promise<void> {
    for (const { topic, partitions } of topics) {
      await this.options.pool.query(
        `with lock as (select pg_advisory_xact_lock(hashtext('yici_log_topic'), hashtext($1::text)))
         insert into log_partition (topic, partition)
         select $1, p from lock, generate_series(0, $2::integer - 1) as p
         where not exists (select from log_partition where topic = $1)
         on conflict do nothing`, [topic, partitions]);
      await this.partitionsOf(topic);
    }
  }

  async publish(topic: string, messages: readonly LogMessage[]): Promise<void> {
    const partitions = await this.partitionsOf(topic);
    for (let from = 0; from < messages.length;) {
      let to = from;
      for (let bytes = 0; to < messages.length && to - from < APPEND_MESSAGES; to++) {
        bytes += messages[to]!.value.length;
        if (bytes > APPEND_BYTES && to > from) break;
      }
      await this.append(topic, partitions, messages.slice(from, to));
      from = to;
    }
  }

  async subscribe(subscription: Subscription): Promise<RunningSubscription> {
    const partitions = new Map<string, number>();
    for (const topic of subscription.topics) partitions.set(topic, await this.partitionsOf(topic));
    const { pool, listener, logger, leaseMs } = this.options;
    const started = new PostgresSubscription({ pool, fetch: this.fetch, listener, logger, leaseMs: leaseMs ?? 5000 }, subscription);
    this.running.add(started);
    await started.start();
    return {
      close: async () => {
        await started.close();
        this.running.delete(started);
      },
    };
  }

  async positions(group: string, topics: readonly string[]): Promise<LogPosition[]> {
    const result = await this.options.pool.query<LogPosition>(
      `select p.topic, p.partition::integer, coalesce(c.next_offset, 0)::text as committed, p.next_offset::text as end, c.next_offset is not null as begun
       from log_partition p left join log_cursor c on c.consumer_group = $1 and c.topic = p.topic and c.partition = p.partition
       where p.topic = any($2) order by p.topic, p.partition`, [group, topics]);
    return result.rows;
  }

  /** Removes messages that are older than the retention and that every group has read. Returns how many. */
  async trim(): Promise<number> {
    const retention = (this.options.retentionMs ?? 3 * 24 * 3600_000) / 1000;
    let removed = 0;
    for (;;) {
      const result = await this.options.pool.query(
        `delete from log_message m using (
           select m.topic, m.partition, m."offset" from log_partition p
           cross join lateral (select coalesce(min(c.next_offset), p.next_offset) as upto from log_cursor c where c.topic = p.topic and c.partition = p.partition) r
           cross join lateral (select topic, partition, "offset" from log_message m
             where m.topic = p.topic and m.partition = p.partition and m."offset" < r.upto and m.written_at < now() - make_interval(secs => $1)
             order by m."offset" limit $2) m
           limit $2) old
         where m.topic = old.topic and m.partition = old.partition and m."offset" = old."offset"`, [retention, TRIM_BATCH]);
      removed += result.rowCount ?? 0;
      if ((result.rowCount ?? 0) < TRIM_BATCH) return removed;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.trimmer);
    await Promise.all([...this.running].map((s) => s.close()));
    this.running.clear();
    await this.trimming;
  }

  private async append(topic: string, partitions: number, messages: readonly LogMessage[]): Promise<void> {
    await this.options.pool.query({
      name: 'log_append',
      text: 'select log_append($1, $2::smallint[], $3::text[], $4::jsonb[], $5::integer[], $6::bytea)',
      values: [
        topic, messages.map((m) => partitionOf(m.key, partitions)), messages.map((m) => m.key),
        messages.map((m) => (m.headers ? JSON.stringify(m.headers) : null)), messages.map((m) => m.value.length),
        Buffer.concat(messages.map((m) => m.value)),
      ],
    });
  }

  private async partitionsOf(topic: string): Promise<number> {
    const known = this.partitions.get(topic);
    if (known) return known;
    const result = await this.options.pool.query<{ n: number }>('select count(*)::integer as n from log_partition where topic = $1', [topic]);
    const n = result.rows[0]!.n;
    if (n === 0) {
      throw new YiciError({
        code: 'YICI_LOG_UNKNOWN_TOPIC', stage: 'sending', message: `The topic ${topic} does not exist on the log.`,
        fix: 'Create it with ensureTopics when the program starts.',
      });
    }
    this.partitions.set(topic, n);
    return n;
  }
}
