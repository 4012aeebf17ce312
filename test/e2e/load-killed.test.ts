import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LoadResult } from '#libs/bulk/load-result';
import { generateCity } from '#libs/synthetic/generate-city';
import { newDataDir, removeDataDir, yici, yiciJson } from '#test/support/child-process';
import { seededRandom } from '#test/support/seeded-random';

const KILLS = Number(process.env['YICI_TEST_KILLS'] ?? 6);
const city = mkdtempSync(path.join(os.tmpdir(), 'yici-city-'));
const dataDirs: string[] = [];
let undisturbed: LoadResult;
let tookMs: number;

function dataDir(): string {
  const dir = newDataDir();
  dataDirs.push(dir);
  return dir;
}

beforeAll(async () => {
  await generateCity({ persons: 2000, seed: 'killed load' }, city);
  const started = performance.now();
  undisturbed = await yiciJson<LoadResult>('load', city, '--data-dir', dataDir());
  tookMs = performance.now() - started;
}, 300_000);
afterAll(async () => {
  for (const dir of dataDirs) await removeDataDir(dir);
  rmSync(city, { recursive: true, force: true });
}, 60_000);

it(`a load killed at ${KILLS} random moments is run again, and gives the same store`, async () => {
  const random = seededRandom('load-killed');
  let dir = dataDir();
  let killed = 0;
  while (killed < KILLS) {
    const afterMs = Math.round(tookMs * random());
    const load = yici('load', city, '--data-dir', dir, '--json');
    await Promise.race([sleep(afterMs), load.ended]);
    const { code, signal, stdout } = await load.kill();
    if (signal === 'SIGKILL') killed += 1;
    // Too late to kill it, or the one before was killed after its commit and this one found every file read: all of it is there.
    // One that had said it was done before it was killed is held to its word.
    if (code === 0 || stdout !== '') {
      expect((JSON.parse(stdout.trim().split('\n').at(-1)!) as LoadResult).partitionHash).toBe(undisturbed.partitionHash);
      await expectWhole(dir);
      dir = dataDir();
    } else expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
    process.stderr.write(`load-killed: after ${afterMs} ms of ${Math.round(tookMs)}: ${signal ?? `exit ${code}`}\n`);
  }
  const last = await yiciJson<LoadResult>('load', city, '--data-dir', dir);
  expect([last.partitionHash, last.entities]).toEqual([undisturbed.partitionHash, undisturbed.entities]);
  await expectWhole(dir);
}, 900_000);

/** Every record with its entity, nothing twice. */
async function expectWhole(dir: string): Promise<void> {
  const rows = async (what: string): Promise<number> => (await yiciJson<{ rows: number }>('export', what, '--out', path.join(dir, 'out.csv'), '--data-dir', dir)).rows;
  const sum = (k: 'accepted' | 'dead'): number => Object.values(undisturbed.rows).reduce((n, r) => n + r[k], 0);
  expect(await rows('persons')).toBe(undisturbed.entities.person);
  expect(await rows('households')).toBe(undisturbed.entities.household);
  expect(await rows('dwellings')).toBe(undisturbed.entities.dwelling);
  expect(await rows('dead-letters')).toBe(sum('dead'));
  expect(await rows('reviews')).toBe(undisturbed.reviews);
}
