import { mkdirSync } from 'node:fs';
import { GridSimulator } from '#libs/synthetic/simulators/grid-simulator';
import { HukouSimulator } from '#libs/synthetic/simulators/hukou-simulator';
import type { Hmac } from '#libs/synthetic/simulators/signature';
import type { SimulatorLog } from '#libs/synthetic/simulators/simulator-log';

export interface LegacyOptions {
  cityDir: string;
  hubUrl: string;
  /** Database for the exchange schema `hukou`; a role that may create schemas. */
  postgresUrl: string;
  /** Folder whose ticket files the register takes away. */
  ticketFolder: string;
  /** Where ticket files go that were taken; removed when absent. */
  takenFolder?: string;
  pushSecret: string;
  syncSecret: string;
  hmac?: Hmac;
  gridPort?: number;
  /** Folder where the grid keeps what it was told, over restarts. */
  stateDir?: string;
  log?: SimulatorLog;
}

export interface Legacy {
  grid: GridSimulator;
  hukou: HukouSimulator;
  stop(): Promise<void>;
}

/** Starts the simulators of the live systems from a city directory. The hub may come up later: pushes wait and retry. */
export async function startLegacy(options: LegacyOptions): Promise<Legacy> {
  if (options.stateDir) mkdirSync(options.stateDir, { recursive: true });
  const hukou = await HukouSimulator.start({ cityDir: options.cityDir, postgresUrl: options.postgresUrl, ticketFolder: options.ticketFolder, takenFolder: options.takenFolder,
    log: named('hukou', options.log) });
  try {
    const grid = await GridSimulator.start({
      cityDir: options.cityDir, hubUrl: options.hubUrl, pushSecret: options.pushSecret, syncSecret: options.syncSecret, hmac: options.hmac, port: options.gridPort,
      stateDir: options.stateDir, log: named('grid', options.log),
    });
    return {
      grid, hukou,
      stop: async () => {
        await grid.stop();
        await hukou.stop();
      },
    };
  } catch (error) {
    await hukou.stop();
    throw error;
  }
}

function named(system: string, log: SimulatorLog | undefined): SimulatorLog | undefined {
  return log && ((event, details) => log(event, { system, ...details }));
}
