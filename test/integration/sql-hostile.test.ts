import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSqlSource } from '#libs/connector-sdk/protocols/sql-source';
import { sqlError } from '#libs/connector-sdk/protocols/sql-fault';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

// What stands where a database should, or stops being one: the hub must leave it in time, and say so.
let db: TestDatabase;
const servers: Server[] = [];
const sockets = new Set<Socket>();

async function serve(on: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    on(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const open = (url: string) => openSqlSource({ url, schema: 'public', allowedHosts: ['127.0.0.1'], as: 'source', silentMs: 700 });
const AWAY = { code: 'YICI_SOURCE_UNREACHABLE', retriable: true };

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  await db.drop();
});

describe.each(['postgres', 'mariadb'])('where a database (%s) should be', (scheme) => {
  it.each<[string, (socket: Socket) => void]>([
    ['nobody says a word', () => undefined],
    ['a web page comes', (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>login</html>')],
    ['bytes drip that are nothing', (socket) => {
      const drip = setInterval(() => socket.write('\u0000'), 100);
      socket.on('close', () => clearInterval(drip));
    }],
    ['the line is cut', (socket) => void socket.destroy()],
  ])('and %s, it is away', async (_what, on) => {
    const port = await serve(on);
    const opened = open(`${scheme}://hub:a-password@127.0.0.1:${port}/exchange`);
    const error: unknown = await opened.then(() => undefined, (e: unknown) => e);
    expect(error).toMatchObject(AWAY);
    expect(String((error as Error).message)).not.toMatch(/a-password|hub/);
  }, 40_000);
});

describe('a database', () => {
  it('that falls silent in the middle of an answer is left, and asked again on a new connection', async () => {
    let dumb = false;
    const upstream = new URL(db.ownerUrl);
    const port = await serve((client) => {
      const server = connect(Number(upstream.port), upstream.hostname);
      sockets.add(server);
      server.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('data', (bytes) => server.write(bytes)).on('close', () => server.destroy());
      server.on('data', (bytes) => {
        if (!dumb) client.write(bytes);
      });
    });
    const source = await open(Object.assign(new URL(db.ownerUrl), { port: String(port) }).href);
    const ask = () => source.read({ text: 'select 1 as n', values: [] });
    try {
      expect(await ask()).toEqual([{ n: '1' }]);
      dumb = true;
      const error: unknown = await ask().then(() => undefined, (e: unknown) => sqlError(e, 'source'));
      expect(error).toMatchObject(AWAY);
      dumb = false;
      expect(await ask()).toEqual([{ n: '1' }]);
    } finally {
      await source.close();
    }
  }, 40_000);
});
