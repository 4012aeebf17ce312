import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from '#apps/cli/free-port';

const SERVER = ['/usr/sbin/mariadbd', '/usr/libexec/mysqld'].find((file) => existsSync(file));
const INSTALL = ['/usr/bin/mariadb-install-db', '/usr/bin/mysql_install_db'].find((file) => existsSync(file));
const PASSWORD = 'a password for a test';
const START_LIMIT_MS = 120_000;

/** Why no MariaDB can be started here; undefined when one can. */
export const noMariadb: string | undefined = SERVER === undefined || INSTALL === undefined ? 'mariadbd is not installed (Debian: apt-get install -y --no-install-recommends mariadb-server)' : undefined;

/** A real MariaDB on a data directory and a port of its own. */
export class MariadbServer {
  private constructor(private readonly child: ChildProcess, private readonly dir: string, private readonly port: number) {}

  /** `tls`: files in PEM that it shows to those who ask for TLS. */
  static async start({ tls }: { tls?: { key: string; cert: string } } = {}): Promise<MariadbServer> {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-mariadb-'));
    const data = path.join(dir, 'data');
    // The server refuses to run as root unless it is told to.
    const user = process.getuid?.() === 0 ? ['--user=root'] : [];
    execFileSync(INSTALL!, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...user], { stdio: 'ignore' });
    const port = await freePort(0);
    const child = spawn(SERVER!, ['--no-defaults', `--datadir=${data}`, `--socket=${path.join(dir, 'sock')}`, `--port=${port}`, '--bind-address=127.0.0.1', '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=64M', '--skip-log-bin', '--max-allowed-packet=256M', ...(tls === undefined ? [] : [`--ssl-key=${tls.key}`, `--ssl-cert=${tls.cert}`]), ...user], { stdio: 'ignore' });
    const server = new MariadbServer(child, dir, port);
    await server.ready();
    return server;
  }

  /** A fresh database that an account of its own may use; returns its URL. */
  async database(name: string): Promise<string> {
    const admin = await this.admin();
    try {
      await admin.query(`create database ${name} character set utf8mb4`);
      await admin.query(`create user if not exists yici@'%' identified by '${PASSWORD}'`);
      await admin.query(`grant all on ${name}.* to yici@'%'`);
    } finally {
      await admin.end();
    }
    return `mariadb://yici:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/${name}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  private admin(): ReturnType<typeof createConnection> {
    return createConnection({ host: '127.0.0.1', port: this.port, user: 'root' });
  }

  private async ready(): Promise<void> {
    for (const end = Date.now() + START_LIMIT_MS; ;) {
      try {
        await (await this.admin()).end();
        return;
      } catch (cause) {
        if (this.child.exitCode !== null || Date.now() > end) {
          await this.stop();
          throw new Error('MariaDB did not start', { cause });
        }
        await sleep(200);
      }
    }
  }
}
