import type { Faults } from './faults.js';
import type { SimulatorLog } from './simulator-log.js';

/** What every simulator is started with. */
export interface SimulatorContext {
  /** City directory that it is filled from; it reads its own folder and divisions.csv alone. */
  cityDir: string;
  /** Base URL of the hub, for systems that push. */
  hubUrl: string;
  /** URL of a PostgreSQL database in which schemas may be made, for systems with exchange tables. */
  databaseUrl: string;
  /** Folder of its own: exchange folders, what must survive a restart. */
  dir: string;
  /** A secret shared with the hub, by the name in connector.yaml; the same on every call. */
  secret(name: string): string;
  /** Port to listen on; absent or 0: any free one. */
  port?: number;
  log: SimulatorLog;
}

/** One value or row that the hub wrote, as the system sees it. */
export interface WrittenBack {
  /** Milliseconds since 1970. */
  at: number;
  /** The system's own key; absent when the write named none that it knows. */
  key?: string;
  columns: Readonly<Record<string, unknown>>;
  /** What the system said to it: `taken`, or why not, in its own codes. */
  answer: string;
}

/** A row in the system's own columns. */
export type SystemRow = Readonly<Record<string, unknown>>;

/** One legacy system as it runs: it holds state, mints keys, refuses what the real one refuses, and can be told to fail. */
export interface Simulator {
  readonly system: string;
  /** What the hub must be told to reach it: addresses and secrets by their names in connector.yaml. */
  readonly environment: Readonly<Record<string, string>>;
  readonly faults: Faults;
  /** Keys of the persons (dwellings, for a system of dwellings) that it holds, in a stable order. */
  keys(): Promise<readonly string[]>;
  record(key: string): Promise<SystemRow | undefined>;
  /** Its office changes a record; the change leaves the way the system's changes leave. Throws YICI_SIMULATOR_UNKNOWN_KEY. */
  change(key: string, patch: SystemRow): Promise<void>;
  /** Its office enters somebody new; returns the key that it minted. Throws YICI_SIMULATOR_REFUSED. */
  add(row: SystemRow): Promise<string>;
  /** What the hub wrote to it, oldest first. */
  written(): Promise<readonly WrittenBack[]>;
  /** For systems that give out files or push on request: writes the next file, pushes everything. Others do nothing. */
  publish(): Promise<void>;
  stop(): Promise<void>;
}

export type StartSimulator = (context: SimulatorContext) => Promise<Simulator>;
