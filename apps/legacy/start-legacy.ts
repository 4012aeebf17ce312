import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import type { Simulator } from '#libs/synthetic/simulators/simulator';
import { quietLog, type SimulatorLog } from '#libs/synthetic/simulators/simulator-log';
import { SIMULATORS } from './simulators.js';

export interface LegacyOptions {
  cityDir: string;
  hubUrl: string;
  /** Database in which the systems with exchange tables make a schema each; a role that may. */
  databaseUrl: string;
  /** Folder below which each system has its own: exchange folders, what survives a restart. */
  dir: string;
  /** Secrets shared with the hub, by their names in connector.yaml. */
  secret(name: string): string;
  /** Which systems; all of the city when absent. */
  systems?: readonly string[];
  /** Port of a system; any free one when absent. */
  port?(system: string): number | undefined;
  log?: SimulatorLog;
}

/** The legacy systems of a city as they run. */
export interface Legacy {
  simulators: readonly Simulator[];
  /** What the hub must be told to reach them: addresses and secrets by their names in connector.yaml. */
  environment: Readonly<Record<string, string>>;
  /** Throws YICI_LEGACY_UNKNOWN_SYSTEM. */
  of(system: string): Simulator;
  stop(): Promise<void>;
}

/** Starts the simulators from a city directory. The hub may come up later: what is pushed waits and is sent again. */
export async function startLegacy(options: LegacyOptions): Promise<Legacy> {
  const { cityDir, hubUrl, databaseUrl, log = quietLog } = options;
  const systems = options.systems ?? Object.keys(SIMULATORS);
  const outcomes = await Promise.allSettled(systems.map(async (system) => {
    const start = SIMULATORS[system];
    if (start === undefined) throw unknown(system);
    const dir = path.join(options.dir, system);
    mkdirSync(dir, { recursive: true });
    return start({
      cityDir, hubUrl, databaseUrl, dir, port: options.port?.(system), secret: (name) => options.secret(name), log: (event, details) => log(event, { system, ...details }),
    });
  }));
  const simulators = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(simulators.map((s) => s.stop()));
  };
  const failed = outcomes.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    simulators, stop,
    environment: Object.assign({}, ...simulators.map((s) => s.environment)) as Record<string, string>,
    of: (system) => simulators.find((s) => s.system === system) ?? raise(unknown(system)),
  };
}

function unknown(system: string): YiciError {
  return new YiciError({ code: 'YICI_LEGACY_UNKNOWN_SYSTEM', stage: 'config', message: `There is no simulator of ${system}.`, fix: `Known are ${Object.keys(SIMULATORS).join(', ')}.` });
}

function raise(error: Error): never {
  throw error;
}
