import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { PostgresClient } from '#libs/platform/postgres-client';
import { projectRoot } from '#libs/platform/project-root';

/** Space of advisory locks taken once per server-wide job; the second number names the job. */
const MIGRATION_LOCK = [0x79696369, 1] as const;
/** TypeORM orders migrations by a 13-digit time at the end of their name: ours is this plus the file's number. */
const EPOCH = 1_700_000_000_000;

/**
 * Brings the database to the newest schema: every libs/store/migrations/NNNN-name.sql once, in order, each in a transaction.
 * Several processes may call it at once: one works, the others wait. Returns the files applied now.
 * Throws YICI_STORE_MIGRATION_FAILED; what was applied before the failing file stays.
 */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const lock = new PostgresClient(ownerUrl);
  await lock.connect();
  let dataSource: DataSource | undefined;
  try {
    await lock.query('select pg_advisory_lock($1, $2)', [...MIGRATION_LOCK]);
    dataSource = await new DataSource({
      type: 'postgres', url: ownerUrl, applicationName: 'yici-migration', installExtensions: false, logging: false,
      migrationsTableName: 'schema_migration', migrations: migrationClasses(), extra: { Client: PostgresClient, max: 2 },
    }).initialize();
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    return applied.map((m) => m.name);
  } catch (cause) {
    throw new YiciError({
      code: 'YICI_STORE_MIGRATION_FAILED', stage: 'storing', severity: 'fatal', cause,
      message: `The database could not be brought to the newest schema: ${(cause as Error).message}`,
      fix: 'The owner of the database must be given (DATABASE_OWNER_URL), and may need the right to create roles.',
    });
  } finally {
    await dataSource?.destroy();
    await lock.end();
  }
}

function migrationClasses(): (new () => MigrationInterface)[] {
  const folder = path.join(projectRoot(), 'libs/store/migrations');
  const files = readdirSync(folder).filter((f) => /^\d{4}-[a-z0-9-]+\.sql$/.test(f)).sort();
  return files.map((file) => sqlMigration(file, path.join(folder, file)));
}

function sqlMigration(file: string, fullPath: string): new () => MigrationInterface {
  return class implements MigrationInterface {
    readonly name = `${file.replace('.sql', '')}-${EPOCH + Number(file.slice(0, 4))}`;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(readFileSync(fullPath, 'utf8'));
    }

    /** Data is never taken back by a schema step: a wrong migration is mended by the next one. */
    down(): Promise<void> {
      return Promise.reject(new Error('Migrations of the hub only go forward.'));
    }
  };
}
