import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { YiciError } from '#libs/kernel/errors';

export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root. As root: the user `postgres`, created when absent. Otherwise undefined: run as we are.
 */
export function postgresOsUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    return lookUp();
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' });
      return lookUp();
    } catch (cause) {
      throw new YiciError({
        code: 'YICI_POSTGRES_NO_OS_USER', stage: 'config', severity: 'fatal', cause,
        message: 'PostgreSQL does not run as root, and the user "postgres" could not be created.',
        fix: 'Start Yici as an ordinary user, create the user "postgres", or set DATABASE_URL.',
      });
    }
  }
}

function lookUp(): OsUser {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Throws YICI_POSTGRES_PATH_CLOSED naming the first folder on the way to `target` that the user may not enter. */
export function requireTraversable(target: string, user: OsUser): void {
  const folders: string[] = [];
  for (let dir = path.resolve(target); ; dir = path.dirname(dir)) {
    folders.unshift(dir);
    if (dir === path.dirname(dir)) break;
  }
  for (const dir of folders) {
    const s = statSync(dir);
    const bit = s.uid === user.uid ? 0o100 : s.gid === user.gid ? 0o010 : 0o001;
    if ((s.mode & bit) !== 0) continue;
    throw new YiciError({
      code: 'YICI_POSTGRES_PATH_CLOSED', stage: 'config', severity: 'fatal',
      message: `PostgreSQL runs as the user "postgres" because Yici was started as root, and that user may not enter ${dir}.`,
      fix: `Allow it (chmod o+x ${dir}), choose another place with YICI_DATA_DIR, or start Yici as an ordinary user.`,
    });
  }
}
