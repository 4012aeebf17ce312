import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { freePort } from '#apps/cli/free-port';
import { OFFICE_ACCOUNT, officeAccount } from '#apps/cli/demo/office-account';
import { startLegacy, type Legacy } from '#apps/legacy/start-legacy';
import type { LoadResult } from '#libs/bulk/load-result';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { openStore } from '#libs/store/open-store';
import { generateCity } from '#libs/synthetic/generate-city';
import { newDataDir, removeDataDir, yiciJson } from '#test/support/child-process';
import { HubProcess } from '#test/support/hub-process';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { until } from '#test/support/until';

// The same dirty city twice: its files loaded, and its systems asked over their own protocols. What could not be read must be the same rows.

/**
 * What a protocol cannot carry as it lies in the file, by the code it has there. Its system leaves such a row out and names it in its log.
 * Everything else must be the same.
 */
const CANNOT_CARRY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hukou: { YICI_ROW_WRONG_COLUMN_COUNT: 'a row of a table has its columns', YICI_ROW_BROKEN_BYTES: 'a text column of a database holds characters, no broken bytes' },
  'social-assistance': { YICI_ROW_WRONG_COLUMN_COUNT: 'a row of a table has its columns' },
  corrections: { YICI_ROW_WRONG_COLUMN_COUNT: 'a row of a table has its columns' },
  housing: { YICI_ROW_WRONG_COLUMN_COUNT: 'a row of a view has its columns' },
  grid: { YICI_ROW_MALFORMED_JSON: 'a service writes whole JSON', YICI_ROW_KEY_MISSING: 'the system gives out its own keys: it holds nobody without one' },
  'smart-community': { YICI_ROW_MALFORMED_JSON: 'a service writes whole JSON', YICI_ROW_KEY_MISSING: 'an account without its id is none' },
};
/** They say what they hold only when they are told to; the others are asked. */
const PUSHING = ['grid', 'smart-community', 'party-volunteer'];

interface Letter {
  system: string;
  code: string;
  recordType: string;
  /** Absent where the row has none that could be read. */
  naturalKey?: string;
}

const liveDir = newDataDir();
const loadDir = newDataDir();
const city = path.join(liveDir, 'city');
let legacyDb: TestDatabase;
let legacy: Legacy;
let hub: HubProcess;
/** What the simulators said they left out, by system. */
const leftOut = new Map<string, number>();

async function letters({ pool, sealing }: { pool: pg.Pool; sealing: Sealing }): Promise<Letter[]> {
  const { rows } = await pool.query<{ system: string; code: string; record_type: string; sealed_natural_key: Buffer | null }>('select system, code, record_type, sealed_natural_key from dead_letter');
  return rows.map((r) => ({ system: r.system, code: r.code, recordType: r.record_type, ...(r.sealed_natural_key !== null && { naturalKey: sealing.openText(r.sealed_natural_key) }) }));
}

const lines = (all: readonly Letter[]): string[] => all.map((l) => `${l.system} ${l.code} ${l.recordType} ${l.naturalKey ?? ''}`.trim()).sort();

beforeAll(async () => {
  await generateCity({ persons: 300, seed: 'dead letters' }, city);
  mkdirSync(path.join(liveDir, 'divisions'));
  for (const file of ['city.yaml', 'divisions.csv']) copyFileSync(path.join(city, file), path.join(liveDir, 'divisions', file));
  legacyDb = await createTestDatabase();
  const port = await freePort(0);
  const secrets: Record<string, string> = {};
  const secret = (name: string): string => (secrets[name] ??= `secret-of-${name}-${'x'.repeat(32)}`);
  legacy = await startLegacy({
    cityDir: city, hubUrl: `http://127.0.0.1:${port}`, databaseUrl: legacyDb.ownerUrl, dir: path.join(liveDir, 'legacy'), secret,
    log: (event, details) => {
      const { system } = details as { system: string };
      if (event === 'row-left-out') leftOut.set(system, (leftOut.get(system) ?? 0) + 1);
    },
  });
  hub = new HubProcess(path.join(liveDir, 'hub'), path.join(liveDir, 'divisions'), port, { YICI_POLL_AT_MOST_SECONDS: '2', ...secrets, ...legacy.environment });
  mkdirSync(hub.dataDir, { mode: 0o711 });
  await hub.start();
  secrets[OFFICE_ACCOUNT] = await officeAccount(await hub.as('admin'));
  await Promise.all(PUSHING.map((system) => legacy.of(system).publish()));
}, 300_000);

afterAll(async () => {
  await hub?.stop();
  await legacy?.stop();
  await legacyDb?.drop();
  await removeDataDir(hub.dataDir);
  await removeDataDir(liveDir);
  await removeDataDir(loadDir);
}, 120_000);

describe('a dirty city through twelve protocols, before anything is approved', () => {
  it('leaves the same dead letters as its files do', async () => {
    const loaded = await yiciJson<LoadResult>('load', city, '--data-dir', loadDir);
    await atRest();
    const sealing = new Sealing(loadSealingKeys(path.join(hub.dataDir, 'keys.json'), { create: false }).keys);
    const pool = await hub.database();
    const live = await letters({ pool, sealing }).finally(() => pool.end());
    const store = await openStore(readConfig({ YICI_DATA_DIR: loadDir }, {}), silentLogger);
    const files = await letters(store).finally(() => store.close());
    expect(Object.values(loaded.rows).map((r) => r.dead)).toEqual(legacy.simulators.map(() => expect.any(Number)));
    expect(files).toHaveLength(Object.values(loaded.rows).reduce((sum, r) => sum + r.dead, 0));
    const carried = files.filter((l) => CANNOT_CARRY[l.system]?.[l.code] === undefined);
    expect(lines(live)).toEqual(lines(carried));
    // What is not there was left out by its system, which said so; not by the hub.
    for (const { system } of legacy.simulators) {
      const missing = files.filter((l) => l.system === system).length - carried.filter((l) => l.system === system).length;
      expect([system, missing]).toEqual([system, leftOut.get(system) ?? 0]);
      expect([system, missing]).toEqual([system, Object.keys(CANNOT_CARRY[system] ?? {}).length]);
    }
  }, 600_000);
});

/** No row came for a while, from any of them. */
async function atRest(): Promise<void> {
  const pool = await hub.database();
  let before = '';
  let since = Date.now();
  try {
    await until(async () => {
      const { rows } = await pool.query<{ state: string; systems: number }>(
        `select (select coalesce(sum(rows_read), 0) from row_total) || ' ' || (select count(*) from dead_letter) as state, (select count(distinct system)::int from row_total) as systems`);
      if (rows[0]!.state !== before || rows[0]!.systems < legacy.simulators.length) since = Date.now();
      before = rows[0]!.state;
      await sleep(400);
      return Date.now() - since;
    }, (quiet) => quiet > 10_000);
  } finally {
    await pool.end();
  }
}
