import { createServer, type AddressInfo } from 'node:net';
import { YiciError } from '#libs/kernel/errors';

/** The port itself when nobody listens on it, any free one for 0. Asked before long work, so that a taken port is no surprise at its end. */
export function freePort(port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause: NodeJS.ErrnoException) => reject(new YiciError({
      code: cause.code === 'EADDRINUSE' ? 'YICI_HUB_PORT_TAKEN' : 'YICI_HUB_CANNOT_LISTEN', stage: 'config', cause,
      message: `The hub cannot listen on ${host}:${port}${cause.code === 'EADDRINUSE' ? ': another program does' : ''}.`, fix: 'Give another --port, or stop the other program.',
    })));
    probe.listen(port, host, () => {
      const found = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(found));
    });
  });
}
