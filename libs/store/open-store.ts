import { unlinkSync } from 'node:fs';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import type { Config } from '#libs/platform/config';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import type { Logger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { APPLICATION_ROLE, openDataSource, poolOf } from './data-source.js';
import { migrate } from './migrate.js';
import { UnitOfWork } from './unit-of-work.js';

/** Everything a process needs of the database, open and of the newest schema. */
export interface OpenStore {
  /** As the application: its role cannot change append-only tables. */
  dataSource: DataSource;
  /** The pool of `dataSource`. */
  pool: pg.Pool;
  unitOfWork: UnitOfWork;
  listener: PostgresListener;
  sealing: Sealing;
  /** For a bulk load, which drops and makes indexes. */
  ownerUrl: string;
  /** Closes the connections, then PostgreSQL itself when it is embedded and nobody else uses it. */
  close(): Promise<void>;
}

type StoreConfig = Pick<Config, 'databaseUrl' | 'databaseOwnerUrl' | 'databasePoolSize' | 'dataDir' | 'keysFile'>;

const DATABASE = 'yici';

/**
 * Starts or adopts the embedded PostgreSQL (or takes DATABASE_URL), migrates, and opens the store with its keys. Throws
 * YICI_STORE_WRONG_KEYS when the key file is not the one the store was sealed with, YICI_POSTGRES_*, YICI_STORE_*.
 */
export async function openStore(config: StoreConfig, logger: Logger): Promise<OpenStore> {
  const embedded = config.databaseUrl ? undefined : await EmbeddedPostgres.start({ dataDir: config.dataDir, logger });
  let dataSource: DataSource | undefined;
  try {
    await embedded?.ensureDatabase(DATABASE);
    const ownerUrl = embedded?.url(DATABASE) ?? config.databaseOwnerUrl ?? config.databaseUrl!;
    for (const name of await migrate(ownerUrl)) logger.info('store.migrated', { migration: name });
    const url = embedded ? await embedded.loginUrl(APPLICATION_ROLE, DATABASE) : config.databaseUrl!;
    const opened = await openDataSource({ url, poolSize: config.databasePoolSize, as: 'application' });
    dataSource = opened;
    const pool = poolOf(opened);
    const sealing = await openSealing(config.keysFile, pool, logger);
    const listener = new PostgresListener(pool, logger);
    const close = async () => {
      await listener.close();
      await opened.destroy();
      await embedded?.stop();
    };
    return { dataSource: opened, pool, unitOfWork: new UnitOfWork(opened), listener, sealing, ownerUrl, close };
  } catch (error) {
    await dataSource?.destroy();
    await embedded?.stop();
    throw error;
  }
}

async function openSealing(keysFile: string, pool: pg.Pool, logger: Logger): Promise<Sealing> {
  const { keys, created } = loadSealingKeys(keysFile, { create: true });
  const sealing = new Sealing(keys);
  const check = sealing.ref('key-check', 'yici');
  await pool.query('insert into sealing_check (check_ref) values ($1) on conflict do nothing', [check]);
  const stored = await pool.query<{ check_ref: Buffer }>('select check_ref from sealing_check');
  if (stored.rows[0]!.check_ref.equals(check)) {
    if (created) logger.info('store.keysCreated', { file: keysFile });
    return sealing;
  }
  if (created) unlinkSync(keysFile);
  throw new YiciError({
    code: 'YICI_STORE_WRONG_KEYS', stage: 'config', severity: 'fatal',
    message: `The store was sealed with other keys than those of ${keysFile}.`,
    fix: 'Restore the key file of this store from its backup, or name it with YICI_KEYS_FILE. Nothing was written.',
  });
}
