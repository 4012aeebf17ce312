import { randomBytes } from 'node:crypto';
import { ControlServer } from '#apps/legacy/control-server';
import { startLegacy, type Legacy } from '#apps/legacy/start-legacy';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import type { Logger } from '#libs/platform/logger';
import type { Shutdown } from '#libs/platform/shutdown';
import type { DemoFolder } from './demo-folder.js';

/** The systems that run in a demo, and what the hub must know to reach them. */
export interface DemoLegacy {
  legacy: Legacy;
  control: ControlServer;
  /** Secrets and addresses by the names the connector folders give them. */
  environment: Readonly<Record<string, string>>;
  /** Gives the systems a secret that exists only once the hub runs. */
  tell(name: string, value: string): void;
}

/** Database of the simulated exchange tables, beside the hub's own in the same server. */
const DATABASE = 'legacy';

/** Starts the simulated systems from the demo's city, with secrets made for this run. */
export async function startDemoLegacy(folder: DemoFolder, hubUrl: string, logger: Logger, shutdown: Shutdown): Promise<DemoLegacy> {
  const postgres = await EmbeddedPostgres.start({ dataDir: folder.dir, logger });
  shutdown.add('postgres', () => postgres.stop());
  await postgres.ensureDatabase(DATABASE);
  const secrets: Record<string, string> = {};
  const legacy = await startLegacy({
    cityDir: folder.city, hubUrl, databaseUrl: postgres.url(DATABASE), dir: folder.legacy, secret: (name) => (secrets[name] ??= randomBytes(32).toString('hex')),
    log: (event, details) => logger.info(`legacy.${event}`, details),
  });
  shutdown.add('legacy', () => legacy.stop());
  const control = await ControlServer.start(legacy.simulators);
  shutdown.add('control', () => control.stop());
  return { legacy, control, environment: { ...secrets, ...legacy.environment }, tell: (name, value) => { secrets[name] = value; } };
}
