import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { SIMULATORS } from '#apps/legacy/simulators';
import { startLegacy } from '#apps/legacy/start-legacy';
import type { Certificate, Check } from '#libs/connector-sdk/conformance/certificate';
import { certify, type CertifyOptions } from '#libs/connector-sdk/conformance/certify';
import { missingSecrets, type Connector } from '#libs/connector-sdk/connector';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { systemClock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { readConfig } from '#libs/platform/config';
import { EmbeddedPostgres } from '#libs/platform/embedded-postgres';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { generateCity } from '#libs/synthetic/generate-city';
import { Divisions } from '#libs/values/divisions';
import { connectorsOf } from '../store-context.js';
import { Style } from '../board/style.js';
import { Terminal, type OutputOptions } from '../terminal.js';

interface Options extends OutputOptions {
  live?: boolean;
  key?: string;
  folderOnly?: boolean;
}

/** The smallest city in which every system has people. */
const CITY = { persons: 300, seed: 7 };
const MARK: Record<Check['outcome'], string> = { passed: '✓', failed: '✗', notRun: '·' };

export function certifyCommand(program: Command): void {
  program.command('certify [id]')
    .description('try everything a connector must do, and print its certificate; without an id, of all folders')
    .option('--folder-only', 'only what the folder proves by itself: nothing is started')
    .option('--live', 'against the system that the environment names, in place of a simulator; needs --key')
    .option('--key <key>', 'with --live: natural key of a test person there that may be written to')
    .option('--json', 'print the certificates as one JSON object')
    .action(async (id: string | undefined, o: Options) => {
      const config = readConfig(process.env, {});
      const connectors = connectorsOf(config).filter((c) => id === undefined || c.id === id);
      if (connectors.length === 0) throw new YiciError({ code: 'YICI_CONNECTOR_UNKNOWN', stage: 'config', message: `There is no connector ${id ?? ''}.`, fix: 'npx yici new-connector makes one.' });
      const divisions = Divisions.parse(readFileSync(path.join(projectRoot(), 'connectors/divisions.csv'), 'utf8'));
      const terminal = new Terminal(o);
      const certificates: Certificate[] = [];
      for (const { dir } of connectors) {
        const connector = loadConnector(dir);
        const certificate = await tried(connector, divisions, o);
        certificates.push(certificate);
        terminal.say(`${printed(connector, certificate, Style.for(process.stdout))}\n`);
      }
      const passed = certificates.every((c) => c.passed);
      if (!passed) process.exitCode = 1;
      terminal.result({ passed, certificates }, (r) => (r.passed ? '' : 'Not certified: see ✗ above.'));
    });
}

async function tried(connector: Connector, divisions: Divisions, o: Options): Promise<Certificate> {
  const options: CertifyOptions = { divisions, day: new Date(systemClock.now()).toISOString().slice(0, 10), signal: new AbortController().signal };
  if (o.live === true) return certify(connector, { ...options, live: named(connector, divisions, o.key) });
  if (o.folderOnly === true || connector.manifest.mode !== 'live' || SIMULATORS[connector.id] === undefined) return certify(connector, options);
  return onSimulator(connector, divisions, options);
}

/** The department's own test system, by the secrets of the environment. */
function named(connector: Connector, divisions: Divisions, key: string | undefined): CertifyOptions['live'] {
  const missing = missingSecrets(connector, process.env);
  if (missing.length > 0 || key === undefined) {
    throw new YiciError({
      code: 'YICI_CERTIFY_NO_SYSTEM', stage: 'config', message: [...missing.map((name) => `${name} is not set.`), ...(key === undefined ? ['No --key says whose record may be written to.'] : [])].join(' '),
      fix: 'Set the variables of the test system and name a test person there.',
    });
  }
  return { peer: { key }, parts: { divisions, clock: systemClock, secret: (name) => process.env[name] } };
}

async function onSimulator(connector: Connector, divisions: Divisions, options: CertifyOptions): Promise<Certificate> {
  const dir = mkdtempSync(path.join(tmpdir(), 'yici-certify-'));
  // PostgreSQL of an embedded server may run as another user, who must come in.
  chmodSync(dir, 0o711);
  mkdirSync(path.join(dir, 'data'));
  const secrets = new Map<string, string>();
  const secret = (name: string): string => {
    if (!secrets.has(name)) secrets.set(name, randomBytes(32).toString('hex'));
    return secrets.get(name)!;
  };
  await generateCity(CITY, path.join(dir, 'city'), {});
  const postgres = await EmbeddedPostgres.start({ dataDir: path.join(dir, 'data'), logger: silentLogger });
  try {
    await postgres.ensureDatabase('legacy');
    const legacy = await startLegacy({ cityDir: path.join(dir, 'city'), hubUrl: 'http://127.0.0.1:9', databaseUrl: postgres.url('legacy'), dir: path.join(dir, 'legacy'), systems: [connector.id], secret });
    try {
      const simulator = legacy.of(connector.id);
      const key = (await simulator.keys())[0]!;
      const known = { ...Object.fromEntries(connector.manifest.secrets.map((name) => [name, secrets.get(name)])), ...legacy.environment };
      return await certify(connector, { ...options, live: { peer: { key, record: (k) => simulator.record(k), faults: simulator.faults }, parts: { divisions, clock: systemClock, secret: (name) => known[name] } } });
    } finally {
      await legacy.stop();
    }
  } finally {
    await postgres.stop();
    if (existsSync(dir)) rmSync(dir, { recursive: true });
  }
}

function printed(connector: Connector, certificate: Certificate, style: Style): string {
  const { name, nameEn } = connector.manifest;
  const count = (outcome: Check['outcome']): number => certificate.checks.filter((c) => c.outcome === outcome).length;
  const colour = (c: Check): string => (c.outcome === 'passed' ? style.green(MARK.passed) : c.outcome === 'failed' ? style.red(MARK.failed) : style.dim(MARK.notRun));
  const fixtures = certificate.checks.filter((c) => c.id.startsWith('fixture.') && c.outcome === 'passed');
  const lines = certificate.checks.filter((c) => !fixtures.includes(c)).map((c) => `  ${colour(c)} ${c.zh}  ${style.dim(c.en)}${c.detail === undefined ? '' : `  ${c.outcome === 'failed' ? style.red(c.detail) : style.dim(c.detail)}`}`);
  const losses = certificate.lossiness.map((f) => `    ${f.field} → ${f.columns.join(', ')}  ${f.losses.length === 0 ? style.dim('原样保存 held as it is') : f.losses.join('\n      ')}`);
  return [
    style.bold(`${name}  ${nameEn}  ${certificate.connector}  ${certificate.day}`),
    ...lines,
    ...(fixtures.length > 0 ? [`  ${style.green(MARK.passed)} ${fixtures.length} 个样例  fixtures`] : []),
    ...(losses.length > 0 ? ['  损失 what this target truncates or cannot hold', ...losses] : []),
    `  ${certificate.passed ? style.green('合格 certified') : style.red('不合格 not certified')}: ${count('passed')} ✓ ${count('failed')} ✗ ${count('notRun')} ·`,
  ].join('\n');
}
