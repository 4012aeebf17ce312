import { lstat, mkdir, readdir, rename, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';

const DAY_MS = 86_400_000;
/** A file that is still coming has this ending. */
const PARTIAL = '.part';

/**
 * The hub's own copies of the files of one system, `<spool>/<system>/<system>/`: laid out as a city directory, so that they can be read by hand
 * as one. Only the hub's user may read them (0700, 0600), and they go after some days.
 */
export class FileSpool {
  readonly dir: string;

  constructor(root: string, system: string, private readonly keepDays: number) {
    this.dir = path.join(root, system, system);
  }

  /** Where a file is written while it comes; `tag` tells apart those that come at once. */
  async coming(name: string, tag = ''): Promise<string> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    return path.join(this.dir, `.${path.basename(name)}${tag}${PARTIAL}`);
  }

  /** The file is whole: it gets its name, and the time at which its system wrote it. Returns its path. */
  async keep(name: string, modifiedAt: number, tag = ''): Promise<string> {
    const kept = path.join(this.dir, path.basename(name));
    const coming = await this.coming(name, tag);
    await utimes(coming, new Date(), new Date(modifiedAt));
    await rename(coming, kept);
    return kept;
  }

  /** Names of the whole files. */
  async names(): Promise<string[]> {
    return (await readdir(this.dir).catch(() => [])).filter((name) => !name.startsWith('.'));
  }

  /** Removes what is older here than the agreed days. */
  async clear(now: number): Promise<void> {
    for (const name of await readdir(this.dir).catch(() => [] as string[])) {
      const file = path.join(this.dir, name);
      // Its own time is the system's; the time of its last change here is when it came.
      const came = (await lstat(file).catch(() => undefined))?.ctimeMs;
      if (came !== undefined && now - came >= this.keepDays * DAY_MS && !(name.endsWith(PARTIAL) && now - came < DAY_MS)) await unlink(file).catch(() => undefined);
    }
  }
}
