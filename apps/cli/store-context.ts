import path from 'node:path';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import type { Connector } from '#libs/connector-sdk/connector';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { readConfig, type Config } from '#libs/platform/config';
import { createLogger, type Logger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { openStore, type OpenStore } from '#libs/store/open-store';
import { authorityTable, type AuthorityRow, type AuthorityTable } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';

export interface StoreOptions {
  dataDir?: string;
}

export interface StoreContext {
  config: Config;
  store: OpenStore;
  logger: Logger;
}

/** Opens the store for one command and closes it after, whatever happens. */
export async function withStore<T>(options: StoreOptions, work: (context: StoreContext) => Promise<T>): Promise<T> {
  const config = readConfig(process.env, { YICI_DATA_DIR: options.dataDir, YICI_LOG_LEVEL: process.env['YICI_LOG_LEVEL'] ?? 'warn' });
  const logger = createLogger({ level: config.logLevel });
  const store = await openStore(config, logger);
  try {
    return await work({ config, store, logger });
  } finally {
    await store.close();
  }
}

export function connectorsOf(config: Config): Connector[] {
  return loadConnectors(config.connectorsDir ?? path.join(projectRoot(), 'connectors'));
}

/** Which source is believed for what, of all folders and of the hub's own entries. */
export function authorityOfFolders(connectors: readonly Connector[]): { rows: AuthorityRow[]; table: AuthorityTable; restricted: Set<string> } {
  const rows = [...connectors.flatMap(authorityRows), ...HUB_AUTHORITY];
  return { rows, table: authorityTable(rows), restricted: new Set(connectors.filter((c) => c.manifest.restricted.length > 0).map((c) => c.id)) };
}
