import { Faults } from './faults.js';
import type { ExchangeTables } from './exchange-tables.js';
import type { Simulator, SystemRow, WrittenBack } from './simulator.js';
import { SQL_FAULTS } from './sql-proxy.js';

/** What every office behind exchange tables does alike: it is asked by its main table, and tells what the hub wrote. */
export abstract class ExchangeOffice implements Simulator {
  abstract readonly system: string;
  abstract readonly environment: Readonly<Record<string, string>>;
  readonly faults = new Faults([...SQL_FAULTS, 'echo']);
  protected tables!: ExchangeTables;

  keys(): Promise<readonly string[]> {
    return this.tables.keys();
  }

  /** The newest row of the key. */
  record(key: string): Promise<SystemRow | undefined> {
    return this.tables.newest(key);
  }

  abstract change(key: string, patch: SystemRow): Promise<void>;

  abstract add(row: SystemRow): Promise<string>;

  written(): Promise<readonly WrittenBack[]> {
    return this.tables.written();
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.tables.stop();
  }
}
