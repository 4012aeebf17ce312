import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type pg from 'pg';
import { freePort } from '#apps/cli/free-port';
import { OFFICE_ACCOUNT, officeAccount } from '#apps/cli/demo/office-account';
import type { HubClient } from '#apps/cli/hub-client';
import { startLegacy, type Legacy } from '#apps/legacy/start-legacy';
import { decodeEvent, encodeEvent } from '#libs/bus/cloud-event';
import { PostgresLog } from '#libs/bus/postgres-log';
import { TOPIC } from '#libs/model/events';
import type { ReceiptLine } from '#libs/model/receipt';
import { silentLogger } from '#libs/platform/logger';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { Sealing } from '#libs/platform/sealing';
import { loadSealingKeys } from '#libs/platform/sealing-keys';
import { decisionsInForce } from '#libs/resolution/decision-reader';
import { storedPartitionHash } from '#libs/resolution/partition-reader';
import { decodeSourceRecord, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import { generateCity } from '#libs/synthetic/generate-city';
import { Rng } from '#libs/synthetic/random';
import { everydayChange } from '#libs/synthetic/simulators/everyday-changes';
import { NodeProcess, newDataDir, removeDataDir } from '#test/support/child-process';
import { HubProcess } from '#test/support/hub-process';
import { seededRandom, shuffled } from '#test/support/seeded-random';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { differentAnew } from '#test/support/worked-out-anew';

const KILLS = Number(process.env['YICI_TEST_LIVE_KILLS'] ?? 4);
/** Systems that say of no record when it was changed. */
const TIMELESS: readonly string[] = ['family-planning', 'disability', 'social-insurance', 'housing'];
/** Longer than the longest back-off of a target that was away. */
const REST_LIMIT_MS = 300_000;
/** A system is polled every two seconds, after three failures eight later, and a file is read when it has stayed as it is from one look to the next. */
const LONGEST_PAUSE_MS = 20_000;

const dir = newDataDir();
const random = seededRandom('live-killed');
const rng = new Rng('live-killed');
let legacyDb: TestDatabase;
let freshDb: TestDatabase;
let legacy: Legacy;
let hub: HubProcess;
let worker: HubClient;
let sealing: Sealing;
let pool: pg.Pool;
/** Records that an office changed, as `system key`. */
const changedByOffice = new Set<string>();

beforeAll(async () => {
  const city = path.join(dir, 'city');
  await generateCity({ persons: 300, seed: 'live killed' }, city);
  mkdirSync(path.join(dir, 'divisions'));
  for (const file of ['city.yaml', 'divisions.csv']) copyFileSync(path.join(city, file), path.join(dir, 'divisions', file));
  [legacyDb, freshDb] = [await createTestDatabase(), await createTestDatabase()];
  const port = await freePort(0);
  const secrets: Record<string, string> = {};
  const secret = (name: string): string => (secrets[name] ??= `secret-of-${name}-${'x'.repeat(32)}`);
  legacy = await startLegacy({ cityDir: city, hubUrl: `http://127.0.0.1:${port}`, databaseUrl: legacyDb.ownerUrl, dir: path.join(dir, 'legacy'), secret });
  hub = new HubProcess(path.join(dir, 'hub'), path.join(dir, 'divisions'), port, { YICI_POLL_AT_MOST_SECONDS: '2', ...secrets, ...legacy.environment });
  mkdirSync(hub.dataDir, { mode: 0o711 });
  await hub.start();
  sealing = new Sealing(loadSealingKeys(path.join(hub.dataDir, 'keys.json'), { create: false }).keys);
  worker = await hub.as('worker');
  const admin = await hub.as('admin');
  secrets[OFFICE_ACCOUNT] = await officeAccount(admin);
  await Promise.all(legacy.simulators.map((s) => s.publish()));
  await atRest();
  await admin.post('/agreements/approve', { state: 'proposed' });
  for (const { system } of legacy.simulators) {
    await admin.post(`/connections/${system}/rehearse`);
    await admin.post(`/connections/${system}/approve`, { deliver: true });
  }
}, 600_000);

afterAll(async () => {
  await pool?.end();
  await hub?.stop();
  await legacy?.stop();
  await Promise.all([legacyDb?.drop(), freshDb?.drop()]);
  await removeDataDir(hub.dataDir);
  await removeDataDir(dir);
}, 120_000);

it(`a hub under live traffic, whose node and whose PostgreSQL are killed ${KILLS} times, loses nothing acknowledged and does nothing twice`, async () => {
  const persons = await somePersons();
  const stop = new AbortController();
  const entries: string[] = [];
  const traffic = Promise.all([officesWork(stop.signal), workersEnter(persons, entries, stop.signal)]);
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(300 + Math.round(random() * 3000));
    await (kill % 2 === 0 ? hub.killNode() : hub.killPostgres());
    process.stderr.write(`live-killed: ${kill % 2 === 0 ? 'node' : 'PostgreSQL'} killed (${kill + 1} of ${KILLS}), ${entries.length} entries acknowledged\n`);
  }
  // A slow machine acknowledges little between two kills.
  for (const end = Date.now() + REST_LIMIT_MS; entries.length <= KILLS && Date.now() < end; ) await sleep(200);
  stop.abort();
  await traffic;
  await Promise.all(legacy.simulators.map((s) => s.publish()));
  await atRest();

  pool = await hub.database();
  expect(entries.length).toBeGreaterThan(KILLS);
  await expectEveryEntryAnswered(entries);
  await expectEachVersionOnce();
  expect(await drift()).toEqual([]);
  expect(await differentAnew(pool, sealing)).toEqual([]);
  await resolveAgain();
  expect(await differentAnew(freshDb.pool, sealing)).toEqual([]);
  expect(await storedPartitionHash(freshDb.pool, sealing)).toBe(await storedPartitionHash(pool, sealing));
}, 1_800_000);

/** The offices change records in their own systems, the way a visitor of the demo sees it. */
async function officesWork(signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    await sleep(50 + rng.int(200));
    const simulator = rng.pick(legacy.simulators);
    const keys = await simulator.keys();
    const [key, other] = [rng.pick(keys), rng.pick(keys)];
    const patch = everydayChange(simulator.system, (await simulator.record(key)) ?? {}, (await simulator.record(other)) ?? {}, rng);
    if (Object.keys(patch).length === 0) continue;
    changedByOffice.add(`${simulator.system} ${key}`);
    await simulator.change(key, patch).catch(() => undefined);
    // An office that meets an outage tries again another day.
    if (n % 20 === 0) await simulator.publish().catch(() => undefined);
  }
}

/** Workers enter; what the hub does not acknowledge is entered again by nobody: it may or may not have come through. */
async function workersEnter(persons: readonly string[], acknowledged: string[], signal: AbortSignal): Promise<void> {
  const occurredOn = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  for (let n = 0; !signal.aborted; n++) {
    await sleep(100 + rng.int(300));
    const body = n % 2 === 0
      ? { kind: 'phone', personId: persons[n % persons.length], phone: String(13_700_000_000 + n), occurredOn }
      : { kind: 'move', direction: 'moved', personId: persons[n % persons.length], address: `幸福小区${1 + (n % 20)}幢${1 + (n % 3)}单元${101 + n}室`, occurredOn };
    await worker.post<{ entryId: string }>('/entries', body).then(({ entryId }) => acknowledged.push(entryId), () => undefined);
  }
}

async function somePersons(): Promise<string[]> {
  const found = await withDatabase((db) => db.query<{ id: string }>(
    `select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id where s.record_type = 'person' and s.system in ('grid', 'public-health', 'hukou')
       and s.state = 'current' and not s.test group by 1 having count(distinct s.system) = 3 order by 1 limit 40`));
  return found.rows.map((r) => r.id);
}

/** Nothing is on the way: no message unread, no change untold, no delivery due, and nothing came for longer than any reader pauses. */
async function atRest(): Promise<void> {
  let before = '';
  let since = Date.now();
  for (const end = Date.now() + REST_LIMIT_MS; Date.now() < end; await sleep(250)) {
    const { state, open } = await withDatabase(async (db) => {
      const { rows } = await db.query<{ told: string; systems: string; outbox: string; due: string; unread: string }>(`select
        (select sum(next_offset) from log_partition) as told, (select count(distinct system) from row_total) as systems, (select count(*) from outbox) as outbox,
        (select count(*) from delivery where state = 'waiting' and next_attempt_at is not null) as due,
        (select count(*) from log_message m where m.topic in ('${TOPIC.sourceRecordAccepted}', '${TOPIC.command}', '${TOPIC.targetKeyMinted}')
           and not exists (select from log_cursor c where c.consumer_group = 'resolution' and c.topic = m.topic and c.partition = m.partition and c.next_offset > m."offset")) as unread`);
      const r = rows[0]!;
      return { state: JSON.stringify(r), open: Number(r.outbox) + Number(r.due) + Number(r.unread) > 0 || Number(r.systems) < legacy.simulators.length };
    }).catch(() => ({ state: 'away', open: true }));
    if (open || state !== before) since = Date.now();
    before = state;
    if (Date.now() - since > LONGEST_PAUSE_MS) return;
  }
  throw new Error(`the hub did not come to rest: ${before}`);
}

async function expectEveryEntryAnswered(entries: readonly string[]): Promise<void> {
  const { rows } = await pool.query<{ id: string; state: string }>('select id, state from entry where id = any($1)', [entries]);
  expect(rows.filter((r) => r.state !== 'resolved')).toEqual([]);
  expect(rows).toHaveLength(entries.length);
  for (const id of [entries[0]!, entries.at(-1)!]) {
    const receipt = await worker.get<ReceiptLine[]>(`/receipts/${id}`);
    expect(receipt.map((l) => l.target)).toHaveLength(12);
    expect(receipt.filter((l) => l.state === 'waiting')).toEqual([]);
  }
}

/** Every version of every golden record is there once and was announced by exactly one event. */
async function expectEachVersionOnce(): Promise<void> {
  const gaps = await pool.query('select from entity e where e.version <> 1 + (select count(*) from entity_version v where v.entity_id = e.id)');
  expect(gaps.rowCount).toBe(0);
  const announced = new Map<string, Set<string>>();
  const { rows } = await pool.query<{ value: Buffer }>('select value from log_message where topic = $1', [TOPIC.goldenRecordChanged]);
  for (const { value } of rows) {
    const { id, data } = decodeEvent(sealing, TOPIC.goldenRecordChanged, value);
    const version = `${data.entityId} ${data.version}`;
    announced.set(version, (announced.get(version) ?? new Set()).add(id));
  }
  expect([...announced].filter(([, events]) => events.size !== 1)).toEqual([]);
}

/**
 * Records whose newest change in their system the hub does not hold, and writes it believes done that the system does not hold. Where
 * an office without times of change put back by hand what the hub had written over, nobody can tell that from a write that was lost.
 */
async function drift(): Promise<unknown[]> {
  const admin = await hub.as('admin');
  // The two restricted systems answer nobody outside their scope.
  for (const { system } of legacy.simulators.filter((s) => s.system !== 'corrections' && s.system !== 'party-volunteer')) {
    await admin.post(`/connections/${system}/reconcile`);
    for (const end = Date.now() + REST_LIMIT_MS; ; await sleep(200)) {
      const { run } = await admin.get<{ run: { state: string; reason?: string } }>(`/connections/${system}/reconcile`);
      if (run.state === 'running' && Date.now() < end) continue;
      expect([system, run.state, run.reason]).toEqual([system, 'done', undefined]);
      break;
    }
  }
  const found = await pool.query<{ target: string; kind: string; sealed_key: Buffer }>('select target, kind, sealed_key from drift order by 1, 2');
  return found.rows.map(({ target, kind, sealed_key: key }) => ({ target, kind, key: sealing.openText(key) }))
    .filter(({ target, kind, key }) => !(kind === 'lostWrite' && TIMELESS.includes(target) && changedByOffice.has(`${target} ${key}`)));
}

/** The same record set and decisions, in another order, through a resolution that nobody kills. */
async function resolveAgain(): Promise<void> {
  const listener = new PostgresListener(freshDb.pool, silentLogger);
  const log = new PostgresLog({ pool: freshDb.pool, listener, logger: silentLogger });
  await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: 8 })));
  const time = new Date().toISOString();
  const stored = await pool.query<StoredSourceRecord>(`select ${SOURCE_RECORD_COLUMNS} from source_record`);
  const records = shuffled(stored.rows.map((row) => decodeSourceRecord(sealing, row)), random);
  await log.publish(TOPIC.sourceRecordAccepted, records.map((record, i) => ({
    key: `record-${i}`, value: encodeEvent(sealing, { id: `again-${i}`, type: TOPIC.sourceRecordAccepted, source: '/intake', time, data: { record } }),
  })));
  const decisions = await decisionsInForce({ client: pool as never }, sealing);
  await log.publish(TOPIC.command, decisions.map((d) => ({
    key: d.id, value: encodeEvent(sealing, { id: `again-${d.id}`, type: TOPIC.command, source: '/entries', time, data: { kind: d.kind, decisionId: d.id, records: [...d.records], actor: 'test' } }),
  })));
  const resolution = new NodeProcess('test/support/resolution-process.mjs', [], { DATABASE_URL: freshDb.ownerUrl, YICI_KEYS_FILE: path.join(hub.dataDir, 'keys.json'), YICI_DATA_DIR: dir });
  try {
    await resolution.printed('ready');
    for (const end = Date.now() + REST_LIMIT_MS; ; await sleep(200)) {
      const behind = (await log.positions('resolution', [TOPIC.sourceRecordAccepted, TOPIC.command])).filter((p) => p.committed !== p.end);
      if (behind.length === 0) return;
      if (Date.now() > end) throw new Error('the second resolution did not catch up');
    }
  } finally {
    await resolution.stop();
    await log.close();
    await listener.close();
  }
}

async function withDatabase<T>(work: (db: pg.Pool) => Promise<T>): Promise<T> {
  const db = await hub.database();
  db.on('error', () => undefined);
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}
