import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from './logger.js';
import { postgresBinaries, runPostgresTool, type PostgresBinaries } from './postgres-binaries.js';
import { postgresOsUser, requireTraversable, type OsUser } from './postgres-os-user.js';
import { choosePort, readPostgresSettings } from './postgres-settings.js';

export interface EmbeddedPostgresOptions {
  /** Holds `postgres/` (the data), `postgres.json` (port and password, 0600). */
  dataDir: string;
  logger: Logger;
  /** False gives up durability for speed: only for tests whose data is thrown away. Default true. */
  durable?: boolean;
  sharedBuffersMiB?: number;
}

/** The owner of the databases, who may migrate. */
export const POSTGRES_OWNER = 'yici';
/** Session advisory lock in the database `postgres`: every process that uses the server holds it shared. */
export const PRESENCE_LOCK = "'x7969636900000001'::bit(64)::bigint";

/** A last checkpoint of a busy store takes seconds. */
const STOP_LIMIT_MS = 120_000;

/** The files of one cluster and the tools that act on them. */
export class PostgresCluster {
  private halting = false;

  private constructor(
    private readonly options: EmbeddedPostgresOptions,
    private readonly binaries: PostgresBinaries,
    private readonly user: OsUser | undefined,
    private readonly data: string,
    readonly password: string,
  ) {}

  static async prepare(options: EmbeddedPostgresOptions): Promise<PostgresCluster> {
    const user = postgresOsUser();
    const binaries = await postgresBinaries();
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    if (user) {
      if ((statSync(options.dataDir).mode & 0o001) === 0) chmodSync(options.dataDir, 0o711);
      requireTraversable(options.dataDir, user);
      requireTraversable(path.dirname(binaries.pg_ctl), user);
    }
    const { password } = readPostgresSettings(options.dataDir);
    const cluster = new PostgresCluster(options, binaries, user, path.join(options.dataDir, 'postgres'), password);
    if (!existsSync(path.join(cluster.data, 'PG_VERSION'))) await cluster.initialise();
    return cluster;
  }

  /** The server that postmaster.pid names, when that process lives. */
  runningServer(): { pid: number; port: number } | undefined {
    let lines: string[];
    try {
      lines = readFileSync(path.join(this.data, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return undefined;
    }
    const pid = Number(lines[0]);
    return pid > 0 && isAlive(pid) && isPostgres(pid) ? { pid, port: Number(lines[3]) } : undefined;
  }

  /** A connection that holds the presence lock; undefined while the server starts up or shuts down. */
  async tryEnter(port: number): Promise<pg.Client | undefined> {
    if (!(port > 0)) return undefined;
    const client = new pg.Client({
      host: '127.0.0.1', port, user: POSTGRES_OWNER, password: this.password, database: 'postgres', application_name: 'yici-presence',
      keepAlive: true, connectionTimeoutMillis: 5000,
    });
    client.on('error', (error) => {
      if (!this.halting) this.options.logger.warn('postgres.presenceLost', {}, error);
    });
    try {
      await client.connect();
      await client.query(`select pg_advisory_lock_shared(${PRESENCE_LOCK})`);
      return client;
    } catch (cause) {
      await client.end().catch(() => undefined);
      if ((cause as { code?: string }).code !== '28P01') return undefined;
      throw new YiciError({
        code: 'YICI_POSTGRES_FOREIGN', stage: 'config', severity: 'fatal', cause,
        message: `The PostgreSQL server in ${this.data} does not accept the password in postgres.json.`,
        fix: 'Restore postgres.json that belongs to this data directory.',
      });
    }
  }

  /** On this port; without one on that of last time, or a free one. */
  async launch(onPort?: number): Promise<void> {
    const port = onPort ?? await choosePort(this.options.dataDir);
    const o = this.options;
    const settings: Record<string, string | number> = {
      port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 120,
      shared_buffers: `${o.sharedBuffersMiB ?? 320}MB`, maintenance_work_mem: '256MB', work_mem: '32MB',
      // Minimal: COPY into a table made or emptied in the same transaction writes no WAL.
      wal_level: 'minimal', max_wal_senders: 0, max_wal_size: '4GB', checkpoint_timeout: '15min', wal_buffers: '16MB',
      // A batch of resolution locks some thousand blocking keys in one transaction.
      max_locks_per_transaction: 512,
      random_page_cost: 1.1, jit: 'off', timezone: 'UTC', log_timezone: 'UTC',
      // Statements and their details may hold values: they stay out of the server's log.
      log_min_error_statement: 'panic', log_error_verbosity: 'terse', log_min_messages: 'error',
    };
    if (o.durable === false) Object.assign(settings, { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' });
    else Object.assign(settings, { fsync: 'on', synchronous_commit: 'on' });
    const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`).join(' ');
    const log = path.join(this.data, 'server.log');
    await runPostgresTool(this.binaries.pg_ctl, ['start', '-D', this.data, '-l', log, '-w', '-t', '600', '-s', '-o', flags], this.user);
  }

  async halt(): Promise<void> {
    this.halting = true;
    const server = this.runningServer();
    if (server === undefined) return;
    await runPostgresTool(this.binaries.pg_ctl, ['stop', '-D', this.data, '-m', 'fast', '-W', '-s'], this.user);
    // pg_ctl's own waiting would go on while a next server runs that another process has started meanwhile.
    for (const deadline = Date.now() + STOP_LIMIT_MS; this.runningServer()?.pid === server.pid; await sleep(20)) {
      if (Date.now() > deadline) throw this.unanswered(server.pid);
    }
  }

  /** Into a draft folder that is renamed when complete, so that a kill in between leaves no half cluster. */
  private async initialise(): Promise<void> {
    for (const name of readdirSync(this.options.dataDir)) {
      const owner = /^postgres\.draft-(\d+)-/.exec(name)?.[1];
      if (owner && !isAlive(Number(owner))) rmSync(path.join(this.options.dataDir, name), { recursive: true, force: true });
    }
    const draft = `${this.data}.draft-${process.pid}-${randomBytes(4).toString('hex')}`;
    const passwordFile = `${draft}.password`;
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    if (this.user) for (const p of [draft, passwordFile]) chownSync(p, this.user.uid, this.user.gid);
    try {
      // --no-sync and one syncfs after it: 0.7 s instead of 3–8 s. C.UTF-8: with plain C, pg_trgm finds nothing in Chinese.
      await runPostgresTool(this.binaries.initdb, [
        `--pgdata=${draft}`, `--username=${POSTGRES_OWNER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
        '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions',
      ], this.user);
      if (this.options.durable !== false) {
        const method = process.platform === 'linux' ? ['--sync-method=syncfs'] : [];
        await runPostgresTool(this.binaries.initdb, ['--sync-only', ...method, `--pgdata=${draft}`], this.user);
      }
    } catch (cause) {
      rmSync(draft, { recursive: true, force: true });
      throw this.notStarted(cause);
    } finally {
      unlinkSync(passwordFile);
    }
    try {
      renameSync(draft, this.data);
    } catch (cause) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(path.join(this.data, 'PG_VERSION'))) throw this.notStarted(cause);
    }
  }

  notStarted(cause: unknown): YiciError {
    return new YiciError({
      code: 'YICI_POSTGRES_NOT_STARTED', stage: 'config', severity: 'fatal', cause,
      message: `PostgreSQL could not be started in ${this.data}.`,
      fix: `Read the end of ${path.join(this.data, 'server.log')}; check free disk space and memory. Do not delete anything there.`,
    });
  }

  unanswered(pid: number | undefined): YiciError {
    return new YiciError({
      code: 'YICI_POSTGRES_NO_ANSWER', stage: 'config', severity: 'fatal',
      message: `PostgreSQL (process ${pid ?? 'unknown'}) in ${this.data} does not answer.`,
      fix: 'It may be recovering a large log: try again in a minute. Otherwise restart the machine; do not delete postmaster.pid.',
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * A restarted machine or container may have given the old pid to something else, and in a container without an init a killed server
 * stays as a zombie; where /proc tells, believe it.
 */
function isPostgres(pid: number): boolean {
  try {
    return /^\d+ \(postgres.*\) [^ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
