import { Readable } from 'node:stream';
import type { SnapshotFile } from '../row.js';

/** A snapshot file held in memory: an upload, a fixture. `beside` holds the files that lie next to it, by name. */
export function memoryFile(name: string, bytes: Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}): SnapshotFile {
  return {
    name,
    bytes: bytes.length,
    // In pieces, as a disk or a wire would give them.
    open: () => Readable.from(pieces(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)), { objectMode: false, highWaterMark: 64 * 1024 }),
    beside: (other) => (Object.hasOwn(beside, other) ? memoryFile(other, beside[other]!, beside) : undefined),
  };
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}
