import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** One open transaction. `client` for hot-path SQL and COPY, `manager` for entities; both are the same connection. */
export interface Transaction {
  client: pg.ClientBase;
  manager: EntityManager;
}

/** Serialisation failure, deadlock, lock not available: nothing was done, the same work may be tried again. */
const TRY_AGAIN = new Set(['40001', '40P01', '55P03']);

/** Runs work in one transaction: all of it becomes durable, or none. */
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Commits when `work` resolves, rolls back when it rejects. `work` must not keep the transaction. A deadlock, or a
   * connection that was dead before anything was done, is tried again up to `attempts` times (default 3), so `work` must have
   * no effect outside the transaction.
   */
  async run<T>(work: (tx: Transaction) => Promise<T>, attempts = 3): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const runner = this.dataSource.createQueryRunner();
      let begun = false;
      try {
        const client = (await runner.connect()) as pg.ClientBase;
        await runner.startTransaction();
        begun = true;
        const result = await work({ client, manager: runner.manager });
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // A lost connection cannot roll back; the server already did.
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        const nothingDone = !begun || TRY_AGAIN.has((error as { code?: string }).code ?? '');
        if (attempt >= attempts || !nothingDone) throw error;
      } finally {
        await runner.release();
      }
      await sleep(10 * attempt * (1 + Math.random()));
    }
  }
}

/**
 * Locks 64-bit keys until the transaction ends, in ascending order, so that two transactions never wait for each other in a
 * circle. Equal keys are locked once. ~1 µs a key; the server must hold them all (max_locks_per_transaction × connections).
 */
export async function lockKeys(tx: Transaction, keys: Iterable<bigint>): Promise<void> {
  const sorted = BigInt64Array.from(new Set(keys)).sort();
  if (sorted.length === 0) return;
  await tx.client.query({
    name: 'lock_keys', text: 'select count(pg_advisory_xact_lock(k)) from unnest($1::bigint[]) as k', values: [`{${sorted.join(',')}}`],
  });
}
