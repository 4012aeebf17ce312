import { createHash, generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import ssh2, { type Connection } from 'ssh2';
import { SftpRemote } from './sftp-remote.js';

let server: ssh2.Server;
let hostKey: string;
const connections = new Set<Connection>();
let asked = 0;

beforeAll(async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  hostKey = `SHA256:${createHash('sha256').update((ssh2.utils.parseKey(key) as ssh2.ParsedKey).getPublicSSH()).digest('base64')}`;
  server = new ssh2.Server({ hostKeys: [key] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    // Lets in, answers every sign of life, and never opens the files.
    connection.on('session', (accept) => void accept().on('sftp', () => (asked += 1)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  for (const connection of connections) connection.end();
  await new Promise<void>((done) => server.close(() => done()));
});

it('a server that lets in and never opens its files is away, and the connection is given up', async () => {
  const remote = new SftpRemote({
    transport: 'sftp', url: `sftp://hub:x@127.0.0.1:${(server.address() as AddressInfo).port}`, folder: '.', hostKey, timeoutMs: 1000, allowedHosts: ['127.0.0.1'], side: 'source',
  });
  for (let i = 1; i <= 2; i++) {
    await expect(remote.names()).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    expect(asked).toBe(i);
  }
  await remote.close();
});
