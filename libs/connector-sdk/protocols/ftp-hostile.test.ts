import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FtpRemote } from './ftp-remote.js';

// A server that speaks FTP and means no good: written here to the byte, for no proper server can be told to do this.
const never = new AbortController().signal;
const HERE = '127.0.0.1';
/** Another address of this machine, where somebody else would listen. */
const ELSEWHERE = '127.0.0.2';

let dir: string;
let remote: FtpRemote;
let control: Server;
let data: Server;
let strange: Server;
let strangers = 0;
const sockets = new Set<Socket>();
/** What the next data connection sends. */
let send: (socket: Socket) => void;
let pasv: string;

async function listening(server: Server, host: string, port = 0): Promise<number> {
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'yici-ftp-'));
  strangers = 0;
  data = createServer((socket) => send(socket));
  const port = await listening(data, HERE);
  strange = createServer((socket) => {
    strangers += 1;
    socket.destroy();
  });
  await listening(strange, ELSEWHERE, port);
  pasv = HERE;
  control = createServer((socket) => {
    socket.write('220 ready\r\n');
    socket.setEncoding('latin1').on('data', (text: unknown) => {
      for (const line of String(text).split('\r\n').filter(Boolean)) {
        const command = line.split(' ', 1)[0]!.toUpperCase();
        const passive = `227 Entering Passive Mode (${pasv.replaceAll('.', ',')},${port >> 8},${port & 255})`;
        const answers: Record<string, string> = { USER: '331 password', PASS: '230 in', TYPE: '200 ok', CWD: '250 ok', PASV: passive, LIST: '150 here', RETR: '150 here', SIZE: '213 1000' };
        socket.write(`${answers[command] ?? '502 no'}\r\n`);
      }
    });
  });
  const at = await listening(control, HERE);
  remote = new FtpRemote({ transport: 'ftp', url: `ftp://hub:x@${HERE}:${at}`, folder: 'in', timeoutMs: 700, allowedHosts: [HERE], side: 'source' });
});
afterEach(async () => {
  await remote.close();
  for (const socket of sockets) socket.destroy();
  for (const server of [control, data, strange]) await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

describe('an FTP server that means no good', () => {
  it('sends nobody to another host for the data', async () => {
    pasv = ELSEWHERE;
    send = (socket) => socket.end('');
    const file = path.join(dir, 'a');
    await remote.fetch('a.csv', file, { maxBytes: 1000, signal: never }).catch(() => undefined);
    expect(strangers).toBe(0);
  });

  it('that drips byte by byte is left after the time of the whole transfer, though it is never silent', async () => {
    let drip: NodeJS.Timeout | undefined;
    send = (socket) => {
      drip = setInterval(() => socket.write('x'), 50);
      socket.on('close', () => clearInterval(drip));
    };
    await expect(remote.fetch('a.csv', path.join(dir, 'a'), { maxBytes: 1000, signal: never })).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    clearInterval(drip);
  }, 20_000);

  it('that sends 100 MB where a little was listed is left while it sends', async () => {
    let sent = 0;
    const piece = Buffer.alloc(1 << 20, 0x78);
    send = (socket) => {
      const more = (): void => {
        while (sent < 100 && !socket.destroyed && socket.write(piece)) sent += 1;
      };
      socket.on('drain', more);
      more();
    };
    const file = path.join(dir, 'a');
    await expect(remote.fetch('a.csv', file, { maxBytes: 1 << 20, signal: never })).rejects.toMatchObject({ code: 'YICI_FILE_TOO_LARGE' });
    expect(sent).toBeLessThan(100);
    expect(existsSync(file) ? statSync(file).size : 0).toBeLessThanOrEqual(1 << 20);
  }, 20_000);
});
