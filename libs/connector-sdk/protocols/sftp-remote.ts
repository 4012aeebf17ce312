import { createHash, timingSafeEqual } from 'node:crypto';
import SftpClient from 'ssh2-sftp-client';
import { YiciError } from '#libs/kernel/errors';
import type { RemoteFile, RemoteFolder, TransferLimits } from '../remote-folder.js';
import { refusedBy, serverAddress, unreachable, type FilePlace, type ServerAddress } from './file-place.js';
import { streamToFile } from './file-transfer.js';

const SSH_PORT = 22;
const KEEPALIVE_MS = 5000;
const LEAVE_MS = 1000;

/** A folder of an SFTP server (SSH File Transfer Protocol 3). The server's key is pinned: another one is refused before a password is sent. */
export class SftpRemote implements RemoteFolder {
  private client: SftpClient | undefined;
  private wrongKey = false;
  private last: Promise<unknown> = Promise.resolve();
  private readonly address: ServerAddress;

  constructor(private readonly place: FilePlace) {
    this.address = serverAddress(place, 'sftp');
  }

  names(): Promise<string[]> {
    return this.run('cannot be read', async (client) => (await client.list(this.place.folder)).filter((f) => f.type === '-').map((f) => f.name));
  }

  describe(name: string): Promise<RemoteFile | undefined> {
    return this.run('cannot be read', async (client) => {
      if ((await client.exists(this.path(name))) !== '-') return undefined;
      const { size, modifyTime } = await client.stat(this.path(name));
      return { name, bytes: size, modifiedAt: modifyTime };
    });
  }

  fetch(name: string, toPath: string, limits: TransferLimits): Promise<void> {
    return this.run('broke off while a file was fetched', (client) => streamToFile(client.createReadStream(this.path(name)), name, toPath, limits, this.place.timeoutMs), limits.signal);
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const found = await this.describe(name);
    if (found === undefined || found.bytes > maxBytes) return undefined;
    return this.run('cannot be read', async (client) => (await client.get(this.path(name))) as Buffer);
  }

  upload(name: string, bytes: Uint8Array): Promise<void> {
    return this.run('cannot be written', async (client) => void (await client.put(Buffer.from(bytes), this.path(name))));
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('cannot be written', async (client) => void (await client.rename(this.path(from), this.path(to))));
  }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    await this.forget();
  }

  private path(name: string): string {
    return `${this.place.folder}/${name}`;
  }

  /** One after the other. `patient`: a transfer has a deadline of its own; everything else must be answered within the time-out. */
  private run<T>(what: string, work: (client: SftpClient) => Promise<T>, patient?: AbortSignal): Promise<T> {
    const done = this.last.then(async () => {
      try {
        const client = await this.answered(this.connected());
        return patient === undefined ? await this.answered(work(client)) : await work(client);
      } catch (cause) {
        await this.forget();
        throw this.fault(what, cause);
      }
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  private async answered<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachable(this.place, 'does not answer')), this.place.timeoutMs);
    });
    try {
      return await Promise.race([work, silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async connected(): Promise<SftpClient> {
    if (this.client !== undefined) return this.client;
    const { host, port = SSH_PORT, user, password } = this.address;
    this.wrongKey = false;
    const lost = (): void => {
      if (this.client === client) this.client = undefined;
      connectionOf(client).destroy();
    };
    const client = new SftpClient('yici', { error: lost, end: lost, close: lost });
    this.client = client;
    const { privateKey, timeoutMs } = this.place;
    await client.connect({
      host, port, username: user, readyTimeout: timeoutMs, keepaliveInterval: KEEPALIVE_MS, keepaliveCountMax: Math.max(1, Math.ceil(timeoutMs / KEEPALIVE_MS)),
      ...(privateKey === undefined ? { password } : { privateKey }),
      hostVerifier: (key: Buffer) => {
        this.wrongKey = !isPinned(key, this.place.hostKey ?? '');
        return !this.wrongKey;
      },
    });
    return client;
  }

  private async forget(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client === undefined) return;
    const connection = connectionOf(client);
    // A server that is silent does not take leave either.
    const patience = setTimeout(() => connection.destroy(), LEAVE_MS);
    await client.end().catch(() => undefined);
    clearTimeout(patience);
    connection.destroy();
  }

  private fault(what: string, cause: unknown): YiciError {
    if (this.wrongKey) {
      return refusedBy(this.place, 'YICI_FILE_HOST_KEY_WRONG', 'The SFTP server shows another key than the one that was agreed.',
        'Ask the system whether its server was replaced; enter the new fingerprint only after they have told it.', cause);
    }
    if (cause instanceof YiciError) return cause;
    if (/authentication/i.test((cause as Error).message)) {
      return refusedBy(this.place, 'YICI_FILE_LOGIN_REFUSED', 'The SFTP server of the system refuses the user, the password or the key.', 'Check them in the variables that connector.yaml names.', cause);
    }
    return unreachable(this.place, what, cause);
  }
}

/** The library leaves half a connection behind where a server was never ready. */
function connectionOf(client: SftpClient): { destroy(): void } {
  return (client as unknown as { client: { destroy(): void } }).client;
}

/** `SHA256:` and the base64 of the digest, with or without padding, as OpenSSH prints it. */
function isPinned(key: Buffer, fingerprint: string): boolean {
  const found = createHash('sha256').update(key).digest();
  const agreed = Buffer.from(fingerprint.trim().replace(/^SHA256:/, ''), 'base64');
  return found.length === agreed.length && timingSafeEqual(found, agreed);
}
