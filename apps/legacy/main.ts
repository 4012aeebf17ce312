#!/usr/bin/env node
import path from 'node:path';
import { ConfigurationError } from '#libs/kernel/errors';
import { createLogger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { startLegacy } from './start-legacy.js';

/** Runs the simulators on their own, beside a hub that runs elsewhere. Variables are those of the connector folders, so hub and simulators can share one environment file. */
const REQUIRED = ['YICI_LEGACY_CITY', 'YICI_HUB_URL', 'YICI_HUKOU_DATABASE_URL', 'YICI_HUKOU_TICKET_FOLDER', 'YICI_GRID_PUSH_SECRET', 'YICI_GRID_SYNC_SECRET'] as const;

function environment(): Record<(typeof REQUIRED)[number], string> {
  const missing = REQUIRED.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new ConfigurationError('The environment of the simulators', missing.map((name) => `${name} is missing`));
  return Object.fromEntries(REQUIRED.map((name) => [name, process.env[name]!])) as Record<(typeof REQUIRED)[number], string>;
}

const logger = createLogger({ level: 'info' });
const shutdown = new Shutdown(logger, 10_000);
shutdown.onSignals((code) => process.exit(code));

try {
  const env = environment();
  const legacy = await startLegacy({
    cityDir: path.resolve(env.YICI_LEGACY_CITY), hubUrl: env.YICI_HUB_URL, postgresUrl: env.YICI_HUKOU_DATABASE_URL, ticketFolder: path.resolve(env.YICI_HUKOU_TICKET_FOLDER),
    pushSecret: env.YICI_GRID_PUSH_SECRET, syncSecret: env.YICI_GRID_SYNC_SECRET, gridPort: Number(process.env['YICI_GRID_PORT'] ?? '9004'), stateDir: process.env['YICI_LEGACY_STATE'],
    log: (event, details) => logger.info(`legacy.${event}`, details),
  });
  shutdown.add('legacy', () => legacy.stop());
  logger.info('legacy.started', { residents: legacy.grid.size, port: new URL(legacy.grid.url).port });
} catch (error) {
  logger.error('legacy.not-started', {}, error);
  process.exitCode = 1;
}
