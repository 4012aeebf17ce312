import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import { silentLogger } from '#libs/platform/logger';
import { openDataSource, poolOf } from '#libs/store/data-source';
import { migrate } from '#libs/store/migrate';

const TEMPLATE = 'yici_template';
/** Advisory lock under which one worker makes the template. */
const TEMPLATE_LOCK = 0x7465_7374;

export interface TestDatabase {
  /** As the owner. */
  ownerUrl: string;
  /** As the application: its role cannot change append-only tables. */
  dataSource: DataSource;
  pool: pg.Pool;
  /** Work as the owner, on a connection that is closed after it. */
  asOwner(work: (client: pg.Client) => Promise<void>): Promise<void>;
  /** Ends every connection of the application, as a failing server does. */
  kill(): Promise<void>;
  /** Drops the database. Fails when a connection other than those of `dataSource` is still open: the test leaks it. */
  drop(): Promise<void>;
}

/**
 * A database of its own for one test file, copied from a migrated template (~40 ms). Call in beforeAll, `drop` in afterAll:
 * ```
 * let db: TestDatabase;
 * beforeAll(async () => { db = await createTestDatabase(); });
 * afterAll(() => db.drop());
 * ```
 */
export async function createTestDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const dataDir = process.env['YICI_TEST_POSTGRES'];
  if (!dataDir) throw new Error('Tests that need PostgreSQL belong to the jest project "integration" (test/integration, test/e2e).');
  // Presence only; the server is ended by the global teardown. The connection is closed with this file's last database.
  const server = await EmbeddedPostgres.start({ dataDir, logger: silentLogger, durable: false, sharedBuffersMiB: 128 });
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await ensureTemplate(server, admin);
  const name = `yici_test_${randomBytes(6).toString('hex')}`;
  await admin.query(`create database ${name} template ${TEMPLATE} strategy file_copy`);
  const ownerUrl = server.url(name);
  const dataSource = await openDataSource({ url: ownerUrl, poolSize: options.poolSize ?? 8, as: 'application' });
  return {
    ownerUrl, dataSource, pool: poolOf(dataSource),
    asOwner: async (work) => {
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      try {
        await work(client);
      } finally {
        await client.end();
      }
    },
    kill: async () => {
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    },
    drop: async () => {
      try {
        await dataSource.destroy();
        await failOnLeaks(admin, name);
      } finally {
        await admin.query(`drop database ${name} with (force)`);
        await admin.end();
        await server.leave();
      }
    },
  };
}

async function ensureTemplate(server: EmbeddedPostgres, admin: pg.Client): Promise<void> {
  await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const found = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [TEMPLATE]);
    if (found.rowCount !== 0) return;
    await admin.query(`drop database if exists ${TEMPLATE}`);
    await admin.query(`create database ${TEMPLATE}`);
    await migrate(server.url(TEMPLATE));
    await admin.query(`alter database ${TEMPLATE} is_template true`);
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

async function failOnLeaks(admin: pg.Client, name: string): Promise<void> {
  // A closed client's backend takes a moment to leave.
  for (let waited = 0; ; waited += 50) {
    const open = await admin.query<{ application_name: string; query: string }>(
      'select application_name, left(query, 60) as query from pg_stat_activity where datname = $1', [name]);
    if (open.rowCount === 0) return;
    if (waited >= 2000) {
      throw new Error(`The test left ${open.rowCount} connection(s) open; last statements: ${open.rows.map((r) => r.query).join(' | ')}`);
    }
    await new Promise((r) => setTimeout(r, 50));
  }
}
