import type pg from 'pg';
import type { Logger } from './logger.js';

/**
 * LISTEN on one connection taken from a pool, shared by all who wait. NOTIFY only wakes early: listeners also poll, because
 * a notification sent while the connection was lost is gone. After a loss it reconnects and wakes everyone once.
 */
export class PostgresListener {
  private client: pg.PoolClient | undefined;
  /** The server's process of the listening connection: while it lives, so does this process. Undefined while disconnected. */
  backend: number | undefined;
  private readonly wake = new Map<string, Set<(payload: string) => void>>();
  private closed = false;
  private connecting: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly pool: pg.Pool, private readonly logger: Logger) {}

  /** Calls `onWake` with the payload of each notification; returns a function that ends it. */
  async listen(channel: string, onWake: (payload: string) => void): Promise<() => void> {
    const known = this.wake.get(channel);
    if (known) known.add(onWake);
    else this.wake.set(channel, new Set([onWake]));
    if (!this.client) await this.connect();
    else if (!known) await this.client.query(`listen ${channel}`);
    return () => { this.wake.get(channel)?.delete(onWake); };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.connecting;
    this.client?.removeAllListeners('notification');
    // Destroyed, not returned: a connection that listens must not serve others.
    this.client?.release(true);
    this.client = undefined;
    this.backend = undefined;
  }

  private connect(): Promise<void> {
    this.connecting ??= this.open().finally(() => { this.connecting = undefined; });
    return this.connecting;
  }

  private async open(): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      return this.reconnectLater(error);
    }
    // A connection that is lost says so twice: by its event, and by the query that was under way.
    let lost = false;
    const onLost = (error: unknown) => {
      if (!lost) this.lost(client, error);
      lost = true;
    };
    client.on('error', onLost);
    client.on('notification', (n) => this.wake.get(n.channel)?.forEach((f) => f(n.payload ?? '')));
    try {
      this.backend = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
      for (const channel of this.wake.keys()) await client.query(`listen ${channel}`);
      this.client = client;
      this.wake.forEach((set) => set.forEach((f) => f('')));
    } catch (error) {
      onLost(error);
    }
  }

  private lost(client: pg.PoolClient, error: unknown): void {
    if (this.client === client) this.client = undefined;
    this.backend = undefined;
    client.release(true);
    this.reconnectLater(error);
  }

  private reconnectLater(error: unknown): void {
    if (this.closed) return;
    this.logger.warn('postgres.listenerLost', {}, error);
    this.retry = setTimeout(() => void this.connect(), 500);
  }
}
