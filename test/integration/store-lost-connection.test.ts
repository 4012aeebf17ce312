import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

let db: TestDatabase;
beforeAll(async () => { db = await createTestDatabase({ poolSize: 1 }); });
afterAll(() => db.drop());

/** Ends a connection from another thread, so that it happens while this one does nothing. */
function endLater(pid: number, afterMs: number): Promise<void> {
  const worker = new Worker(
    `const pg = require('pg');
     const { workerData, parentPort } = require('node:worker_threads');
     const client = new pg.Client(workerData.url);
     client.connect().then(() => {
       parentPort.postMessage('ready');
       setTimeout(() => client.query('select pg_terminate_backend($1)', [workerData.pid]).finally(() => client.end()), workerData.afterMs);
     });`, { eval: true, workerData: { url: db.ownerUrl, pid, afterMs } });
  return new Promise((resolve, reject) => worker.once('message', () => resolve()).once('error', reject));
}

it('a connection that answers and dies at once, while others wait for it, fails their queries and nothing else', async () => {
  const { pid } = (await db.pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!;
  await endLater(pid, 600);
  const answered = db.pool.query<{ n: number }>('select 1 as n from pg_sleep(0.2)');
  const next = db.pool.connect().then((client) => client.query('select 2').then(() => 'answered', () => 'failed').finally(() => client.release(true)));
  // Answer and farewell wait in the socket together, and are read in one go.
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200), 20);
  expect((await answered).rows).toEqual([{ n: 1 }]);
  expect(await next).toBe('failed');
  expect((await db.pool.query<{ n: number }>('select 3 as n')).rows).toEqual([{ n: 3 }]);
});
