import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from './logger.js';
import { POSTGRES_OWNER, PostgresCluster, PRESENCE_LOCK, type EmbeddedPostgresOptions } from './postgres-cluster.js';

const START_LIMIT_MS = 60_000;
/** Children of a killed server may still be ending; after so many tries something else is wrong. */
const MOST_FAILURES = 3;
/** A server that others are connected to must come back where it was: its port may take a while to be free. */
const MOST_FAILURES_REVIVING = 60;

/**
 * PostgreSQL in the data directory, shared by every Yici process that names that directory. The first starts it, later ones
 * (also after a kill -9 of the first) adopt it, the last to leave stops it. A server that dies while it is used is started
 * again, on its port: connections come back by themselves. Data and pid file are never deleted.
 */
export class EmbeddedPostgres {
  private leaving = false;
  /** Settles when a lost server is there again, or is not coming. */
  private reviving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly cluster: PostgresCluster,
    private presence: pg.Client,
    private readonly port: number,
    /** True when the server was running already. */
    readonly adopted: boolean,
    private readonly logger: Logger,
  ) {
    this.watch();
  }

  /** Throws YICI_POSTGRES_* with what to do. First start ~1 s, later ones ~0.3 s, adoption ~20 ms. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const cluster = await PostgresCluster.prepare(options);
    const { presence, port, adopted } = await enter(cluster);
    options.logger.info('postgres.ready', { port, adopted });
    return new EmbeddedPostgres(cluster, presence, port, adopted, options.logger);
  }

  /** Connection URL of the owner, who may migrate. */
  url(database: string): string {
    return `postgres://${POSTGRES_OWNER}:${this.cluster.password}@127.0.0.1:${this.port}/${database}`;
  }

  /**
   * Connection URL of a role that may do less than the owner. The role exists already; it gets a password derived from the
   * owner's, the same in every process.
   */
  async loginUrl(role: string, database: string): Promise<string> {
    const password = createHmac('sha256', this.cluster.password).update(role).digest('base64url');
    const able = await this.presence.query<{ able: boolean }>('select rolcanlogin as able from pg_roles where rolname = $1', [role]);
    if (!able.rows[0]?.able) await this.presence.query(`alter role ${pg.escapeIdentifier(role)} login password ${pg.escapeLiteral(password)}`);
    return `postgres://${role}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Creates the database when absent. */
  async ensureDatabase(database: string): Promise<void> {
    const found = await this.presence.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount !== 0) return;
    try {
      await this.presence.query(`create database ${pg.escapeIdentifier(database)}`);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code !== '42P04' && code !== '23505') throw error;
    }
  }

  /** Leaves the server running, whoever else uses it. */
  async leave(): Promise<void> {
    this.leaving = true;
    await this.reviving;
    await this.presence.end();
  }

  /** Leaves; stops the server unless another process still uses it. */
  async stop(): Promise<void> {
    this.leaving = true;
    // A server that was just brought back is ours to stop, by the connection that it gave us.
    await this.reviving;
    try {
      await this.presence.query(`select pg_advisory_unlock_shared(${PRESENCE_LOCK})`);
      // Held until the server ends: a process that comes now waits at the door, sees the server go and starts it again.
      const alone = await this.presence.query<{ alone: boolean }>(`select pg_try_advisory_lock(${PRESENCE_LOCK}) as alone`);
      if (alone.rows[0]?.alone) await this.cluster.halt();
    } catch (error) {
      if (this.cluster.runningServer()) throw error;
    } finally {
      await this.presence.end().catch(() => undefined);
    }
  }

  private watch(): void {
    this.presence.once('end', () => {
      if (!this.leaving) this.reviving = this.revive();
    });
  }

  private async revive(): Promise<void> {
    this.logger.error('postgres.lost', { port: this.port });
    try {
      const { presence, port, adopted } = await enter(this.cluster, this.port);
      this.presence = presence;
      this.watch();
      this.logger.warn('postgres.revived', { port, adopted });
    } catch (error) {
      this.logger.error('postgres.notRevived', { port: this.port }, error);
    }
  }
}

/** Goes in at the door of a running server, or starts one; with `port`, on that port. */
async function enter(cluster: PostgresCluster, port?: number): Promise<{ presence: pg.Client; port: number; adopted: boolean }> {
  const deadline = Date.now() + START_LIMIT_MS;
  let adopted = true;
  for (let failures = 0; ;) {
    const running = cluster.runningServer();
    const presence = running && (await cluster.tryEnter(running.port));
    if (running && presence) return { presence, port: running.port, adopted };
    if (Date.now() > deadline) throw cluster.unanswered(running?.pid);
    if (running) {
      await sleep(100);
      continue;
    }
    try {
      await cluster.launch(port);
      adopted = false;
    } catch (cause) {
      // Another process may have won the race, or children of a killed server may still be ending.
      if (cluster.runningServer() === undefined && ++failures >= (port === undefined ? MOST_FAILURES : MOST_FAILURES_REVIVING)) throw cluster.notStarted(cause);
      await sleep(500);
    }
  }
}
