import type pg from 'pg';
import { SessionLocks } from '#libs/platform/session-locks';

/** Class of the advisory locks that make one process at a time the reader of a source. */
const READER_LOCK = 0x696e_746b;

/**
 * Runs `work` unless other work of this name runs, here or in another process; undefined then. Two readers would do no harm,
 * only the same work twice.
 */
export async function readAlone<T>(pool: pg.Pool, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const locks = SessionLocks.of(pool);
  if (!(await locks.take(READER_LOCK, name))) return undefined;
  try {
    return await work();
  } finally {
    await locks.release(READER_LOCK, name);
  }
}
