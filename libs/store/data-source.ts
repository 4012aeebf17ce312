import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { YiciError } from '#libs/kernel/errors';
import { PostgresClient } from '#libs/platform/postgres-client';
import { ConnectorStateEntity, SnapshotFileEntity, WatermarkEntity } from './entities.js';

/** The database role of normal operation; it cannot change append-only tables. */
export const APPLICATION_ROLE = 'yici_app';

export interface DataSourceOptions {
  url: string;
  poolSize: number;
  /** `application`: connects as {@link APPLICATION_ROLE}. `owner`: for migrations and bulk loads, which drop and make indexes. */
  as: 'application' | 'owner';
}

/** Opens a TypeORM data source on PostgreSQL. Throws YICI_STORE_UNREACHABLE. */
export async function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: `yici-${options.as}`,
    entities: [WatermarkEntity, SnapshotFileEntity, ConnectorStateEntity],
    synchronize: false,
    migrationsRun: false,
    logging: false,
    installExtensions: false,
    extra: {
      Client: PostgresClient,
      max: options.poolSize,
      keepAlive: true,
      connectionTimeoutMillis: 15_000,
      // Given at connection time, so that no connection of the pool ever works as anyone else.
      options: options.as === 'application' ? `-c role=${APPLICATION_ROLE}` : undefined,
    },
    poolErrorHandler: () => undefined,
  });
  try {
    return await dataSource.initialize();
  } catch (cause) {
    throw new YiciError({
      code: 'YICI_STORE_UNREACHABLE', stage: 'storing', severity: 'fatal', retriable: true, cause,
      message: 'The database cannot be reached.',
      fix: 'Check that PostgreSQL runs, that DATABASE_URL is right, and that its user is a member of the role yici_app.',
    });
  }
}

/** The pg pool beneath a data source, for hot paths, COPY and LISTEN. Closed with the data source. */
export function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as PostgresDriver).master as pg.Pool;
}
