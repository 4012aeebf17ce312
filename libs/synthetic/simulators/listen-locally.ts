import type { AddressInfo, Server } from 'node:net';

/** Listens on this machine alone; port 0 or none: any free one. Throws when the port is taken. */
export async function listenLocally(server: Server, port = 0): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
