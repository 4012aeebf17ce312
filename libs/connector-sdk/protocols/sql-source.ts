import net from 'node:net';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { PostgresClient } from '#libs/platform/postgres-client';
import { allowedUrl } from './allowed-host.js';
import { SqlDialect, type SqlKind, type SqlStatement } from './sql-dialect.js';
import { sqlError } from './sql-fault.js';

/** Rows of an exchange table as texts; a null is the empty text. */
export type SqlRow = Record<string, string>;

/** Statements on one connection. Errors are as the database gives them: {@link sqlError} words them. */
export interface SqlSession {
  readonly dialect: SqlDialect;
  read(statement: SqlStatement): Promise<SqlRow[]>;
  /** Returns how many rows it changed. */
  write(statement: SqlStatement): Promise<number>;
}

/** A connected exchange database. */
export interface SqlSource extends SqlSession {
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Closes what is open, a connection that hangs as well. */
  close(): Promise<void>;
}

export interface SqlAddress {
  url: string;
  /** Schema of the tables; MySQL and MariaDB name their database in the URL instead. */
  schema: string;
  allowedHosts: readonly string[];
  /** Whether it is read or written: the code of its errors. */
  as: 'source' | 'target';
  /** After so long without a byte a connection is cut; 30 seconds when absent. */
  silentMs?: number;
}

const KINDS: Readonly<Record<string, SqlKind>> = {
  'postgres:': 'postgres', 'postgresql:': 'postgres', 'mysql:': 'mysql', 'mariadb:': 'mysql', 'oracle:': 'oracle', 'mssql:': 'mssql', 'sqlserver:': 'mssql',
};
const PACKAGES: Partial<Record<SqlKind, string>> = { oracle: 'oracledb', mssql: 'mssql' };
const CONNECT_MS = 10_000;
const CLOSE_MS = 2000;
const SILENT_MS = 30_000;
/** Types whose text is what the table's owner sees; the driver's own objects would lose it. */
const TIMES = new Set([1082, 1083, 1114, 1184, 1266]);

/**
 * Opens an exchange database (前置机) by its URL: `postgres:`, `mysql:` or `mariadb:`, `oracle:`, `mssql:`; the last two need their
 * driver's package. Throws YICI_HOST_NOT_ALLOWED, YICI_URL_UNREADABLE, YICI_DRIVER_MISSING, and what {@link sqlError} says.
 */
export async function openSqlSource({ url, schema, allowedHosts, as, silentMs = SILENT_MS }: SqlAddress): Promise<SqlSource> {
  const parsed = allowedUrl(url, allowedHosts);
  const kind = KINDS[parsed.protocol];
  if (kind === undefined || parsed.searchParams.has('host')) throw unreadable();
  const sockets = new Set<net.Socket>();
  let source: DataSource;
  try {
    source = new DataSource(options(kind, parsed, sockets, silentMs));
  } catch (cause) {
    throw (cause as Error).name === 'DriverPackageNotInstalledError' ? driverMissing(kind) : sqlError(cause, as);
  }
  try {
    await source.initialize();
  } catch (cause) {
    for (const socket of sockets) socket.destroy();
    throw (cause as Error).name === 'DriverPackageNotInstalledError' ? driverMissing(kind) : sqlError(cause, as);
  }
  return new TypeormSource(source, new SqlDialect(kind, schema), sockets);
}

class TypeormSource implements SqlSource {
  constructor(private readonly source: DataSource, readonly dialect: SqlDialect, private readonly sockets: ReadonlySet<net.Socket>) {}

  read(statement: SqlStatement): Promise<SqlRow[]> {
    return this.withRunner((session) => session.read(statement));
  }

  write(statement: SqlStatement): Promise<number> {
    return this.withRunner((session) => session.write(statement));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.withRunner(async (session, runner) => {
      await runner.startTransaction();
      try {
        const result = await work(session);
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // A connection that is gone cannot be rolled back, and need not be.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    try {
      // A server that answers nothing does not answer a farewell either.
      await Promise.race([this.source.destroy(), waited]);
    } finally {
      clearTimeout(timer);
      for (const socket of this.sockets) socket.destroy();
    }
  }

  private async withRunner<T>(work: (session: SqlSession, runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    const session: SqlSession = {
      dialect: this.dialect,
      read: async ({ text, values }) => {
        const { records } = await runner.query(text, values, true) as { records: Record<string, unknown>[] };
        return records.map((row) => Object.fromEntries(Object.entries(row).map(([c, v]) => [c, textOf(v)])));
      },
      write: async ({ text, values }) => (await runner.query(text, values, true)).affected ?? 0,
    };
    try {
      return await work(session, runner);
    } finally {
      await runner.release().catch(() => undefined);
    }
  }
}

function options(kind: SqlKind, url: URL, sockets: Set<net.Socket>, silentMs: number): DataSourceOptions {
  const watched = (socket: net.Socket): net.Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Neither driver notices a peer that has gone silent.
    return socket.setTimeout(silentMs, () => socket.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));
  };
  const at = {
    host: url.hostname, ...(url.port !== '' && { port: Number(url.port) }), username: decodeURIComponent(url.username), password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  switch (kind) {
    case 'postgres': {
      const types = { getTypeParser: (oid: number, format?: string) => (TIMES.has(oid) ? (text: string) => text : pg.types.getTypeParser(oid, format as 'text')) };
      return {
        type: 'postgres', url: url.href.replace(/^postgresql:/, 'postgres:'), applicationName: 'yici-exchange', connectTimeoutMS: CONNECT_MS,
        extra: { Client: PostgresClient, max: 2, stream: () => watched(new net.Socket()), types },
      };
    }
    case 'mysql':
      return {
        type: 'mysql', ...at, charset: 'utf8mb4', dateStrings: true, connectTimeout: CONNECT_MS, ...(url.searchParams.get('ssl') === 'true' && { ssl: { rejectUnauthorized: true } }),
        extra: { connectionLimit: 2, stream: () => watched(net.connect(at.port ?? 3306, at.host)) },
      };
    case 'oracle':
      return { type: 'oracle', username: at.username, password: at.password, connectString: `${at.host}:${at.port ?? 1521}/${at.database}` };
    case 'mssql':
      return { type: 'mssql', ...at, options: { encrypt: url.searchParams.get('encrypt') !== 'false' } };
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value as string | number | boolean);
}

function unreadable(): YiciError {
  return new YiciError({
    code: 'YICI_URL_UNREADABLE', stage: 'config', message: 'The address of the exchange database is not one the hub can use.',
    fix: 'Write postgres:, mysql:, oracle: or mssql://user:password@host:port/database, with the host there and in no parameter.',
  });
}

function driverMissing(kind: SqlKind): YiciError {
  const name = PACKAGES[kind] ?? kind;
  return new YiciError({
    code: 'YICI_DRIVER_MISSING', stage: 'config', message: `The database driver is not installed: run npm install --save-exact ${name}.`, fix: `Install the package ${name} beside the hub and start it again.`,
  });
}
