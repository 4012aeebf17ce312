import type pg from 'pg';
import { uuidv7 } from '#libs/kernel/ids';
import type { Logger } from '#libs/platform/logger';
import type { PostgresListener } from '#libs/platform/postgres-listener';
import { WakeUp } from '#libs/platform/wake-up';
import type { Batch, DeliveredMessage, Subscription } from './log.js';
import type { PostgresFetch } from './postgres-fetch.js';

export interface SubscriptionTools {
  pool: pg.Pool;
  /** Shared by all groups of the process. */
  fetch: PostgresFetch;
  listener: PostgresListener;
  logger: Logger;
  leaseMs: number;
}

/** NOTIFY channel of the log: the payload is a topic (new messages) or `group:<name>` (members or shares changed). */
const CHANNEL = 'yici_log';
/** A lost notification costs at most this. */
const POLL_MS = 1000;
const PAUSE_FIRST_MS = 100;
const PAUSE_LAST_MS = 10_000;

/** A partition this process holds. */
interface Held {
  topic: string;
  partition: number;
  /** Next offset to read. */
  position: bigint;
  /** False: another member's share now; let go when the running batch has ended. */
  assigned: boolean;
  running?: Promise<void>;
  /** After a failed batch: not before this time. */
  notBefore: number;
  pauseMs: number;
  lost: AbortController;
}

/**
 * One process's reading of some topics for a group. One loop fetches for all its idle partitions together (a query a wake-up,
 * not one a partition); batches of different partitions run side by side, those of one partition one after the other.
 * A commit names its owner: after a lost lease it changes nothing.
 */
export class PostgresSubscription {
  private readonly member = uuidv7(Date.now());
  private readonly held = new Map<string, Held>();
  private readonly wakeUp = new WakeUp();
  private closing = false;
  private loop: Promise<void> = Promise.resolve();
  private renewer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> = Promise.resolve();
  private renewAgain = false;
  private renewing = false;
  private leasedUntil = 0;
  private stopListening: (() => void) | undefined;

  constructor(private readonly tools: SubscriptionTools, private readonly subscription: Subscription) {}

  async start(): Promise<void> {
    const { group, topics, from } = this.subscription;
    await this.tools.pool.query(
      `insert into log_cursor (consumer_group, topic, partition, next_offset)
       select $1, topic, partition, case when $3 then next_offset else 0 end from log_partition where topic = any($2)
       on conflict do nothing`, [group, topics, from === 'latest']);
    this.stopListening = await this.tools.listener.listen(CHANNEL, (payload) => this.notified(payload));
    await this.renew();
    this.renewer = setInterval(() => void this.renew(), this.tools.leaseMs / 3);
    this.loop = this.run();
  }

  async close(): Promise<void> {
    if (this.closing) return this.loop;
    this.closing = true;
    clearInterval(this.renewer);
    this.stopListening?.();
    this.wakeUp.wake();
    await this.loop;
    await Promise.all([...this.held.values()].map(async (h) => h.running));
    await this.renewal;
    await this.leave();
  }

  private notified(payload: string): void {
    if (payload === `group:${this.subscription.group}`) void this.renew();
    else if (payload === '' || this.subscription.topics.includes(payload)) this.wakeUp.wake();
  }

  private async run(): Promise<void> {
    while (!this.closing) {
      let wait = POLL_MS;
      try {
        wait = await this.fetchAndDispatch();
      } catch (error) {
        this.tools.logger.warn('log.fetchFailed', { group: this.subscription.group }, error);
      }
      if (!this.closing && wait > 0) await this.wakeUp.wait(wait);
    }
  }

  /** Starts a batch on every idle partition that has messages. Returns how long to wait, at most. */
  private async fetchAndDispatch(): Promise<number> {
    const now = Date.now();
    if (now > this.leasedUntil) return POLL_MS;
    const idle = [...this.held.values()].filter((h) => !h.running && h.assigned);
    const ready = idle.filter((h) => h.notBefore <= now);
    const paused = idle.filter((h) => h.notBefore > now).map((h) => h.notBefore - now);
    if (ready.length === 0) return Math.min(POLL_MS, ...paused);
    const batches = new Map<string, DeliveredMessage[]>();
    await Promise.all([...new Set(ready.map((h) => h.topic))].map(async (topic) => {
      const found = await this.tools.fetch.messages(topic, ready.filter((h) => h.topic === topic), this.subscription.batchSize ?? 500);
      for (const [partition, messages] of found) batches.set(nameOf(topic, partition), messages);
    }));
    for (const h of ready) {
      const messages = batches.get(nameOf(h.topic, h.partition));
      if (messages && !h.lost.signal.aborted && !this.closing) h.running = this.handle(h, { topic: h.topic, partition: h.partition, messages });
    }
    return Math.min(POLL_MS, ...paused);
  }

  /** Never rejects. */
  private async handle(h: Held, batch: Batch): Promise<void> {
    try {
      await this.subscription.handler(batch, h.lost.signal);
      const next = BigInt(batch.messages.at(-1)!.offset) + 1n;
      if (await this.commit(h, next)) h.position = next;
      else this.drop(h);
      h.pauseMs = 0;
    } catch (error) {
      h.pauseMs = Math.min(PAUSE_LAST_MS, h.pauseMs * 2 || PAUSE_FIRST_MS);
      h.notBefore = Date.now() + h.pauseMs;
      this.tools.logger.warn('log.batchFailed', { group: this.subscription.group, topic: h.topic, partition: h.partition, pauseMs: h.pauseMs }, error);
    }
    h.running = undefined;
    if (!h.assigned) await this.letGo(h);
    this.wakeUp.wake();
  }

  private async commit(h: Held, next: bigint): Promise<boolean> {
    const done = await this.tools.pool.query({
      name: 'log_commit',
      text: 'update log_cursor set next_offset = $5 where consumer_group = $1 and topic = $2 and partition = $3 and owner = $4 and next_offset < $5',
      values: [this.subscription.group, h.topic, h.partition, this.member, next.toString()],
    });
    return done.rowCount === 1;
  }

  /** Renews the leases and takes up changed shares. Calls that come meanwhile are folded into one more. */
  private renew(): Promise<void> {
    if (this.renewing) this.renewAgain = true;
    else {
      this.renewing = true;
      this.renewal = this.renewOnce().finally(() => {
        this.renewing = false;
        if (this.renewAgain && !this.closing) void this.renew();
        this.renewAgain = false;
      });
    }
    return this.renewal;
  }

  private async renewOnce(): Promise<void> {
    const { group, topics } = this.subscription;
    const asked = Date.now();
    try {
      const result = await this.tools.pool.query<{ topic: string; partition: number; next_offset: string; assigned: boolean }>({
        name: 'log_heartbeat', text: 'select * from log_heartbeat($1, $2, $3, make_interval(secs => $4), $5)',
        values: [group, this.member, topics, this.tools.leaseMs / 1000, this.tools.listener.backend],
      });
      this.leasedUntil = asked + this.tools.leaseMs;
      const mine = new Set(result.rows.map((r) => nameOf(r.topic, r.partition)));
      for (const h of this.held.values()) if (!mine.has(nameOf(h.topic, h.partition))) this.drop(h);
      for (const row of result.rows) await this.take(row.topic, row.partition, BigInt(row.next_offset), row.assigned);
      this.wakeUp.wake();
    } catch (error) {
      this.tools.logger.warn('log.renewFailed', { group }, error);
      if (Date.now() > this.leasedUntil) for (const h of this.held.values()) this.drop(h);
    }
  }

  private async take(topic: string, partition: number, position: bigint, assigned: boolean): Promise<void> {
    const known = this.held.get(nameOf(topic, partition));
    const h = known ?? { topic, partition, position, assigned, notBefore: 0, pauseMs: 0, lost: new AbortController() };
    h.assigned = assigned;
    if (!known) this.held.set(nameOf(topic, partition), h);
    if (!assigned && !h.running) await this.letGo(h);
  }

  /** Another member holds it now: its running batch is told, and will not be committed. */
  private drop(h: Held): void {
    h.lost.abort();
    if (this.held.get(nameOf(h.topic, h.partition)) === h) this.held.delete(nameOf(h.topic, h.partition));
  }

  private async letGo(h: Held): Promise<void> {
    this.drop(h);
    await this.tools.pool.query(
      `with gone as (update log_cursor set owner = null where consumer_group = $1 and topic = $2 and partition = $3 and owner = $4 returning 1)
       select pg_notify('${CHANNEL}', 'group:' || $1) from gone`, [this.subscription.group, h.topic, h.partition, this.member])
      .catch((error: unknown) => this.tools.logger.warn('log.releaseFailed', { group: this.subscription.group }, error));
  }

  private async leave(): Promise<void> {
    this.held.clear();
    await this.tools.pool.query(
      `with gone as (delete from log_member where consumer_group = $1 and member = $2),
            freed as (update log_cursor set owner = null where consumer_group = $1 and owner = $2)
       select pg_notify('${CHANNEL}', 'group:' || $1)`, [this.subscription.group, this.member])
      .catch((error: unknown) => this.tools.logger.warn('log.releaseFailed', { group: this.subscription.group }, error));
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
