import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeEvent, encodeEvent } from '#libs/bus/cloud-event';
import type { LogMessage } from '#libs/bus/log';
import { PostgresLog } from '#libs/bus/postgres-log';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { openCityDirectory } from '#libs/intake/city-directory';
import { uuidv7 } from '#libs/kernel/ids';
import { TOPIC } from '#libs/model/events';
import { silentLogger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { projectRoot } from '#libs/platform/project-root';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { recordRef, keyOf } from '#libs/store/source-record-codec';
import { generateCity } from '#libs/synthetic/generate-city';
import { NodeProcess } from '#test/support/child-process';
import { loadedCity } from '#test/support/loaded-city';
import { seededRandom, shuffled } from '#test/support/seeded-random';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const KILLS = Number(process.env['YICI_TEST_KILLS'] ?? 6);
const RESOLUTION = 'resolution';
const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-stream-'));
const keysFile = path.join(dir, 'keys.json');
let db: TestDatabase;
let sealing: Sealing;
let listener: PostgresListener;
let log: PostgresLog;
let bulkHash: string;
const started: NodeProcess[] = [];

beforeAll(async () => {
  await generateCity({ persons: 800, seed: 'killed stream' }, path.join(dir, 'city'));
  bulkHash = (await loadedCity(path.join(dir, 'city'))).result.partitionHash;
  db = await createTestDatabase();
  sealing = new Sealing(loadSealingKeys(keysFile, { create: true }).keys);
  listener = new PostgresListener(db.pool, silentLogger);
  log = new PostgresLog({ pool: db.pool, listener, logger: silentLogger });
  await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: 8 })));
}, 300_000);
afterAll(async () => {
  for (const p of started) await p.kill();
  await log.close();
  await listener.close();
  await db.drop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

/** Every source record of the city as intake would publish it. */
async function messagesOfCity(): Promise<LogMessage[]> {
  const messages: LogMessage[] = [];
  const city = await openCityDirectory(path.join(dir, 'city'));
  for (const connector of loadConnectors(path.join(projectRoot(), 'connectors'))) {
    for await (const batch of readSnapshot(connector, city.dir, city)) {
      for (const row of batch.rows) {
        if (row.kind !== 'accepted') continue;
        for (const record of row.records) {
          const event = { id: uuidv7(Date.now()), type: TOPIC.sourceRecordAccepted, source: '/intake', time: new Date().toISOString(), data: { record } };
          messages.push({ key: recordRef(sealing, keyOf(record)).toString('hex'), value: encodeEvent(sealing, event) });
        }
      }
    }
  }
  return messages;
}

function startResolution(): NodeProcess {
  const resolution = new NodeProcess('test/support/resolution-process.mjs', [], {
    DATABASE_URL: db.ownerUrl, YICI_KEYS_FILE: keysFile, YICI_DATA_DIR: dir, YICI_SHUTDOWN_SECONDS: '60',
  });
  started.push(resolution);
  return resolution;
}

async function drained(): Promise<void> {
  for (const end = Date.now() + 300_000; ;) {
    const behind = (await log.positions(RESOLUTION, [TOPIC.sourceRecordAccepted])).filter((p) => p.committed !== p.end);
    const { rows } = await db.pool.query<{ n: string }>('select count(*) as n from outbox');
    if (behind.length === 0 && Number(rows[0]!.n) === 0) return;
    if (Date.now() > end) throw new Error('resolution did not catch up with the log in five minutes');
    await sleep(100);
  }
}

async function count(sql: string): Promise<number> {
  return Number((await db.pool.query<{ n: string }>(`select count(*) as n from ${sql}`)).rows[0]!.n);
}

/** Messages whose effect is committed. */
function done(): Promise<number> {
  return count(`inbox where consumer = '${RESOLUTION}'`);
}

it(`a resolution killed at ${KILLS} random moments of a stream loses nothing and does nothing twice`, async () => {
  const random = seededRandom('stream-killed');
  const messages = shuffled(await messagesOfCity(), random);
  const slice = Math.ceil(messages.length / KILLS);
  for (let i = 0; i < KILLS; i++) {
    const resolution = startResolution();
    await resolution.printed('ready');
    await log.publish(TOPIC.sourceRecordAccepted, messages.slice(i * slice, (i + 1) * slice));
    // A publisher that could not know whether it was heard says it again.
    await log.publish(TOPIC.sourceRecordAccepted, messages.slice(i * slice, i * slice + 20));
    // Every other time at any moment, also before the partitions of the one killed before are free; else once it is at work.
    const before = await done();
    while (i % 2 === 1 && (await done()) === before) await sleep(20);
    const afterMs = Math.round(random() * 1500);
    await sleep(afterMs);
    expect((await resolution.kill()).signal).toBe('SIGKILL');
    process.stderr.write(`stream-killed: after ${afterMs} ms ${i % 2 === 1 ? 'of work' : 'up'}: ${await done()} of ${Math.min((i + 1) * slice, messages.length)} done, ${before} before\n`);
  }
  const last = startResolution();
  await last.printed('ready');
  await drained();

  expect(await count('dead_letter')).toBe(0);
  expect(await done()).toBe(messages.length);
  expect(await storedPartitionHash(db.pool, sealing)).toBe(bulkHash);
  await expectEachVersionOnce();

  const before = await footprint();
  await fromTheBeginning(last);
  expect(await footprint()).toEqual(before);
}, 900_000);

/** Every version of every golden record is there once and was announced by exactly one event, however often the relay said it. */
async function expectEachVersionOnce(): Promise<void> {
  expect(await count('entity e where e.version <> 1 + (select count(*) from entity_version v where v.entity_id = e.id)')).toBe(0);
  const announced = new Map<string, Set<string>>();
  const { rows } = await db.pool.query<{ value: Buffer }>(`select value from log_message where topic = $1`, [TOPIC.goldenRecordChanged]);
  for (const { value } of rows) {
    const { id, data } = decodeEvent(sealing, TOPIC.goldenRecordChanged, value);
    const version = `${data.entityId} ${data.version}`;
    announced.set(version, (announced.get(version) ?? new Set()).add(id));
  }
  expect([...announced].filter(([, events]) => events.size !== 1)).toEqual([]);
  const versions = await db.pool.query<{ n: string }>('select coalesce(sum(version), 0) as n from entity');
  expect(announced.size).toBe(Number(versions.rows[0]!.n));
}

/** What any second effect would change. */
async function footprint(): Promise<Record<string, number | string>> {
  const { rows } = await db.pool.query<{ n: string }>('select coalesce(sum(version), 0) as n from entity');
  return {
    versions: rows[0]!.n, records: await count('source_record'), recordVersions: await count('source_record_version'), crosswalk: await count('crosswalk'),
    history: await count('crosswalk_history'), reviews: await count('review'), announced: await count(`log_message where topic = '${TOPIC.goldenRecordChanged}'`),
    hash: await storedPartitionHash(db.pool, sealing),
  };
}

/** The whole topic is read once more. */
async function fromTheBeginning(running: NodeProcess): Promise<void> {
  expect((await running.stop()).code).toBe(0);
  await db.asOwner(async (client) => {
    await client.query('delete from log_cursor where consumer_group = $1', [RESOLUTION]);
  });
  const again = startResolution();
  await again.printed('ready');
  await drained();
  expect((await again.stop()).code).toBe(0);
}
