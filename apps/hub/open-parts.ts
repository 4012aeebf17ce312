import path from 'node:path';
import type { Log } from '#libs/bus/log';
import { openLog } from '#libs/bus/open-log';
import { OneTimeCodes } from '#libs/access/one-time-codes';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import type { Connector } from '#libs/connector-sdk/connector';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import type { Clock } from '#libs/kernel/clock';
import { TOPIC } from '#libs/model/events';
import { personModel, readMatchModel, type MatchModel } from '#libs/matching/match-model';
import type { Config } from '#libs/platform/config';
import { Health } from '#libs/platform/health';
import type { Logger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import { projectRoot } from '#libs/platform/project-root';
import type { Shutdown } from '#libs/platform/shutdown';
import { replaceAuthority } from '#libs/store/authority-store';
import { openCityDirectory } from '#libs/intake/city-directory';
import { findCity, saveCity } from '#libs/store/city-store';
import { keepMatchModel } from '#libs/store/match-model-store';
import { openStore, type OpenStore } from '#libs/store/open-store';
import { Relay } from '#libs/store/relay';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';
import { Divisions } from '#libs/values/divisions';

/** What every role is made of: opened once a process. */
export interface HubParts {
  config: Config;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  store: OpenStore;
  log: Log;
  connectors: Connector[];
  /** What the records of this store are resolved with. */
  model: MatchModel;
  /** Of the city in the store; empty before one was loaded. */
  divisions: Divisions;
  /** Sign-in codes of this process. */
  oneTimeCodes: OneTimeCodes;
  /** City directory that intake reads and watches. */
  cityDir?: string;
}

/** As many as may read one topic side by side; fixed when a topic is made, because another number would move keys. */
const PARTITIONS = 8;
const NO_DIVISIONS = 'code,name,level,parent,valid_from,valid_to,successor\n';

/**
 * Opens store, log and connector folders, puts the folders' authority in force, and starts the relay where resolution runs.
 * Each opened part is added to `shutdown`. Throws ConfigurationError, YICI_STORE_*, YICI_POSTGRES_*, YICI_LOG_*,
 * YICI_CITY_UNREADABLE.
 */
export async function openParts(config: Config, clock: Clock, logger: Logger, shutdown: Shutdown, cityDir?: string): Promise<HubParts> {
  const connectors = loadConnectors(config.connectorsDir ?? path.join(projectRoot(), 'connectors'));
  const metrics = new Metrics();
  const health = new Health();
  const store = await openStore(config, logger);
  shutdown.add('store', () => store.close());
  health.register('store', async () => {
    await store.pool.query('select 1');
    return { state: 'up' };
  });
  const rows = [...connectors.flatMap((c) => authorityRows(c)), ...HUB_AUTHORITY];
  await store.unitOfWork.run((tx) => replaceAuthority(tx, rows));
  const log = openLog(config, { pool: store.pool, listener: store.listener, logger });
  shutdown.add('log', () => log.close());
  await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: PARTITIONS })));
  if (config.roles.includes('resolution')) {
    const relay = new Relay({ pool: store.pool, publisher: log, listener: store.listener, logger });
    await relay.start();
    shutdown.add('relay', () => relay.close());
  }
  if (cityDir !== undefined) {
    const { code, name, snapshotDate, divisionsCsv } = await openCityDirectory(cityDir);
    await store.unitOfWork.run((tx) => saveCity(tx.client, { code, name, snapshotDate, divisions: divisionsCsv }, new Date(clock.now())));
  }
  const model = readMatchModel(await keepMatchModel(store.pool, personModel(), new Date(clock.now())));
  const city = await findCity(store.pool);
  const divisions = Divisions.parse(city?.divisions ?? NO_DIVISIONS);
  return { config, clock, logger, metrics, health, store, log, connectors, model, divisions, oneTimeCodes: new OneTimeCodes(clock), ...(cityDir !== undefined && { cityDir }) };
}
