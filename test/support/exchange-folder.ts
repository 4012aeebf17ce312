import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '#libs/platform/project-root';

/** A system's folder that is asked every second, and compared as often: the only things that differ from its own. Returns its path; the caller removes it. */
export function quickFolder(system: string): string {
  const dir = path.join(mkdtempSync(path.join(os.tmpdir(), 'yici-folder-')), system);
  cpSync(path.join(projectRoot(), 'connectors', system), dir, { recursive: true });
  hasten(dir);
  return dir;
}

/** Has a copy of a system's folder ask, and compare, every second. */
export function hasten(folder: string): void {
  const file = path.join(folder, 'connector.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/pollSeconds: \d+/g, 'pollSeconds: 1').replace(/compareSeconds: \d+/g, 'compareSeconds: 1'));
}
