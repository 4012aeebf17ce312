import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { pino } from 'pino';
import { readConfig } from '#libs/platform/config';
import { createLogger, type Logger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { Shutdown } from '#libs/platform/shutdown';
import { LiveArea } from '../board/live-area.js';
import { Style } from '../board/style.js';
import { DemoFolder } from '../demo/demo-folder.js';
import { DemoStage } from '../demo/demo-stage.js';
import { Demo } from '../demo/run-demo.js';
import { runHub } from '../run-hub.js';
import { connectorsOf } from '../store-context.js';
import { Terminal, type OutputOptions } from '../terminal.js';
import { wholeNumber } from './generate-city.js';

interface Options extends OutputOptions {
  demo?: boolean;
  reset?: boolean;
  once?: boolean;
  persons: number;
  seed: number;
  city?: string;
  roles?: string;
  port: number;
  dataDir?: string;
}

/** Long enough for a running batch and for PostgreSQL to write out what it holds. */
const STEP_LIMIT_MS = 20_000;

export function startCommand(program: Command): void {
  program.command('start')
    .description('run the hub; --demo makes a fictional city and shows one entry reach its twelve systems')
    .option('--demo', 'a demo city of 2,000 persons and its twelve simulated systems')
    .option('--reset', 'with --demo: begin anew instead of going on with an earlier demo')
    .option('--once', 'with --demo: end with the filled receipt instead of running on')
    .option('--persons <n>', 'with --demo: how many people', wholeNumber, 2000)
    .option('--seed <n>', 'with --demo: which city', wholeNumber, 1)
    .option('--city <dir>', 'city directory to read: into an empty store at once, else as a snapshot')
    .option('--roles <roles>', 'intake,resolution,fanout,api (default: all)')
    .option('--port <n>', 'port of the API; 0 takes any free one', portNumber, Number(process.env['YICI_PORT'] ?? 8080))
    .option('--data-dir <dir>', 'data directory (default: YICI_DATA_DIR or .yici; .yici/demo for the demo)')
    .option('--json', 'print the result as one JSON object')
    .action((o: Options) => (o.demo === true ? startDemo(o) : startHubCommand(o)));
}

async function startDemo(o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const quiet = o.json === true;
  const out = quiet ? { isTTY: false, columns: 80, rows: 24, write: () => true } : process.stdout;
  const style = quiet ? new Style(false) : Style.for(process.stdout);
  const stage = new DemoStage(new LiveArea(out), style);
  const config = readConfig(process.env, { YICI_DATA_DIR: o.dataDir ?? process.env['YICI_DATA_DIR'] ?? path.join('.yici', 'demo') });
  const folder = await DemoFolder.open(config.dataDir, { persons: o.persons, seed: o.seed }, o.reset === true);
  const { persons, seed } = folder.marker()!;
  const logger = fileLogger(folder.logFile, config.logLevel);
  const shutdown = new Shutdown(logger, STEP_LIMIT_MS);
  const stopped = stopOnSignals(shutdown, stage.area);
  try {
    stage.logo(versionOf());
    const demo = new Demo({ port: o.port, persons, seed }, stage, folder, logger, shutdown);
    const outcome = await demo.run(connectorsOf(config));
    if (quiet) terminal.result(outcome, () => '');
    if (o.once === true || process.env['YICI_DEMO_EXIT']) {
      await shutdown.run();
      return;
    }
    await demo.watch(stopped);
  } catch (error) {
    if (stopped.aborted) return;
    stage.area.freeze();
    await shutdown.run();
    throw error;
  }
}

async function startHubCommand(o: Options): Promise<void> {
  const terminal = new Terminal(o);
  const board = o.json !== true && process.stdout.isTTY === true;
  const config = readConfig(process.env, { YICI_DATA_DIR: o.dataDir, YICI_ROLES: o.roles, YICI_PORT: o.port });
  mkdirSync(config.dataDir, { recursive: true });
  // On a terminal the board has the screen, and the log a file.
  const logFile = board ? path.join(config.dataDir, 'hub.log') : undefined;
  const logger = logFile === undefined ? createLogger({ level: config.logLevel }) : fileLogger(logFile, config.logLevel);
  const shutdown = new Shutdown(logger, STEP_LIMIT_MS);
  const area = new LiveArea(process.stdout);
  const stopped = stopOnSignals(shutdown, area);
  try {
    await runHub({ config, logger, logFile, city: o.city, roles: o.roles === undefined ? undefined : config.roles }, { terminal, area, style: Style.for(process.stdout), board }, shutdown, stopped);
  } catch (error) {
    if (stopped.aborted) return;
    area.freeze();
    await shutdown.run();
    throw error;
  }
}

/** SIGINT and SIGTERM: the board stands still, the parts close in order, then the process ends. */
function stopOnSignals(shutdown: Shutdown, area: LiveArea): AbortSignal {
  const stopped = new AbortController();
  const stop = (): void => {
    if (stopped.signal.aborted) return;
    stopped.abort();
    area.freeze();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  shutdown.onSignals((code) => process.exit(code));
  return stopped.signal;
}

function fileLogger(file: string, level: Parameters<typeof createLogger>[0]['level']): Logger {
  return createLogger({ level, destination: pino.destination({ dest: file, mkdir: true, sync: true }) });
}

function versionOf(): string {
  return (JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

function portNumber(text: string): number {
  const n = wholeNumber(text);
  if (n > 65535) throw new InvalidArgumentError('must be 0 to 65535.');
  return n;
}
