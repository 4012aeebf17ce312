import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startHub, type RunningHub } from '#apps/hub/start-hub';
import { AccountStore } from '#libs/access/account-store';
import type { FacetScope, Role } from '#libs/access/account';
import { loadCity } from '#libs/bulk/load-city';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { openCityDirectory } from '#libs/intake/city-directory';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { readConfig, type Config } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { openDataSource } from '#libs/store/data-source';
import { openStore } from '#libs/store/open-store';
import { authorityTable } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { encodeEvent } from '#libs/bus/cloud-event';
import { recordKey } from '#libs/kernel/record-key';
import { TOPIC } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { recordRef } from '#libs/store/source-record-codec';
import { TinyGrid } from './fanout-stage.js';
import { caller, type Caller } from './http-hub.js';
import { until } from './until.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const PASSWORD = 'a password for a test';

/** A real hub with the sample city in it, a grid that answers, agreements in force, and accounts to sign in with. */
export interface ConsoleStage {
  hub: RunningHub;
  grid: TinyGrid;
  db: TestDatabase;
  password: string;
  admin: Caller;
  /** Makes an account; its user name is `username`. */
  account(username: string, role: Role, facetScopes?: FacetScope[]): Promise<Caller>;
  /** Publishes a record as intake does, and waits until it is resolved. */
  addRecord(record: AnySourceRecord): Promise<void>;
  close(): Promise<void>;
}

export async function startConsoleStage(cityDir = path.join(projectRoot(), 'test/fixtures/sample-city')): Promise<ConsoleStage> {
  const db = await createTestDatabase();
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'yici-console-'));
  const grid = await TinyGrid.start();
  const environment = {
    DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '16', YICI_SHUTDOWN_SECONDS: '20',
    YICI_GRID_PUSH_SECRET: 'push', YICI_GRID_SYNC_SECRET: 'sync', YICI_GRID_URL: grid.url,
  };
  await load(cityDir, readConfig(environment, { YICI_DATA_DIR: dataDir }));
  const hub = await startHub({ port: 0, dataDir, logger: silentLogger, environment });
  const accounts = new AccountStore(hub.parts.store.dataSource, systemClock);
  const account: ConsoleStage['account'] = async (username, role, facetScopes = []) => {
    await accounts.create({ username, displayName: username, role, facetScopes, password: PASSWORD });
    const { body } = await caller(hub.url)('POST', '/login', { body: { username, password: PASSWORD, bearer: true } });
    return caller(hub.url, { authorization: `Bearer ${body.token}` });
  };
  const admin = await account('admin', 'admin');
  await admin('POST', '/agreements/approve', { body: { state: 'proposed' } });
  await admin('POST', '/connections/grid/rehearse', { body: {} });
  await admin('POST', '/connections/grid/approve', { body: { deliver: false } });
  return {
    hub, grid, db, password: PASSWORD, admin, account,
    addRecord: async (record) => {
      const { log, store: { sealing } } = hub.parts;
      const ref = recordRef(sealing, recordKey(record.system, record.recordType, record.naturalKey));
      const event = { id: `console-${ref.toString('hex')}`, type: TOPIC.sourceRecordAccepted, source: '/test', time: new Date().toISOString(), data: { record } };
      await log.publish(TOPIC.sourceRecordAccepted, [{ key: ref.toString('hex'), value: encodeEvent(sealing, event) }]);
      await until(async () => ((await db.pool.query('select from source_record where record_ref = $1', [ref])).rowCount ?? 0) > 0);
    },
    close: async () => {
      await hub.close();
      await grid.close();
      rmSync(dataDir, { recursive: true, force: true });
      await db.drop();
    },
  };
}

/** Loads the city as `yici load` does, in this thread. */
async function load(cityDir: string, config: Config): Promise<void> {
  const store = await openStore(config, silentLogger);
  const owner = await openDataSource({ url: store.ownerUrl, poolSize: 2, as: 'owner' });
  try {
    const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
    const authority = authorityTable([...connectors.flatMap(authorityRows), ...HUB_AUTHORITY]);
    const restricted = new Set(connectors.filter((c) => c.manifest.restricted.length > 0).map((c) => c.id));
    await loadCity({ owner, sealing: store.sealing, clock: systemClock, model: personModel(), connectors, authority, restricted }, await openCityDirectory(cityDir), () => undefined);
  } finally {
    await owner.destroy();
    await store.close();
  }
}
