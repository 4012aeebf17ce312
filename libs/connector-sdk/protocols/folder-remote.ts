import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import type { RemoteFile, RemoteFolder, TransferLimits } from '../remote-folder.js';
import { unreachable, type FilePlace } from './file-place.js';
import { streamToFile } from './file-transfer.js';

/** A folder on a disk that the system sees too (a mounted share, an exchange directory). */
export class LocalRemote implements RemoteFolder {
  private readonly dir: string;

  constructor(private readonly place: FilePlace) {
    this.dir = path.join(place.url, place.folder);
  }

  async names(): Promise<string[]> {
    return this.done('cannot be read', async () => (await readdir(this.dir, { withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name));
  }

  async describe(name: string): Promise<RemoteFile | undefined> {
    return this.done('cannot be read', async () => {
      const found = await this.orAbsent(stat(this.path(name)));
      return found === undefined || !found.isFile() ? undefined : { name, bytes: found.size, modifiedAt: found.mtimeMs };
    });
  }

  async fetch(name: string, toPath: string, limits: TransferLimits): Promise<void> {
    return this.done('cannot be read', () => streamToFile(createReadStream(this.path(name)), name, toPath, limits, this.place.timeoutMs));
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const found = await this.describe(name);
    if (found === undefined || found.bytes > maxBytes) return undefined;
    return this.done('cannot be read', () => this.orAbsent(readFile(this.path(name))));
  }

  async upload(name: string, bytes: Uint8Array): Promise<void> {
    return this.done('cannot be written', async () => {
      await mkdir(this.dir, { recursive: true });
      const file = await open(this.path(name), 'w', 0o640);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** A hard link never replaces a file, so that a name is taken by exactly one content. */
  async rename(from: string, to: string): Promise<void> {
    return this.done('cannot be written', async () => {
      await link(this.path(from), this.path(to));
      await unlink(this.path(from));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private path(name: string): string {
    return path.join(this.dir, path.basename(name));
  }

  private async orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      // A folder that is away itself proves nothing about its files.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || (await stat(this.dir).then(() => false, () => true))) throw error;
      return undefined;
    }
  }

  private async done<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof YiciError ? cause : unreachable(this.place, what, cause);
    }
  }
}
