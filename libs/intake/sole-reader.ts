import type pg from 'pg';

/** Class of the advisory locks that make one process at a time the reader of a source. */
const READER_LOCK = 0x696e_746b;

/**
 * Runs `work` unless another process does work of this name; undefined then. Two readers would do no harm, only the same work
 * twice. The lock is of the connection: it goes when the process does, however that ends.
 */
export async function readAlone<T>(pool: pg.Pool, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const onError = (error: Error): void => { lost = error; };
  client.on('error', onError);
  try {
    const lock = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as held', [READER_LOCK, name]);
    if (!lock.rows[0]!.held) return undefined;
    try {
      return await work();
    } finally {
      if (lost === undefined) await client.query('select pg_advisory_unlock($1, hashtext($2))', [READER_LOCK, name]).catch(onError);
    }
  } finally {
    client.off('error', onError);
    // A connection that failed may still hold the lock: it is ended, not returned.
    client.release(lost !== undefined);
  }
}
