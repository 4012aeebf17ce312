import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client, FileType, FTPError } from 'basic-ftp';
import { YiciError } from '#libs/kernel/errors';
import type { RemoteFile, RemoteFolder, TransferLimits } from '../remote-folder.js';
import { refusedBy, serverAddress, unreachable, type FilePlace, type ServerAddress } from './file-place.js';
import { bounded, longestTransfer, privateFile } from './file-transfer.js';

const NOT_LOGGED_IN = 530;
const NOT_THERE = 550;
/** A folder of a million names is no exchange folder. */
const MOST_LISTING_BYTES = 64 * 1024 * 1024;
const CERTIFICATE = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/;

/**
 * A folder of an FTP or FTPS server (RFC 959, RFC 3659 for SIZE and MDTM; explicit TLS by RFC 4217). One connection, opened when it is
 * first needed and anew after any fault; a server that answers from another host than the one it was asked at is refused.
 */
export class FtpRemote implements RemoteFolder {
  private client: Client | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private readonly address: ServerAddress;

  constructor(private readonly place: FilePlace) {
    this.address = serverAddress(place, 'ftp');
  }

  names(): Promise<string[]> {
    return this.run('cannot be read', async (client) => (await client.list()).filter((f) => f.type !== FileType.Directory).map((f) => f.name));
  }

  describe(name: string): Promise<RemoteFile | undefined> {
    return this.run('cannot be read', async (client) => {
      try {
        return { name, bytes: await client.size(name), modifiedAt: (await client.lastMod(name)).getTime() };
      } catch (error) {
        if (error instanceof FTPError && error.code === NOT_THERE) return undefined;
        throw error;
      }
    });
  }

  fetch(name: string, toPath: string, limits: TransferLimits): Promise<void> {
    return this.run('broke off while a file was fetched', async (client) => {
      const target = bounded(name, limits.maxBytes);
      const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(longestTransfer(limits.maxBytes, this.place.timeoutMs))]);
      // The library takes no signal: closing the connection is what ends a transfer.
      const stop = (): void => client.close();
      signal.addEventListener('abort', stop, { once: true });
      const written = pipeline(target, privateFile(toPath), { signal });
      try {
        const [sent, kept] = await Promise.allSettled([client.downloadTo(target, name).catch((error: unknown) => {
          target.destroy(error as Error);
          throw error;
        }), written]);
        if (kept.status === 'rejected') throw kept.reason;
        if (sent.status === 'rejected') throw sent.reason;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    });
  }

  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const found = await this.describe(name);
    if (found === undefined || found.bytes > maxBytes) return undefined;
    return this.run('cannot be read', async (client) => {
      const chunks: Buffer[] = [];
      const target = bounded(name, maxBytes);
      target.on('data', (chunk: Buffer) => chunks.push(chunk));
      await client.downloadTo(target, name);
      return Buffer.concat(chunks);
    });
  }

  upload(name: string, bytes: Uint8Array): Promise<void> {
    return this.run('cannot be written', async (client) => void (await client.uploadFrom(Readable.from([Buffer.from(bytes)]), name)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('cannot be written', async (client) => void (await client.rename(from, to)));
  }

  async close(): Promise<void> {
    this.client?.close();
    await this.last.catch(() => undefined);
  }

  /** One command after the other: an FTP connection has no more than one. */
  private run<T>(what: string, work: (client: Client) => Promise<T>): Promise<T> {
    const done = this.last.then(async () => {
      try {
        return await work(await this.connected());
      } catch (cause) {
        this.client?.close();
        this.client = undefined;
        throw this.fault(what, cause);
      }
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  private async connected(): Promise<Client> {
    if (this.client !== undefined && !this.client.closed) return this.client;
    const client = new Client(this.place.timeoutMs, { allowSeparateTransferHost: false, maxListingBytes: MOST_LISTING_BYTES });
    this.client = client;
    const { host, port, user, password, tls } = this.address;
    await client.access({ host, port, user, password, secure: tls, ...(tls && this.place.ca !== undefined && { secureOptions: { ca: this.place.ca } }) });
    if (this.place.folder !== '.') await client.cd(this.place.folder);
    return client;
  }

  private fault(what: string, cause: unknown): YiciError {
    if (cause instanceof YiciError) return cause;
    if (cause instanceof FTPError && cause.code === NOT_LOGGED_IN) {
      return refusedBy(this.place, 'YICI_FILE_LOGIN_REFUSED', 'The FTP server of the system refuses the user or the password.', 'Check both in the variable that connector.yaml names.', cause);
    }
    if (CERTIFICATE.test(String((cause as NodeJS.ErrnoException).code))) {
      return refusedBy(this.place, 'YICI_FILE_CERTIFICATE_WRONG', 'The certificate of the FTP server is not one that the hub trusts.', 'Check whose it is; only if it is right, name its authority in the variable of `caFile`.', cause);
    }
    return unreachable(this.place, what, cause);
  }
}
