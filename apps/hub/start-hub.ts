import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { AccountStore } from '#libs/access/account-store';
import { createFirstAccounts, type FirstAccount } from '#libs/access/first-accounts';
import { guardedSystems } from '#libs/access/secret-systems';
import { LogTransport } from '#libs/bus/log-transport';
import { systemClock, type Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { readConfig, type Config, type Role } from '#libs/platform/config';
import { createLogger, type Logger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { Shutdown } from '#libs/platform/shutdown';
import { AuthorityCache } from '#libs/store/authority-cache';
import type { GuardedSystems } from './health-controller.js';
import { createHttpApp } from './http-app.js';
import { openParts, type HubParts } from './open-parts.js';
import { roleModules } from './role-modules.js';
import { trimInboxRegularly } from './trim-inbox-regularly.js';

export interface HubOptions {
  /** Default: all roles in one process. */
  roles?: readonly Role[];
  /** 0: any free port. */
  port?: number;
  host?: string;
  dataDir?: string;
  /** City directory: intake reads its files through the log, and later ones that are dropped there. */
  cityDir?: string;
  /** Default: process.env. Options stand before it. */
  environment?: Readonly<Record<string, string | undefined>>;
  logger?: Logger;
  clock?: Clock;
}

export interface RunningHub {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** For commands that run a hub and look into it: the demo, the tests. */
  parts: HubParts;
  /** One account a role with a password each for a hub that has none; to be shown once. Empty when it has accounts. */
  createFirstAccounts(): Promise<FirstAccount[]>;
  /** An address of the console that signs this account in once, within ten minutes; for the terminal that started the hub. */
  signInLink(username: string): string;
  /** Stops taking requests, lets running work end, then closes log, store and PostgreSQL. */
  close(): Promise<void>;
  /** Closes on SIGINT and SIGTERM, then exits. */
  closeOnSignals(): void;
}

/**
 * Starts the hub with these roles in this process. Configuration is read once, here. Throws ConfigurationError with every
 * fault of the environment or of the connector folders, YICI_STORE_*, YICI_POSTGRES_*, YICI_HUB_PORT_TAKEN; then nothing is left running.
 */
export async function startHub(options: HubOptions = {}): Promise<RunningHub> {
  const config = configOf(options);
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const shutdown = new Shutdown(logger, config.shutdownSeconds * 1000);
  try {
    const parts = await openParts(config, options.clock ?? systemClock, logger, shutdown, options.cityDir);
    if (config.roles.includes('resolution')) shutdown.add('inbox', trimInboxRegularly(parts));
    const url = await listen(parts, shutdown);
    logger.info('hub.listening', { roles: config.roles, host: config.host, port: Number(new URL(url).port) });
    return {
      url,
      parts,
      createFirstAccounts: () => createFirstAccounts(new AccountStore(parts.store.dataSource, parts.clock)),
      signInLink: (username) => `${url}/#code=${parts.oneTimeCodes.issue(username)}`,
      close: () => shutdown.run(),
      closeOnSignals: () => shutdown.onSignals((code) => process.exit(code)),
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

function configOf(options: HubOptions): Config {
  return readConfig(options.environment ?? process.env, {
    YICI_ROLES: options.roles?.join(','), YICI_PORT: options.port, YICI_HOST: options.host, YICI_DATA_DIR: options.dataDir,
  });
}

async function listen(parts: HubParts, shutdown: Shutdown): Promise<string> {
  const { config, logger, metrics, health, log } = parts;
  metrics.collectProcess();
  const built = path.join(projectRoot(), 'apps/console/dist');
  const app = await createHttpApp(roleModules(parts), {
    logger, metrics, health, guarded: guardedOf(parts), documented: config.roles.includes('api'), trustedProxies: config.trustedProxies, ...(config.roles.includes('api') && existsSync(built) && { staticDir: built }),
  });
  app.connectMicroservice({ strategy: new LogTransport(log) });
  shutdown.add('http', () => app.close());
  await app.init();
  await app.startAllMicroservices();
  try {
    await app.listen(config.port, config.host);
  } catch (cause) {
    throw cannotListen(config, cause);
  }
  const { address, port } = app.getHttpServer().address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Systems that keep restricted facets, as the store says now. */
export function guardedOf({ store, clock }: HubParts): GuardedSystems {
  const authority = new AuthorityCache(store.pool, clock, guardedSystems);
  return () => authority.current();
}

function cannotListen({ host, port }: Config, cause: unknown): YiciError {
  const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  return new YiciError({
    code: taken ? 'YICI_HUB_PORT_TAKEN' : 'YICI_HUB_CANNOT_LISTEN', stage: 'config', severity: 'fatal', cause,
    message: `The hub cannot listen on ${host}:${port}${taken ? ': another program does' : ''}.`,
    fix: 'Give another --port, or stop the other program.',
  });
}
