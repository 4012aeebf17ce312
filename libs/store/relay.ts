import type pg from 'pg';
import type { Logger } from '#libs/platform/logger';
import type { PostgresListener } from '#libs/platform/postgres-listener';
import { WakeUp } from '#libs/platform/wake-up';
import { OUTBOX_CHANNEL } from './outbox.js';

/** What the relay needs of the log. */
export interface OutboxPublisher {
  /** Resolves when every message is durable. */
  publish(topic: string, messages: readonly { key: string; value: Uint8Array }[]): Promise<void>;
}

export interface RelayOptions {
  pool: pg.Pool;
  publisher: OutboxPublisher;
  listener: PostgresListener;
  logger: Logger;
  batchSize?: number;
}

interface OutboxRow {
  id: string;
  topic: string;
  key: string;
  event: Buffer;
}

const RELAY_LOCK = [0x79696369, 3] as const;
const POLL_MS = 1000;
const PAUSE_MS = 500;

/**
 * Moves events from the outbox to the log: publish, then delete. One relay works at a time (session advisory lock), others
 * stand by and take over when it goes. A kill between the two steps publishes a batch again: consumers are idempotent.
 */
export class Relay {
  private running: Promise<void> | undefined;
  private closing = false;
  private readonly wakeUp = new WakeUp();
  private stopListening: (() => void) | undefined;

  constructor(private readonly options: RelayOptions) {}

  async start(): Promise<void> {
    this.stopListening = await this.options.listener.listen(OUTBOX_CHANNEL, () => this.wakeUp.wake());
    this.running = this.run();
  }

  /** Lets the running batch end. */
  async close(): Promise<void> {
    this.closing = true;
    this.wakeUp.wake();
    this.stopListening?.();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.closing) {
      try {
        await this.withLock((client) => this.work(client));
      } catch (error) {
        this.options.logger.warn('relay.paused', {}, error);
      }
      if (!this.closing) await this.wakeUp.wait(PAUSE_MS);
    }
  }

  /** Runs while this process is the one relay; returns at once when another is. */
  private async withLock(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await this.options.pool.connect();
    let failure: unknown;
    const onError = (error: unknown) => { failure = error; };
    client.on('error', onError);
    try {
      const lock = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [...RELAY_LOCK]);
      if (!lock.rows[0]!.held) return;
      try {
        await work(client);
      } finally {
        await client.query('select pg_advisory_unlock($1, $2)', [...RELAY_LOCK]);
      }
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.off('error', onError);
      // A connection that failed may still hold the lock: it is ended, not returned.
      client.release(failure !== undefined);
    }
  }

  private async work(client: pg.PoolClient): Promise<void> {
    while (!this.closing) {
      const limit = this.options.batchSize ?? 500;
      const batch = await client.query<OutboxRow>({
        name: 'outbox_next', text: 'select id, topic, key, event from outbox order by id limit $1', values: [limit],
      });
      if (batch.rows.length > 0) await this.publish(client, batch.rows);
      if (batch.rows.length < limit && !this.closing) await this.wakeUp.wait(POLL_MS);
    }
  }

  private async publish(client: pg.PoolClient, rows: OutboxRow[]): Promise<void> {
    const byTopic = new Map<string, OutboxRow[]>();
    for (const row of rows) {
      const known = byTopic.get(row.topic);
      if (known) known.push(row);
      else byTopic.set(row.topic, [row]);
    }
    for (const [topic, list] of byTopic) {
      await this.options.publisher.publish(topic, list.map((r) => ({ key: r.key, value: r.event })));
      await client.query({ name: 'outbox_delete', text: 'delete from outbox where id = any($1::bigint[])', values: [list.map((r) => r.id)] });
    }
  }
}
