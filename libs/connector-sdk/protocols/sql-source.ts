import { DataSource, type QueryRunner } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { allowedUrl } from './allowed-host.js';
import { SqlDialect, type SqlKind, type SqlStatement } from './sql-dialect.js';
import { sqlError } from './sql-fault.js';
import { sqlOptions } from './sql-options.js';
import { SqlSockets } from './sql-sockets.js';

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
  /** Closes what is open; a statement under way is cut at once. */
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
  /** The office's own authority, in PEM: the connection is encrypted, and only whom it signed is trusted. Absent: as the URL says, by those that Node trusts. */
  ca?: string | undefined;
  /** Ends connecting, or any statement under way, at once and for good. */
  signal?: AbortSignal;
}

const KINDS: Readonly<Record<string, SqlKind>> = {
  'postgres:': 'postgres', 'postgresql:': 'postgres', 'mysql:': 'mysql', 'mariadb:': 'mysql', 'oracle:': 'oracle', 'mssql:': 'mssql', 'sqlserver:': 'mssql',
};
const PACKAGES: Partial<Record<SqlKind, string>> = { oracle: 'oracledb', mssql: 'mssql' };
const CLOSE_MS = 1000;
const SILENT_MS = 30_000;

/**
 * Opens an exchange database (前置机) by its URL: `postgres:`, `mysql:` or `mariadb:`, `oracle:`, `mssql:`; the last two need their
 * driver's package. Throws YICI_HOST_NOT_ALLOWED, YICI_URL_UNREADABLE, YICI_DRIVER_MISSING, YICI_CA_FILE_UNSUPPORTED, and what {@link sqlError} says.
 */
export async function openSqlSource({ url, schema, allowedHosts, as, silentMs = SILENT_MS, ca, signal }: SqlAddress): Promise<SqlSource> {
  const parsed = allowedUrl(url, allowedHosts);
  const kind = KINDS[parsed.protocol];
  if (kind === undefined || parsed.searchParams.has('host')) throw unreadable();
  const sockets = new SqlSockets(silentMs);
  if (signal?.aborted === true) sockets.cut();
  signal?.addEventListener('abort', () => sockets.cut(), { once: true, signal: sockets.end });
  try {
    const source = new DataSource(sqlOptions(kind, parsed, sockets, ca));
    await sockets.during(() => source.initialize());
    return new TypeormSource(source, new SqlDialect(kind, schema), sockets);
  } catch (cause) {
    sockets.cut();
    throw (cause as Error).name === 'DriverPackageNotInstalledError' ? driverMissing(kind) : sqlError(cause, as);
  }
}

class TypeormSource implements SqlSource {
  constructor(private readonly source: DataSource, readonly dialect: SqlDialect, private readonly sockets: SqlSockets) {}

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
    if (this.sockets.busy) this.sockets.cut();
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    try {
      // A server that answers nothing does not answer a farewell either; however it ends, nothing is left open.
      await Promise.race([this.source.destroy().catch(() => undefined), waited]);
    } finally {
      clearTimeout(timer);
      this.sockets.cut();
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
      return await this.sockets.during(() => work(session, runner));
    } finally {
      await runner.release().catch(() => undefined);
    }
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
