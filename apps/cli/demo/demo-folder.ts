import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import { silentLogger } from '#libs/platform/logger';

/** What a demo's data directory is about; its presence says that the directory may be continued or emptied. */
interface Marker {
  demo: true;
  persons: number;
  seed: number;
}

/** A demo in one directory: city, store, the simulated systems and the log file. */
export class DemoFolder {
  readonly city: string;
  /** City directory of the hub: its name and divisions alone, for the hub is to read every record over a protocol. */
  readonly divisions: string;
  /** Where the simulated systems keep what they hold. */
  readonly legacy: string;
  readonly logFile: string;
  private readonly markerFile: string;

  private constructor(readonly dir: string) {
    this.city = path.join(dir, 'city');
    this.divisions = path.join(dir, 'divisions');
    this.legacy = path.join(dir, 'legacy');
    this.logFile = path.join(dir, 'hub.log');
    this.markerFile = path.join(dir, 'demo.json');
  }

  /** Makes the directory or finds a demo in it; `reset` begins anew. Throws YICI_DEMO_FOREIGN_DIRECTORY rather than touch anything else. */
  static async open(dir: string, marker: Omit<Marker, 'demo'>, reset: boolean): Promise<DemoFolder> {
    const folder = new DemoFolder(path.resolve(dir));
    const found = folder.marker();
    if (found === undefined && existsSync(folder.dir) && readdirSync(folder.dir).length > 0) throw foreign(folder.dir);
    if (found !== undefined && reset) {
      await stopped(folder.dir);
      rmSync(folder.dir, { recursive: true });
    }
    if (found === undefined || reset) {
      mkdirSync(folder.dir, { recursive: true });
      writeFileSync(folder.markerFile, `${JSON.stringify({ demo: true, ...marker })}\n`);
    }
    return folder;
  }

  marker(): Marker | undefined {
    try {
      const marker = JSON.parse(readFileSync(this.markerFile, 'utf8')) as Partial<Marker>;
      return marker.demo === true ? (marker as Marker) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Ends a server that a killed demo left behind; one that a running demo uses stays, and the directory with it. */
async function stopped(dataDir: string): Promise<void> {
  if (!existsSync(path.join(dataDir, 'postgres', 'postmaster.pid'))) return;
  const server = await EmbeddedPostgres.start({ dataDir, logger: silentLogger });
  await server.stop();
  if (!existsSync(path.join(dataDir, 'postgres', 'postmaster.pid'))) return;
  throw new YiciError({ code: 'YICI_DEMO_RUNNING', stage: 'config', message: 'A demo runs in this directory.', fix: 'Stop it with Ctrl-C first, or give another --data-dir.' });
}

function foreign(dir: string): YiciError {
  return new YiciError({
    code: 'YICI_DEMO_FOREIGN_DIRECTORY', stage: 'config', message: `${dir} is not empty and holds no demo.`, fix: 'Give --data-dir another directory; the demo touches none but its own.',
  });
}
