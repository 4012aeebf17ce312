#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from '#libs/kernel/errors';
import { createLogger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { ControlServer } from './control-server.js';
import { startLegacy } from './start-legacy.js';

/**
 * Runs the simulators on their own, beside a hub that runs elsewhere. Secrets are read from the variables that the connector folders
 * name, so that hub and simulators can share one environment file; what the hub must know besides is written to `hub.env`.
 */
const REQUIRED = ['YICI_LEGACY_CITY', 'YICI_LEGACY_DIR', 'YICI_LEGACY_DATABASE_URL', 'YICI_HUB_URL'] as const;

function environment(): Record<(typeof REQUIRED)[number], string> {
  const missing = REQUIRED.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new ConfigurationError('The environment of the simulators', missing.map((name) => `${name} is missing`));
  return Object.fromEntries(REQUIRED.map((name) => [name, process.env[name]!])) as Record<(typeof REQUIRED)[number], string>;
}

function secret(name: string): string {
  const value = process.env[name];
  if (!value) throw new ConfigurationError('The environment of the simulators', [`${name} is missing`]);
  return value;
}

const logger = createLogger({ level: 'info' });
const shutdown = new Shutdown(logger, 10_000);
shutdown.onSignals((code) => process.exit(code));

try {
  const env = environment();
  const dir = path.resolve(env.YICI_LEGACY_DIR);
  const legacy = await startLegacy({
    cityDir: path.resolve(env.YICI_LEGACY_CITY), hubUrl: env.YICI_HUB_URL, databaseUrl: env.YICI_LEGACY_DATABASE_URL, dir, secret,
    systems: process.env['YICI_LEGACY_SYSTEMS']?.split(','), log: (event, details) => logger.info(`legacy.${event}`, details),
  });
  shutdown.add('legacy', () => legacy.stop());
  const control = await ControlServer.start(legacy.simulators, Number(process.env['YICI_LEGACY_CONTROL_PORT'] ?? 0));
  shutdown.add('control', () => control.stop());
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'hub.env');
  writeFileSync(file, Object.entries(legacy.environment).map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 });
  logger.info('legacy.started', { systems: legacy.simulators.length, control: new URL(control.url).port });
} catch (error) {
  logger.error('legacy.not-started', {}, error);
  process.exitCode = 1;
}
