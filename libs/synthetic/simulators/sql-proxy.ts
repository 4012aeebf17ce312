import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from './faults.js';
import { listenLocally, portOf } from './listen-locally.js';

/** Kinds that a database behind this door can throw. */
export const SQL_FAULTS = ['slow', 'error', 'busy', 'disconnect', 'lost-answer'] as const;

/** Where the door asks what the next request meets. */
export type Meets = Pick<Faults, 'next' | 'peek'>;

/** For so long a busy table is locked. */
const BUSY_MS = 2000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'postgres:': 5432, 'postgresql:': 5432, 'mysql:': 3306, 'mariadb:': 3306 };

/**
 * The door of a simulated system's database: real connections to the real server pass through it, and meet the faults that the system was
 * told to throw. A request is what a client sends at once.
 */
export class SqlProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, private readonly target: URL) {}

  /** `lock`: locks the system's tables for some milliseconds. */
  static async start(targetUrl: string, faults: Meets, lock: (ms: number) => Promise<void>, port = 0): Promise<SqlProxy> {
    const target = new URL(targetUrl);
    const server = createServer();
    const proxy = new SqlProxy(server, target);
    server.on('connection', (client) => proxy.pass(client, faults, lock));
    await listenLocally(server, port);
    return proxy;
  }

  /** The database's URL, through this door. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(portOf(this.server));
    return url.href;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(client: Socket, faults: Meets, lock: (ms: number) => Promise<void>): void {
    const { target } = this;
    const upstream = connect(Number(target.port || DEFAULT_PORTS[target.protocol]), target.hostname);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    const mysql = /^(mysql|mariadb):/.test(target.protocol);
    let lost = false;
    upstream.on('data', (data) => (lost ? end() : client.write(data)));
    let last: Promise<void> = Promise.resolve();
    client.on('data', (data: Buffer) => {
      last = last.then(async () => {
        // An answer can only be lost of a request that did something.
        const spared = faults.peek()?.kind === 'lost-answer' && !data.toString('latin1').toLowerCase().includes('commit');
        const fault = spared ? undefined : faults.next();
        switch (fault?.kind) {
          case 'slow': await sleep(fault.ms); break;
          case 'busy': void lock(BUSY_MS).catch(() => undefined); await sleep(50); break;
          case 'disconnect': return end();
          case 'lost-answer': lost = true; break;
          case 'error': return void client.write(mysql ? mysqlError(data) : POSTGRES_ERROR);
        }
        if (!upstream.destroyed) upstream.write(data);
      });
    });
  }
}

/** ErrorResponse (internal error) and ReadyForQuery. */
const POSTGRES_ERROR = Buffer.concat([postgresMessage('E', 'SERROR\0VERROR\0CXX000\0Minternal error\0\0'), postgresMessage('Z', 'I')]);

function postgresMessage(type: string, text: string): Buffer {
  const body = Buffer.from(text, 'latin1');
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** ERR_Packet 1105 (unknown error), numbered as the answer to a packet. */
function mysqlError(request: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([0xff, 0x51, 0x04]), Buffer.from('#HY000internal error', 'latin1')]);
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, (request[3] ?? 0) + 1]), body]);
}
