import { createServer } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { FileSystem, FtpSrv, type FtpConnection } from 'ftp-srv';
import type { Faults } from './faults.js';
import { listenLocally, portOf } from './listen-locally.js';

export interface FileServerOptions {
  /** Folder that is served. */
  root: string;
  user: string;
  password: string;
  /** Absent or 0: any free port. */
  port?: number;
  faults: Faults;
}

/** What a transfer or a command of a file server can suffer. */
export const SERVER_FAULTS = ['slow', 'error', 'disconnect', 'lost-answer'] as const;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const LOWEST_PASSIVE = 20_000;
const PASSIVE_SPREAD = 20_000;

const quiet = { child: () => quiet, trace: () => undefined, debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A real FTP server (RFC 959, passive mode) over a folder, that fails as it is told. */
export class FtpServer {
  private constructor(private readonly server: FtpSrv, readonly port: number) {}

  /** `tls`: serves explicit FTPS (AUTH TLS) with this certificate as well. */
  static async start(options: FileServerOptions & { tls?: SecureContextOptions }): Promise<FtpServer> {
    const port = options.port || (await freePort());
    const before = SIGNALS.map((signal) => process.listeners(signal));
    const passive = LOWEST_PASSIVE + Math.floor(Math.random() * PASSIVE_SPREAD);
    const server = new FtpSrv({ url: `ftp://127.0.0.1:${port}`, pasv_url: '127.0.0.1', pasv_min: passive, pasv_max: passive + PASSIVE_SPREAD, tls: options.tls ?? false, log: quiet });
    // The library ends the whole process on a signal; that is for the program that runs it.
    SIGNALS.forEach((signal, i) => {
      for (const listener of process.listeners(signal)) if (!before[i]!.includes(listener)) process.off(signal, listener);
    });
    server.on('login', ({ connection, username, password }, resolve, reject) => {
      if (username !== options.user || password !== options.password) reject(new Error('Login incorrect'));
      else resolve({ fs: new FaultyFiles(connection, options.root, options.faults) });
    });
    server.on('client-error', () => undefined);
    await server.listen();
    return new FtpServer(server, port);
  }

  async stop(): Promise<void> {
    await this.server.close();
  }
}

interface WithSocket {
  commandSocket: { destroy(): void };
}

/** The served folder; each command first meets the fault that is due. */
class FaultyFiles extends FileSystem {
  constructor(private readonly ftp: FtpConnection, root: string, private readonly faults: Faults) {
    super(ftp, { root, cwd: '/' });
  }

  /** The library leaves a size of 0 out of its answer. */
  override async get(fileName: string): Promise<unknown> {
    const found = (await super.get(fileName)) as { size: number | string };
    if (found.size === 0) found.size = '0';
    return found;
  }

  override list(path?: string): Promise<unknown> {
    return this.met(() => super.list(path) as Promise<unknown>);
  }

  override read(fileName: string, options?: { start?: unknown }): Promise<unknown> {
    return this.met(() => super.read(fileName, options) as Promise<unknown>);
  }

  override write(fileName: string, options?: { append?: boolean; start?: unknown }): unknown {
    return this.met(() => Promise.resolve(super.write(fileName, options)));
  }

  override rename(from: string, to: string): Promise<unknown> {
    return this.met(() => super.rename(from, to) as Promise<unknown>);
  }

  private async met(work: () => Promise<unknown>): Promise<unknown> {
    const fault = this.faults.nextOf(SERVER_FAULTS);
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault?.kind === 'error') throw new Error('Requested action not taken');
    if (fault?.kind === 'disconnect') return this.cut();
    const done = await work();
    return fault?.kind === 'lost-answer' ? this.cut() : done;
  }

  /** Whoever waits for an answer waits for ever: there is none. */
  private cut(): Promise<never> {
    (this.ftp as unknown as WithSocket).commandSocket.destroy();
    return new Promise(() => undefined);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await listenLocally(probe);
  const port = portOf(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
