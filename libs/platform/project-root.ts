import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { YiciError } from '#libs/kernel/errors';

let found: string | undefined;

/**
 * The folder of Yici's own package.json, from source and from dist alike. Files read at run time (migrations, connector
 * folders, schemas) are found from here, never from the working directory.
 */
export function projectRoot(): string {
  found ??= searchUpwards(path.dirname(fileURLToPath(import.meta.url)));
  return found;
}

function searchUpwards(start: string): string {
  for (let dir = start; ; dir = path.dirname(dir)) {
    if (isProjectRoot(dir)) return dir;
    if (dir === path.dirname(dir)) break;
  }
  throw new YiciError({
    code: 'YICI_CONFIG_NO_PROJECT_ROOT',
    stage: 'config',
    severity: 'fatal',
    message: 'The package.json of Yici was not found above its own program files.',
    fix: 'Run Yici from a complete checkout or package.',
  });
}

function isProjectRoot(dir: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as { name?: string };
    return manifest.name === 'yici';
  } catch {
    return false;
  }
}
