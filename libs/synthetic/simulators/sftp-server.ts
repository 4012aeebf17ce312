import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { link, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import ssh2, { type Attributes, type Connection, type SFTPWrapper } from 'ssh2';
import { SERVER_FAULTS, type FileServerOptions } from './ftp-server.js';
import { listenLocally, portOf } from './listen-locally.js';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;
const ENTRIES_AN_ANSWER = 100;

/** A real SFTP server (SSH 2, SFTP 3) over a folder, that fails as it is told. */
export class SftpServer {
  private constructor(private readonly server: ssh2.Server, private readonly connections: Set<Connection>, readonly port: number, readonly fingerprint: string) {}

  /** The host key is made once and kept in `keyFile`. */
  static async start(options: FileServerOptions & { keyFile: string }): Promise<SftpServer> {
    const key = hostKey(options.keyFile);
    const connections = new Set<Connection>();
    const server = new ssh2.Server({ hostKeys: [key.private] }, (connection) => {
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      connection.on('error', () => connections.delete(connection));
      connection.on('authentication', (ctx) => {
        if (ctx.method === 'password' && ctx.username === options.user && ctx.password === options.password) ctx.accept();
        else ctx.reject(['password']);
      });
      connection.on('session', (accept) => accept().on('sftp', (acceptSftp) => new SftpSession(acceptSftp(), connection, options)));
    });
    await listenLocally(server, options.port);
    return new SftpServer(server, connections, portOf(server), key.fingerprint);
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.end();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function hostKey(file: string): { private: string; fingerprint: string } {
  // Of ssh2's own Ed25519 keys about one in 300 cannot be read again.
  if (!existsSync(file)) writeFileSync(file, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  const text = readFileSync(file, 'utf8');
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) throw parsed;
  return { private: text, fingerprint: `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}` };
}

type Handle = { file: FileHandle } | { names: string[] };

/** One client's session: the requests of SFTP 3 that file exchange needs; others are answered as unsupported. */
class SftpSession {
  private readonly handles = new Map<number, { path: string; what: Handle }>();
  private next = 0;

  constructor(private readonly sftp: SFTPWrapper, private readonly connection: Connection, private readonly options: FileServerOptions) {
    sftp.on('REALPATH', (id, path) => sftp.name(id, [{ filename: join('/', normalize(path)), longname: '', attrs: {} as Attributes }]));
    sftp.on('STAT', (id, path) => this.answer(id, async () => sftp.attrs(id, await this.attributes(path))));
    sftp.on('LSTAT', (id, path) => this.answer(id, async () => sftp.attrs(id, await this.attributes(path))));
    sftp.on('FSTAT', (id, handle) => this.answer(id, async () => sftp.attrs(id, await this.attributes(this.of(handle).path))));
    sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('SETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('OPENDIR', (id, path) => this.command(id, async () => this.opened(id, path, { names: await readdir(this.local(path)) })));
    sftp.on('READDIR', (id, handle) => this.answer(id, () => this.list(id, handle)));
    sftp.on('OPEN', (id, path, flags) => this.command(id, async () => this.opened(id, path, { file: await open(this.local(path), nodeFlags(flags)) })));
    sftp.on('READ', (id, handle, offset, length) => this.answer(id, () => this.read(id, handle, offset, length)));
    sftp.on('WRITE', (id, handle, offset, data) => this.answer(id, async () => {
      await this.file(handle).write(data, 0, data.length, offset);
      sftp.status(id, STATUS_CODE.OK);
    }));
    sftp.on('CLOSE', (id, handle) => this.answer(id, async () => {
      const { what } = this.of(handle);
      this.handles.delete(handle.readUInt32BE(0));
      if ('file' in what) await what.file.close();
      sftp.status(id, STATUS_CODE.OK);
    }));
    sftp.on('REMOVE', (id, path) => this.answer(id, async () => {
      await unlink(this.local(path));
      sftp.status(id, STATUS_CODE.OK);
    }));
    // As OpenSSH does it: a file that is there already is not replaced.
    sftp.on('RENAME', (id, from, to) => this.command(id, async () => {
      await link(this.local(from), this.local(to));
      await unlink(this.local(from));
      return () => sftp.status(id, STATUS_CODE.OK);
    }));
    connection.on('close', () => {
      for (const { what } of this.handles.values()) if ('file' in what) void what.file.close().catch(() => undefined);
    });
  }

  private local(path: string): string {
    return join(this.options.root, normalize(join('/', path)));
  }

  private of(handle: Buffer): { path: string; what: Handle } {
    const found = this.handles.get(handle.readUInt32BE(0));
    if (found === undefined) throw new Error('no such handle');
    return found;
  }

  private file(handle: Buffer): FileHandle {
    const { what } = this.of(handle);
    if (!('file' in what)) throw new Error('a folder');
    return what.file;
  }

  private opened(id: number, path: string, what: Handle): () => void {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(++this.next);
    this.handles.set(this.next, { path, what });
    return () => this.sftp.handle(id, handle);
  }

  private async list(id: number, handle: Buffer): Promise<void> {
    const { path, what } = this.of(handle);
    if (!('names' in what)) throw new Error('a file');
    const page = what.names.splice(0, ENTRIES_AN_ANSWER);
    if (page.length === 0) return void this.sftp.status(id, STATUS_CODE.EOF);
    const entries = await Promise.all(page.map(async (filename) => {
      const attrs = await this.attributes(join(path, filename)).catch(() => undefined);
      return attrs && { filename, longname: `${(attrs.mode & 0o040000) === 0 ? '-' : 'd'}rw-r----- 1 office office ${attrs.size} Jan 1 00:00 ${filename}`, attrs };
    }));
    this.sftp.name(id, entries.filter((e) => e !== undefined));
  }

  private async read(id: number, handle: Buffer, offset: number, length: number): Promise<void> {
    const { bytesRead, buffer } = await this.file(handle).read(Buffer.alloc(length), 0, length, offset);
    if (bytesRead === 0) this.sftp.status(id, STATUS_CODE.EOF);
    else this.sftp.data(id, buffer.subarray(0, bytesRead));
  }

  private async attributes(path: string): Promise<Attributes> {
    const s = await stat(this.local(path));
    return { mode: s.mode, uid: s.uid, gid: s.gid, size: s.size, atime: Math.trunc(s.atimeMs / 1000), mtime: Math.trunc(s.mtimeMs / 1000) };
  }

  /** A request that may meet a fault; `work` does it and returns how to answer. */
  private command(id: number, work: () => Promise<() => void>): void {
    const fault = this.options.faults.nextOf(SERVER_FAULTS);
    this.answer(id, async () => {
      if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
      if (fault?.kind === 'error') throw new Error('failure');
      if (fault?.kind === 'disconnect') return void this.connection.end();
      const answer = await work();
      if (fault?.kind === 'lost-answer') this.connection.end();
      else answer();
    });
  }

  private answer(id: number, work: () => Promise<void>): void {
    work().catch((error: NodeJS.ErrnoException) => this.sftp.status(id, error.code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE));
  }
}

function nodeFlags(flags: number): string {
  if ((flags & OPEN_MODE.WRITE) === 0) return 'r';
  return (flags & OPEN_MODE.TRUNC) === 0 ? 'r+' : 'w';
}
