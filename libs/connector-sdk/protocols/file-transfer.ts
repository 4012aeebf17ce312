import { createWriteStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TransferLimits } from '../remote-folder.js';
import { tooLarge } from './file-place.js';

/** A transfer may take its server's silence once, and then must bring so many bytes a second: a drip is no transfer. */
const SLOWEST_BYTES_A_SECOND = 16 * 1024;

/** Counts what passes and gives up beyond `maxBytes`. */
export function bounded(name: string, maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge(name, maxBytes));
      else done(null, chunk);
    },
  });
}

/** Milliseconds that a transfer of so many bytes may take as a whole. */
export function longestTransfer(bytes: number, timeoutMs: number): number {
  return Math.ceil(timeoutMs + (bytes / SLOWEST_BYTES_A_SECOND) * 1000);
}

/** A file that only the hub's user may read, written as it comes. */
export function privateFile(path: string): NodeJS.WritableStream {
  return createWriteStream(path, { mode: 0o600, flush: true });
}

/** Streams to a local file within size, deadline and the caller's patience. */
export async function streamToFile(from: Readable, name: string, toPath: string, limits: TransferLimits, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(longestTransfer(limits.maxBytes, timeoutMs))]);
  await pipeline(from, bounded(name, limits.maxBytes), privateFile(toPath), { signal });
}
