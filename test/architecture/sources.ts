import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const SKIPPED = new Set(['node_modules', 'dist', 'fixtures', '.git', '.yici', 'coverage']);

export interface Source {
  /** Path from the project root, with `/`. */
  path: string;
  text: string;
  /** Room: `libs/values`, `apps/hub`, `connectors`, `test/e2e`. */
  room: string;
}

/** Every source file below the given folders of the project, with its text. */
export function sources(folders: readonly string[], extensions: readonly string[]): Source[] {
  const found: Source[] = [];
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) walk(path);
      } else if (extensions.some((e) => entry.name.endsWith(e))) {
        const rel = relative(ROOT, path).split(sep).join('/');
        found.push({ path: rel, text: readFileSync(path, 'utf8'), room: roomOf(rel) });
      }
    }
  };
  for (const folder of folders) walk(join(ROOT, folder));
  return found;
}

function roomOf(path: string): string {
  const [top, second] = path.split('/');
  return top === 'connectors' ? 'connectors' : `${top}/${second}`;
}

/** Rooms that a source imports, through `#…` or by a relative path that leaves its own room. */
export function importedRooms(source: Source): string[] {
  const rooms: string[] = [];
  const specifiers = source.text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\w*\()\s*['"]([^'"]+)['"]/g);
  for (const [, specifier] of specifiers) {
    if (specifier!.startsWith('#')) rooms.push(roomOf(specifier!.slice(1)));
    else if (specifier!.startsWith('.')) {
      const target = new URL(specifier!, `file:///${source.path}`).pathname.slice(1);
      if (roomOf(target) !== source.room) rooms.push(roomOf(target));
    }
  }
  return [...new Set(rooms)];
}
