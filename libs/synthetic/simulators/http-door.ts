import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenLocally, portOf } from './listen-locally.js';

/** The door of a simulated system that speaks HTTP. A request whose handling throws is cut. */
export class HttpDoor {
  private constructor(private readonly server: Server) {}

  static async open(port: number | undefined, serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<HttpDoor> {
    const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
    await listenLocally(server, port);
    return new HttpDoor(server);
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}`;
  }

  /** Cuts what is under way. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The body of a request; undefined when it is longer than `largest` bytes. */
export async function readBody(request: IncomingMessage, largest: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
