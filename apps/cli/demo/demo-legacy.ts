import { randomBytes } from 'node:crypto';
import { startLegacy, type Legacy } from '#apps/legacy/start-legacy';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import type { Logger } from '#libs/platform/logger';
import type { Shutdown } from '#libs/platform/shutdown';
import type { DemoFolder } from './demo-folder.js';

/** The two systems that run in a demo, and what the hub must know to reach them. */
export interface DemoLegacy {
  legacy: Legacy;
  /** Secrets and addresses by the names the connector folders give them. */
  environment: Readonly<Record<string, string>>;
}

/** Database of the simulated register, beside the hub's own in the same server. */
const DATABASE = 'legacy';

/** Starts register and grid from the demo's city, with secrets made for this run. */
export async function startDemoLegacy(folder: DemoFolder, hubUrl: string, logger: Logger, shutdown: Shutdown): Promise<DemoLegacy> {
  const postgres = await EmbeddedPostgres.start({ dataDir: folder.dir, logger });
  shutdown.add('postgres', () => postgres.stop());
  await postgres.ensureDatabase(DATABASE);
  const secrets = { pushSecret: randomBytes(32).toString('hex'), syncSecret: randomBytes(32).toString('hex') };
  const legacy = await startLegacy({
    cityDir: folder.city, hubUrl, postgresUrl: postgres.url(DATABASE), ticketFolder: folder.tickets, takenFolder: folder.taken, stateDir: folder.legacyState, ...secrets,
    log: (event, details) => logger.info(`legacy.${event}`, details),
  });
  shutdown.add('legacy', () => legacy.stop());
  return {
    legacy,
    environment: {
      YICI_HUKOU_DATABASE_URL: postgres.url(DATABASE), YICI_HUKOU_TICKET_FOLDER: folder.tickets,
      YICI_GRID_URL: legacy.grid.url, YICI_GRID_PUSH_SECRET: secrets.pushSecret, YICI_GRID_SYNC_SECRET: secrets.syncSecret,
    },
  };
}
