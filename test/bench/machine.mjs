// What the machine itself can do, measured in the same run as the figure it is compared with.
import { createHash, randomBytes } from 'node:crypto';
import os from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import copy from 'pg-copy-streams';

/** Cores, memory, versions and how busy the machine was when the run began. */
export function machine() {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown', cores: os.availableParallelism(), memoryGiB: Math.round(os.totalmem() / 2 ** 30), node: process.version, platform: `${os.platform()} ${os.arch()}`,
    loadBefore: Math.round(os.loadavg()[0] * 10) / 10,
  };
}

/** SHA-256 of 256 MiB, one thread. */
export function hashProbe() {
  const block = randomBytes(1 << 20);
  const hash = createHash('sha256');
  const started = performance.now();
  for (let i = 0; i < 256; i++) hash.update(block);
  hash.digest();
  return { mibPerSecond: Math.round(256 / ((performance.now() - started) / 1000)) };
}

/** COPY of rows of 200 bytes into a bare table of the same server. */
export async function copyProbe(url, rows = 300_000) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('create temporary table copy_probe (id bigint, body text)');
    const body = 'x'.repeat(190);
    const chunks = function* () {
      for (let i = 0; i < rows; i += 1000) yield Array.from({ length: 1000 }, (_, k) => `${i + k}\t${body}\n`).join('');
    };
    const started = performance.now();
    await pipeline(Readable.from(chunks()), client.query(copy.from('copy copy_probe from stdin')));
    return { rowsPerSecond: Math.round(rows / ((performance.now() - started) / 1000)) };
  } finally {
    await client.end();
  }
}

export function round(n, digits = 1) {
  return Math.round(n * 10 ** digits) / 10 ** digits;
}
