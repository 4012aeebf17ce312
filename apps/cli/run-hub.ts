import { setTimeout as sleep } from 'node:timers/promises';
import { startHub } from '#apps/hub/start-hub';
import { isEmptyStore } from '#libs/bulk/load-city';
import { openCityDirectory } from '#libs/intake/city-directory';
import { personModel } from '#libs/matching/match-model';
import type { Config, Role } from '#libs/platform/config';
import type { Logger } from '#libs/platform/logger';
import type { Shutdown } from '#libs/platform/shutdown';
import { BoardReader, hubBoard } from './board/hub-board.js';
import type { LiveArea } from './board/live-area.js';
import { LoadBoard, loadedTable } from './board/load-board.js';
import type { Style } from './board/style.js';
import { padEnd } from './text-width.js';
import { bulkLoad } from './bulk-load.js';
import { connectorsOf, withStore } from './store-context.js';
import type { Terminal } from './terminal.js';

export interface HubRun {
  config: Config;
  logger: Logger;
  /** Where the log goes while the board has the terminal. */
  logFile?: string;
  /** City directory: loaded at once into an empty store; then watched, and what is new there is read as a snapshot. */
  city?: string;
  roles?: readonly Role[];
}

interface Screen {
  terminal: Terminal;
  area: LiveArea;
  style: Style;
  /** Whether a board is drawn. */
  board: boolean;
}

/** Runs a hub on its data directory until it is told to stop. */
export async function runHub(run: HubRun, screen: Screen, shutdown: Shutdown, stopped: AbortSignal): Promise<void> {
  const { config, logger } = run;
  const { terminal, area, style, board } = screen;
  const systems = connectorsOf(config).map(({ id, manifest }) => ({ id, name: manifest.name }));
  if (run.city !== undefined) await readCity(run.city, run, screen, systems);
  const hub = await startHub({ roles: run.roles, port: config.port, dataDir: config.dataDir, cityDir: run.city, logger });
  shutdown.add('hub', () => hub.close());
  const accounts = config.roles.includes('api') ? await hub.createFirstAccounts() : [];
  terminal.result({ url: hub.url, roles: config.roles, ...(accounts.length > 0 && { accounts }) }, () => [
    `${style.bold(hub.url)}  ${config.roles.join(', ')}${run.logFile === undefined ? '' : style.dim(`  log: ${run.logFile}`)}`,
    ...(accounts.length === 0 ? [] : [
      style.yellow('生成的口令，只显示这一次  passwords of the first accounts, shown this once'), ...accounts.map((a) => `  ${padEnd(a.username, 14)}${style.bold(a.password)}`),
    ]),
    '',
  ].join('\n'));
  const reader = new BoardReader(hub.parts.store.dataSource, hub.parts.clock);
  while (!stopped.aborted) {
    const state = board ? await reader.read().catch(() => undefined) : undefined;
    if (state !== undefined && !stopped.aborted) area.update([...hubBoard(systems, state, style), '', `  ${style.bold(hub.url)}   ${style.dim('Ctrl-C 结束 ends')}`]);
    await sleep(1000, undefined, { signal: stopped }).catch(() => undefined);
  }
}

/** Into an empty store at once. */
async function readCity(dir: string, { config }: HubRun, { terminal, area, style, board }: Screen, systems: { id: string; name: string }[]): Promise<void> {
  const city = await openCityDirectory(dir);
  await withStore({ dataDir: config.dataDir }, async (context) => {
    if (!(await isEmptyStore({ client: context.store.pool as never }))) return;
    const progress = new LoadBoard(systems, style);
    const timer = board ? setInterval(() => area.update(progress.lines()), 100) : undefined;
    try {
      const loaded = await bulkLoad(context, city, personModel(), (p) => progress.note(p));
      area.freeze([]);
      terminal.say(loadedTable(systems, loaded.rows, style).join('\n'));
    } finally {
      clearInterval(timer);
    }
  });
}
