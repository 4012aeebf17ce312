import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freePort } from '#apps/cli/free-port';
import { startHub, type RunningHub } from '#apps/hub/start-hub';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { openCityDirectory } from '#libs/intake/city-directory';
import { TOPIC } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { silentLogger, type Logger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { contentText } from '#libs/store/record-content';
import { decodeSourceRecord, keyOf, recordRef, SOURCE_RECORD_COLUMNS, type StoredSourceRecord } from '#libs/store/source-record-codec';
import type { Simulator, StartSimulator } from '#libs/synthetic/simulators/simulator';
import { hasten } from './exchange-folder.js';
import { caller, type Caller } from './http-hub.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { until } from './until.js';

export interface LiveHubOptions<S extends Record<string, StartSimulator>> {
  /** Systems that run as simulators of the sample city, by id. */
  simulators: S;
  /** Systems of which the hub reads the snapshot files of the sample city. */
  snapshots?: readonly string[];
  /** The simulators are asked every second. */
  quick?: boolean;
  /** Folders of connectors that are not the project's, by id. */
  folders?: Readonly<Record<string, string>>;
  /** What stands before the simulators' own. */
  environment?: Readonly<Record<string, string>>;
}

/** A whole hub on a database of its own, with these systems running beside it. */
export interface LiveHub<S extends Record<string, StartSimulator>> {
  db: TestDatabase;
  dir: string;
  readonly hub: RunningHub;
  simulators: { [system in keyof S]: Awaited<ReturnType<S[system]>> };
  /** Events of the program's log that are warnings or worse. */
  events: { event: string; system?: unknown; code?: unknown }[];
  as(role: 'admin' | 'steward' | 'worker'): Caller;
  /** Records of a system as they stand in the store, by key. */
  records(system: string): Promise<Map<string, AnySourceRecord>>;
  state(system: string): Promise<{ state: string; code: string | null } | undefined>;
  letters(system: string): Promise<string[]>;
  /** Waits until the hub holds, resolved, as many records as the system's snapshot files give; returns what those give. */
  arrived(system: string): Promise<Snapshot>;
  /** What was planned for a target, oldest first; not what it had already. */
  deliveries(target: string): Promise<{ id: string; state: string; reason: string | null; reasonCode: string | null }[]>;
  /** The delivery behind the first `known`, once it is in this state. */
  delivered(target: string, known: number, state: string): Promise<{ id: string; state: string; reason: string | null }>;
  /** The entity of a record, by its key. */
  entityOf(recordKey: string): Promise<string>;
  /** A worker enters something of a person; it happened yesterday. Throws when it is not accepted. */
  enter(personId: string, body: object): Promise<void>;
  /** Asks the database as its owner; the simulators' tables are there, too. */
  sql(text: string, values?: unknown[]): Promise<Record<string, string | null>[]>;
  /** Resolves when what is on the log was resolved. */
  drained(): Promise<void>;
  /** Approves every agreement, then the first connection of a target. */
  connect(target: string): Promise<void>;
  /** Stops the hub and starts it again, at the same address; with other variables when given. */
  restart(environment?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const SAMPLE = path.join(projectRoot(), 'test/fixtures/sample-city');

export async function liveHub<S extends Record<string, StartSimulator>>(options: LiveHubOptions<S>): Promise<LiveHub<S>> {
  const db = await createTestDatabase();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-live-'));
  const cityDir = path.join(dir, 'city');
  const snapshots = options.snapshots ?? [];
  for (const name of ['city.yaml', 'divisions.csv', ...snapshots]) cpSync(path.join(SAMPLE, name), path.join(cityDir, name), { recursive: true });
  const folders = { ...Object.fromEntries([...Object.keys(options.simulators), ...snapshots].map((id) => [id, path.join(projectRoot(), 'connectors', id)])), ...options.folders };
  for (const [id, folder] of Object.entries(folders)) cpSync(folder, path.join(dir, 'connectors', id), { recursive: true });
  for (const id of options.quick === true ? Object.keys(options.simulators) : []) hasten(path.join(dir, 'connectors', id));
  const port = await freePort(0);
  const running: Simulator[] = [];
  for (const [system, start] of Object.entries(options.simulators)) {
    const own = path.join(dir, system);
    mkdirSync(own);
    running.push(await start({ cityDir: SAMPLE, hubUrl: `http://127.0.0.1:${port}`, databaseUrl: db.ownerUrl, dir: own, secret: (name) => `test value of ${name}`.replaceAll(' ', '-'), log: () => undefined }));
  }
  const events: LiveHub<S>['events'] = [];
  const note = (event: string, fields?: object, error?: unknown): void => void events.push({ event, ...fields, ...(error instanceof Error && 'code' in error && { code: error.code }) });
  const logger: Logger = { ...silentLogger, warn: note, error: note };
  const start = (more: Readonly<Record<string, string>> = {}): Promise<RunningHub> => startHub({
    port, dataDir: dir, cityDir, logger,
    environment: {
      DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '14', YICI_CONNECTORS_DIR: path.join(dir, 'connectors'), ...Object.assign({}, ...running.map((s) => s.environment)), ...options.environment, ...more,
    },
  });
  let hub = await start();
  const tokens = new Map<string, string>();
  for (const { role, username, password } of await hub.createFirstAccounts()) {
    const { token } = (await caller(hub.url)('POST', '/login', { body: { username, password, bearer: true } })).body;
    tokens.set(role, token);
  }
  const as: LiveHub<S>['as'] = (role) => caller(hub.url, { authorization: `Bearer ${tokens.get(role)!}` });
  const drained = async (): Promise<void> => {
    await until(() => hub.parts.log.positions('resolution', [TOPIC.sourceRecordAccepted]), (all) => all.every((p) => p.committed === p.end));
  };
  const records: LiveHub<S>['records'] = async (system) => {
    const { rows } = await db.pool.query<StoredSourceRecord>(`select ${SOURCE_RECORD_COLUMNS} from source_record where system = $1`, [system]);
    return new Map(rows.map((row) => {
      const record = decodeSourceRecord(hub.parts.store.sealing, row);
      return [keyOf(record), { ...record, state: row.state }];
    }));
  };
  const deliveries: LiveHub<S>['deliveries'] = async (target) => (await db.pool.query<{ id: string; state: string; reason: string | null; reasonCode: string | null }>(
    `select id, state, reason, reason_code as "reasonCode" from delivery where target = $1 and reason_code is distinct from 'alreadyThere' order by id`, [target])).rows;
  const entityOf: LiveHub<S>['entityOf'] = async (recordKey) => (await db.pool.query<{ entity_id: string }>(
    'select c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = $1', [recordRef(hub.parts.store.sealing, recordKey)])).rows[0]!.entity_id;
  const owner = new pg.Client({ connectionString: db.ownerUrl });
  await owner.connect();
  return {
    db, dir, events, as, drained, records, deliveries, entityOf, simulators: Object.fromEntries(running.map((s) => [s.system, s])) as LiveHub<S>['simulators'],
    get hub() {
      return hub;
    },
    state: async (system) => (await db.pool.query<{ state: string; code: string | null }>('select state, code from connector_state where system = $1', [system])).rows[0],
    letters: async (system) => (await db.pool.query<{ code: string }>('select code from dead_letter where system = $1 and replayed_at is null order by code', [system])).rows.map((r) => r.code),
    arrived: async (system) => {
      const snapshot = await snapshotOf(system);
      await until(() => records(system), (now) => now.size >= snapshot.records.size);
      await drained();
      return snapshot;
    },
    delivered: async (target, known, state) => (await until(() => deliveries(target), (all) => all.length > known && all.at(-1)!.state === state)).at(-1)!,
    enter: async (personId, body) => {
      const answer = await as('worker')('POST', '/entries', { body: { personId, occurredOn: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10), ...body } });
      if (answer.status >= 300) throw new Error(`not entered: ${answer.status} ${answer.text}`);
    },
    sql: async (text, values) => (await owner.query(text, values)).rows as Record<string, string | null>[],
    connect: async (target) => {
      await as('admin')('POST', '/agreements/approve', { body: { state: 'proposed' } });
      const rehearsed = await as('admin')('POST', `/connections/${target}/rehearse`, { body: {} });
      const approved = await as('admin')('POST', `/connections/${target}/approve`, { body: {} });
      if (rehearsed.status >= 300 || approved.status >= 300) throw new Error(`not connected: ${rehearsed.status} ${approved.status} ${approved.text}`);
    },
    restart: async (environment) => {
      await hub.close();
      hub = await start(environment);
    },
    close: async () => {
      await Promise.all(running.map((s) => s.stop()));
      await hub.close();
      await owner.end();
      rmSync(dir, { recursive: true });
      await db.drop();
    },
  };
}

/** The newest version of each record by its key, and the codes of what is dead. */
interface Snapshot {
  records: Map<string, AnySourceRecord>;
  dead: string[];
}

/** What the snapshot files of the sample city give for a system. */
export async function snapshotOf(system: string): Promise<Snapshot> {
  const city = await openCityDirectory(SAMPLE);
  const records = new Map<string, AnySourceRecord>();
  const dead: string[] = [];
  const connector = loadConnector(path.join(projectRoot(), 'connectors', system));
  for await (const batch of readSnapshot(connector, SAMPLE, { divisions: city.divisions, snapshotDate: city.snapshotDate, observedAt: `${city.snapshotDate}T00:00:00+08:00` })) {
    for (const row of batch.rows) {
      if (row.kind === 'dead') dead.push(row.code);
      for (const record of row.kind === 'accepted' ? row.records : []) {
        const before = records.get(keyOf(record));
        if (before === undefined || newer(record, before)) records.set(keyOf(record), record);
      }
    }
  }
  return { records, dead: dead.sort() };
}

function newer(a: AnySourceRecord, b: AnySourceRecord): boolean {
  return a.order === b.order ? contentText(a) > contentText(b) : a.order > b.order;
}

/** What a record says, whatever brought it: key, order, state, content. */
export function essence(records: ReadonlyMap<string, AnySourceRecord>): string[] {
  return [...records].map(([key, r]) => `${key} ${r.order} ${r.state} ${contentText(r)}`).sort();
}
