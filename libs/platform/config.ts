import path from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '#libs/kernel/errors';

const ROLES = ['intake', 'resolution', 'fanout', 'api'] as const;
export type Role = (typeof ROLES)[number];

const url = (protocols: string[]) => z.string().refine((s) => {
  try {
    return protocols.includes(new URL(s).protocol);
  } catch {
    return false;
  }
}, `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`);

const list = z.string().transform((s) => s.split(',').map((x) => x.trim()).filter(Boolean));
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Every environment variable the hub reads, but the connectors' secrets, which each folder names itself. */
const environment = z.object({
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_OWNER_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_POOL_SIZE: count(6, 200).default(12),
  KAFKA_BROKERS: list.pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, 'brokers are host:port, joined by commas')).min(1)).optional(),
  YICI_KAFKA_TLS: z.enum(['true', 'false']).optional(),
  YICI_KAFKA_USERNAME: z.string().min(1).optional(),
  YICI_KAFKA_PASSWORD: z.string().min(1).optional(),
  YICI_KAFKA_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  YICI_KAFKA_REPLICATION: count(1, 9).optional(),
  YICI_DATA_DIR: z.string().min(1).default('.yici'),
  YICI_KEYS_FILE: z.string().min(1).optional(),
  YICI_CONNECTORS_DIR: z.string().min(1).optional(),
  YICI_HOST: z.string().min(1).default('127.0.0.1'),
  YICI_PORT: count(0, 65535).default(8080),
  YICI_ROLES: list.pipe(z.array(z.enum(ROLES)).min(1)).default([...ROLES]),
  YICI_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  YICI_POLL_AT_MOST_SECONDS: count(1, 86_400).optional(),
  YICI_SHUTDOWN_SECONDS: count(1, 600).default(20),
  YICI_TRUSTED_PROXIES: list.pipe(z.array(z.string().regex(/^(loopback|linklocal|uniquelocal|[0-9a-fA-F.:]+(\/\d+)?)$/, 'addresses or subnets, joined by commas'))).optional(),
});

/** Names of those variables. */
export const VARIABLES: readonly string[] = Object.keys(environment.shape);

export interface KafkaConfig {
  /** host:port */
  brokers: string[];
  /** Encrypted, with the certificates that Node trusts (NODE_EXTRA_CA_CERTS adds one's own). */
  tls: boolean;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
  /** Copies of each message when topics are made; chosen by the number of brokers when absent. */
  replication?: number;
}

export interface Config {
  /** Cluster: the application's database. Absent: embedded PostgreSQL in `dataDir`. */
  databaseUrl?: string;
  /** Cluster: who may migrate and bulk load; `databaseUrl` when absent. */
  databaseOwnerUrl?: string;
  databasePoolSize: number;
  /** Cluster: the log. Absent: the log in PostgreSQL. */
  kafka?: KafkaConfig;
  dataDir: string;
  keysFile: string;
  /** Connector folders; those of the checkout when absent. */
  connectorsDir?: string;
  host: string;
  port: number;
  roles: Role[];
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Systems that are asked are asked at least so often, whatever their folders say; absent: as the folders say. */
  pollAtMostSeconds?: number;
  shutdownSeconds: number;
  /** Addresses or subnets of proxies whose X-Forwarded-* headers are believed: for HTTPS cookies and for counting logins. */
  trustedProxies?: string[];
  /** A connector's secret by the name its folder gives it; undefined when the environment lacks it or it is empty. */
  secret(name: string): string | undefined;
}

/** Options of the command line, by environment variable; they override the environment. */
export type ConfigOverrides = Partial<Record<keyof z.input<typeof environment>, string | number | undefined>>;

/**
 * Reads the whole configuration once. Throws a ConfigurationError that names every faulty variable at once, never its value.
 * There is no default for any secret.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, overrides: ConfigOverrides = {}): Config {
  const given: Record<string, string> = {};
  for (const name of Object.keys(environment.shape) as (keyof typeof environment.shape)[]) {
    const value = overrides[name] ?? env[name];
    if (value !== undefined && value !== '') given[name] = String(value);
  }
  const result = environment.safeParse(given);
  const faults = result.success ? [] : result.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  if (given['DATABASE_OWNER_URL'] && !given['DATABASE_URL']) faults.push('DATABASE_OWNER_URL: needs DATABASE_URL as well');
  faults.push(...kafkaFaults(given));
  if (!result.success || faults.length > 0) throw new ConfigurationError('The configuration', faults);
  const e = result.data;
  const dataDir = path.resolve(e.YICI_DATA_DIR);
  return {
    databaseUrl: e.DATABASE_URL,
    databaseOwnerUrl: e.DATABASE_OWNER_URL,
    databasePoolSize: e.DATABASE_POOL_SIZE,
    ...(e.KAFKA_BROKERS !== undefined && { kafka: kafkaOf(e.KAFKA_BROKERS, e) }),
    dataDir,
    keysFile: path.resolve(e.YICI_KEYS_FILE ?? path.join(dataDir, 'keys.json')),
    connectorsDir: e.YICI_CONNECTORS_DIR === undefined ? undefined : path.resolve(e.YICI_CONNECTORS_DIR),
    host: e.YICI_HOST,
    port: e.YICI_PORT,
    roles: e.YICI_ROLES,
    logLevel: e.YICI_LOG_LEVEL,
    ...(e.YICI_POLL_AT_MOST_SECONDS !== undefined && { pollAtMostSeconds: e.YICI_POLL_AT_MOST_SECONDS }),
    shutdownSeconds: e.YICI_SHUTDOWN_SECONDS,
    trustedProxies: e.YICI_TRUSTED_PROXIES,
    secret: (name) => env[name] || undefined,
  };
}

type Given = z.output<typeof environment>;

function kafkaOf(brokers: string[], e: Given): KafkaConfig {
  const { YICI_KAFKA_USERNAME: username, YICI_KAFKA_PASSWORD: password, YICI_KAFKA_MECHANISM: mechanism = 'scram-sha-512' } = e;
  return {
    brokers, tls: e.YICI_KAFKA_TLS === 'true', ...(username !== undefined && password !== undefined && { sasl: { mechanism, username, password } }),
    ...(e.YICI_KAFKA_REPLICATION !== undefined && { replication: e.YICI_KAFKA_REPLICATION }),
  };
}

/** What belongs together. Names variables, never values. */
function kafkaFaults(given: Readonly<Record<string, string>>): string[] {
  const has = (name: string): boolean => given[name] !== undefined;
  const faults: string[] = [];
  const of = Object.keys(given).filter((name) => name.startsWith('YICI_KAFKA_'));
  if (!has('KAFKA_BROKERS')) return of.map((name) => `${name}: needs KAFKA_BROKERS as well`);
  if (has('YICI_KAFKA_USERNAME') !== has('YICI_KAFKA_PASSWORD')) faults.push('YICI_KAFKA_USERNAME, YICI_KAFKA_PASSWORD: one needs the other');
  if (has('YICI_KAFKA_MECHANISM') && !has('YICI_KAFKA_USERNAME')) faults.push('YICI_KAFKA_MECHANISM: needs YICI_KAFKA_USERNAME and YICI_KAFKA_PASSWORD');
  if (given['YICI_KAFKA_MECHANISM'] === 'plain' && given['YICI_KAFKA_TLS'] !== 'true') {
    faults.push('YICI_KAFKA_MECHANISM: plain shows the password to the network; set YICI_KAFKA_TLS=true or take scram-sha-512');
  }
  return faults;
}
