import { createServer, type Server, type Socket } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Faults } from '#libs/synthetic/simulators/faults';
import { FtpServer } from '#libs/synthetic/simulators/ftp-server';
import { SftpServer } from '#libs/synthetic/simulators/sftp-server';
import { partialName, renameWhole, type RemoteFolder } from '../remote-folder.js';
import type { FilePlace } from './file-place.js';
import { LocalRemote } from './folder-remote.js';
import { FtpRemote } from './ftp-remote.js';
import { SftpRemote } from './sftp-remote.js';

const HOSTS = ['127.0.0.1'];
const never = new AbortController().signal;
let dir: string;
let ftp: FtpServer;
let sftp: SftpServer;
const faults = { ftp: new Faults(), sftp: new Faults(), folder: new Faults() };
const opened: RemoteFolder[] = [];

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'yici-remote-'));
  for (const kind of ['ftp', 'sftp', 'folder']) mkdirSync(path.join(dir, kind, 'in'), { recursive: true });
  ftp = await FtpServer.start({ root: path.join(dir, 'ftp'), user: 'hub', password: 'p@ss:word', faults: faults.ftp });
  sftp = await SftpServer.start({ root: path.join(dir, 'sftp'), user: 'hub', password: 'p@ss:word', faults: faults.sftp, keyFile: path.join(dir, 'key') });
});
afterAll(async () => {
  await Promise.all(opened.map((remote) => remote.close()));
  await ftp.stop();
  await sftp.stop();
  rmSync(dir, { recursive: true });
});

function place(transport: FilePlace['transport'], more: Partial<FilePlace> = {}): FilePlace {
  const url = { ftp: `ftp://hub:p%40ss%3Aword@127.0.0.1:${ftp.port}`, sftp: `sftp://hub:p%40ss%3Aword@127.0.0.1:${sftp.port}`, folder: path.join(dir, 'folder') }[transport];
  return { transport, url, folder: 'in', hostKey: sftp.fingerprint, timeoutMs: 3000, allowedHosts: HOSTS, side: 'source', ...more };
}
function open(transport: FilePlace['transport'], more: Partial<FilePlace> = {}): RemoteFolder {
  const of = place(transport, more);
  const remote = transport === 'ftp' ? new FtpRemote(of) : transport === 'sftp' ? new SftpRemote(of) : new LocalRemote(of);
  opened.push(remote);
  return remote;
}
const there = (transport: string, name = ''): string => path.join(dir, transport, 'in', name);

describe.each(['ftp', 'sftp', 'folder'] as const)('a folder over %s', (transport) => {
  it('lists, describes, fetches, reads, and puts a file whole', async () => {
    const remote = open(transport);
    writeFileSync(there(transport, 'a.csv'), 'one,二\r\n');
    expect(await remote.names()).toContain('a.csv');
    const found = (await remote.describe('a.csv'))!;
    expect(found.bytes).toBe(statSync(there(transport, 'a.csv')).size);
    expect(Math.abs(found.modifiedAt - statSync(there(transport, 'a.csv')).mtimeMs)).toBeLessThan(1000);
    expect(await remote.describe('b.csv')).toBeUndefined();
    const local = path.join(dir, `${transport}.fetched`);
    await remote.fetch('a.csv', local, { maxBytes: 100, signal: never });
    expect(readFileSync(local, 'utf8')).toBe('one,二\r\n');
    expect(statSync(local).mode & 0o077).toBe(0);
    expect((await remote.read('a.csv', 100))?.toString()).toBe('one,二\r\n');
    await remote.upload(partialName('c.csv'), Buffer.from('whole'));
    await renameWhole(remote, 'c.csv');
    expect(readFileSync(there(transport, 'c.csv'), 'utf8')).toBe('whole');
    expect(readdirSync(there(transport)).filter((n) => n.startsWith('.'))).toEqual([]);
  });

  it('gives up a file that is larger than it was said to be, and goes on', async () => {
    const remote = open(transport);
    writeFileSync(there(transport, 'large.csv'), Buffer.alloc(3_000_000, 0x61));
    await expect(remote.fetch('large.csv', path.join(dir, 'large'), { maxBytes: 1_000_000, signal: never })).rejects.toMatchObject({ code: 'YICI_FILE_TOO_LARGE' });
    expect(statSync(path.join(dir, 'large')).size).toBeLessThanOrEqual(1_000_000);
    expect(await remote.names()).toContain('large.csv');
    unlinkSync(there(transport, 'large.csv'));
  });
});

describe.each(['ftp', 'sftp'] as const)('a server over %s that fails', (transport) => {
  it.each(['error', 'disconnect'] as const)('by %s is unreachable once, and asked anew', async (kind) => {
    const remote = open(transport);
    await remote.names();
    faults[transport].fail({ kind }, 1);
    await expect(remote.names()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    expect(await remote.names()).toContain('a.csv');
  });

  it('by silence is given up after the time-out', async () => {
    const remote = open(transport, { timeoutMs: 500 });
    await remote.names();
    faults[transport].fail({ kind: 'slow', ms: 4000 }, 1);
    await expect(remote.names()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
  });

  it('by a lost answer to a renaming has renamed, even when the file is gone by then', async () => {
    const remote = open(transport);
    await remote.upload(partialName('d.csv'), Buffer.from('d'));
    faults[transport].fail({ kind: 'lost-answer' }, 1);
    const renaming = renameWhole(remote, 'd.csv');
    await expect(renaming).resolves.toBeUndefined();
    expect(readFileSync(there(transport, 'd.csv'), 'utf8')).toBe('d');
  });

  it('by a renaming that was cut before it was done leaves the temporary name, and may be repeated', async () => {
    const remote = open(transport);
    await remote.upload(partialName('e.csv'), Buffer.from('e'));
    faults[transport].fail({ kind: 'disconnect' }, 1);
    await expect(renameWhole(remote, 'e.csv')).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
    await renameWhole(remote, 'e.csv');
    expect(readFileSync(there(transport, 'e.csv'), 'utf8')).toBe('e');
  });

  it('refuses a wrong password, loudly and without showing it', async () => {
    const url = place(transport).url.replace('p%40ss', 'wrong');
    const error = await open(transport, { url }).names().catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'YICI_FILE_LOGIN_REFUSED' });
    expect(`${(error as Error).message}`).not.toContain('wrong');
  });
});

describe('what no server is asked', () => {
  it('a host that is not allowed, another protocol, no address', () => {
    expect(() => open('ftp', { url: 'ftp://hub:x@example.org' })).toThrow(expect.objectContaining({ code: 'YICI_HOST_NOT_ALLOWED' }));
    expect(() => open('sftp', { url: 'ftp://hub:x@127.0.0.1' })).toThrow(expect.objectContaining({ code: 'YICI_URL_UNREADABLE' }));
    expect(() => open('ftp', { url: '' })).toThrow(expect.objectContaining({ code: 'YICI_URL_UNREADABLE' }));
  });

  it('an SFTP server with another key gets no password', async () => {
    const other = await SftpServer.start({ root: dir, user: 'hub', password: 'x', faults: new Faults(), keyFile: path.join(dir, 'other-key') });
    await expect(open('sftp', { url: `sftp://hub:x@127.0.0.1:${other.port}` }).names()).rejects.toMatchObject({ code: 'YICI_FILE_HOST_KEY_WRONG' });
    await expect(open('sftp', { hostKey: '' }).names()).rejects.toMatchObject({ code: 'YICI_FILE_HOST_KEY_WRONG' });
    await other.stop();
  });

  it('a dead port, and a port where something else answers', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const { port } = dead.address() as { port: number };
    await new Promise((resolve) => dead.close(resolve));
    for (const transport of ['ftp', 'sftp'] as const) await expect(open(transport, { url: `${transport}://hub:x@127.0.0.1:${port}` }).names()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
    const asked: Socket[] = [];
    const web: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 200 OK\r\n\r\n<html></html>');
      asked.push(socket);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const at = (web.address() as { port: number }).port;
    for (const transport of ['ftp', 'sftp'] as const) await expect(open(transport, { url: `${transport}://hub:x@127.0.0.1:${at}` }).names()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
    for (const socket of asked) socket.destroy();
    await new Promise((resolve) => web.close(resolve));
  });

  it('a folder that is away says nothing about its files', async () => {
    await expect(open('folder', { folder: 'absent' }).describe('x')).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
  });
});
