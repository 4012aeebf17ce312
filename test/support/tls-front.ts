import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Shown } from './certificates.js';

/** What a PostgreSQL client asks before it speaks TLS: length 8, code 80877103. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** An encrypted door before a server that speaks plainly, as offices have it: shows a certificate, and passes on what comes through it. */
export class TlsFront {
  /** Bytes that came through, decrypted: what a client said to a server whose certificate it took. */
  said = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, private shown: Shown) {}

  /** `postgres`: TLS begins when it is asked for, in the way of PostgreSQL; otherwise with the first byte. */
  static async before(address: string, kind: 'https' | 'postgres', shown: Shown): Promise<TlsFront> {
    const behind = Number(new URL(address).port);
    const server = createServer();
    const front = new TlsFront(server, shown);
    server.on('connection', (client) => {
      front.watch(client);
      if (kind === 'https') front.pass(client, behind);
      else {
        client.once('data', (asked) => {
          if (!asked.equals(SSL_REQUEST)) return void client.destroy();
          client.write('S', () => front.pass(client, behind));
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Shows another certificate from now on; who is connected must come again. */
  show(shown: Shown): void {
    this.shown = shown;
    this.said = 0;
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(client: Socket, behind: number): void {
    const opened = new TLSSocket(client, { isServer: true, secureContext: createSecureContext(this.shown) });
    const upstream = connect(behind, '127.0.0.1');
    this.watch(upstream);
    const end = (): void => {
      opened.destroy();
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [opened, upstream]) socket.on('error', end).on('close', end);
    opened.on('data', (bytes: Buffer) => {
      this.said += bytes.length;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => opened.write(bytes));
  }

  private watch(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }
}
