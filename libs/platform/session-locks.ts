import type pg from 'pg';

const POOLS = new WeakMap<pg.Pool, SessionLocks>();

/**
 * Advisory locks of one process, all on one connection of its pool: a slow system then holds a name, not a connection that
 * others need. The locks are the connection's: they go when the process does, however that ends.
 */
export class SessionLocks {
  private client: pg.PoolClient | undefined;
  private readonly held = new Set<string>();
  private turn: Promise<unknown> = Promise.resolve();

  private readonly onLost = (): void => {
    if (this.client !== undefined) this.drop(this.client);
  };

  private constructor(private readonly pool: pg.Pool) {}

  static of(pool: pg.Pool): SessionLocks {
    let locks = POOLS.get(pool);
    if (locks === undefined) POOLS.set(pool, (locks = new SessionLocks(pool)));
    return locks;
  }

  /** False while another process, or other work of this one, has the lock. Rejects when the database is away. */
  take(lockClass: number, name: string): Promise<boolean> {
    return this.inTurn(async () => {
      const id = `${lockClass} ${name}`;
      // A session may take its own lock again: that two loops of one process do not is looked after here.
      if (this.held.has(id)) return false;
      const client = (this.client ??= await this.connect());
      try {
        const got = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as got', [lockClass, name]);
        if (this.client === client && got.rows[0]?.got === true) this.held.add(id);
        else this.letGoWhenIdle();
        return this.held.has(id);
      } catch (error) {
        this.drop(client);
        throw error;
      }
    });
  }

  /** Whether the lock is still this process's: a lost connection loses all of them. */
  holds(lockClass: number, name: string): boolean {
    return this.held.has(`${lockClass} ${name}`);
  }

  async release(lockClass: number, name: string): Promise<void> {
    await this.inTurn(async () => {
      const { client } = this;
      if (!this.held.delete(`${lockClass} ${name}`) || client === undefined) return;
      try {
        await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockClass, name]);
        this.letGoWhenIdle();
      } catch {
        this.drop(client);
      }
    });
  }

  private async connect(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    client.on('error', this.onLost);
    return client;
  }

  private letGoWhenIdle(): void {
    if (this.held.size > 0 || this.client === undefined) return;
    this.client.off('error', this.onLost);
    this.client.release();
    this.client = undefined;
  }

  /** A connection that failed may still hold locks: it is ended, not returned. */
  private drop(client: pg.PoolClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.held.clear();
    client.off('error', this.onLost);
    client.release(true);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}
