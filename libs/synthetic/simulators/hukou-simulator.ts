import { join } from 'node:path';
import { DataSource, type QueryRunner } from 'typeorm';
import { readCsvTable, texts, type TextRow } from './city-files.js';
import { HukouTables } from './hukou-tables.js';
import { COMPACT_CLOCK } from './office-clock.js';
import { known } from './refusals.js';
import { quietLog, type SimulatorLog } from './simulator-log.js';
import { TicketFolder, type Ticket } from './ticket-folder.js';

export interface HukouOptions {
  cityDir: string;
  /** Where the exchange schema is created; a role that may create schemas. */
  postgresUrl: string;
  /** `hukou` when absent. */
  schema?: string;
  ticketFolder: string;
  /** Where ticket files go that were taken; removed when absent. */
  takenFolder?: string;
  /** Milliseconds between two looks into the folder; 500 when absent. */
  ticketEveryMs?: number;
  log?: SimulatorLog;
}

/** A version that has its number and is not committed yet: later numbers may be seen before it. */
export interface PendingVersion {
  rowVersion: number;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** The register as a running system: an SQL exchange schema that the hub reads, and a folder whose ticket files it takes away. Nothing else can be written. Its state lives in the database. */
export class HukouSimulator {
  private constructor(private readonly tables: HukouTables, private readonly folder: TicketFolder) {}

  static async start(options: HukouOptions): Promise<HukouSimulator> {
    const log = options.log ?? quietLog;
    const source = new DataSource({ type: 'postgres', url: options.postgresUrl, applicationName: 'legacy-hukou', extra: { max: 4 } });
    await source.initialize();
    const tables = new HukouTables(source, options.schema ?? 'hukou');
    if (await tables.create()) {
      const file = (name: string, key: string): TextRow[] => readCsvTable(join(options.cityDir, 'hukou', `${name}.csv`), key, log);
      await tables.fill(file('HJXX_CZRKJBXXB', 'RYID'), file('HJXX_HXXB', 'HHNBID'));
    }
    const folder = new TicketFolder(options.ticketFolder, log, options.takenFolder);
    folder.watch(options.ticketEveryMs ?? 500);
    return new HukouSimulator(tables, folder);
  }

  get tickets(): readonly Ticket[] {
    return this.folder.tickets;
  }

  /** Files that lie in the folder and are not taken, with the reason. */
  get refusedFiles(): ReadonlyMap<string, string> {
    return this.folder.refused;
  }

  /** Looks into the folder now. */
  takeTickets(): number {
    return this.folder.takeAway();
  }

  /** Stops taking ticket files, as when the collecting job is down; `true` starts it again. */
  collect(on: boolean, everyMs = 500): void {
    this.folder.stop();
    if (on) this.folder.watch(everyMs);
  }

  /** Current version of a person; undefined when there is none. */
  async person(key: string): Promise<TextRow | undefined> {
    return this.currentPerson(this.tables.source.createQueryRunner(), key, true);
  }

  /** RYIDs of the persons it has now, in their order. */
  async personKeys(): Promise<string[]> {
    const rows = await this.tables.source.query<{ RYID: string }[]>(`select distinct "RYID" from ${this.tables.persons} where "JLBZ" = '1' and "CXBZ" = '0' order by "RYID"`);
    return rows.map((r) => r.RYID);
  }

  async household(key: string): Promise<TextRow | undefined> {
    const rows = await this.tables.source.query<TextRow[]>(`select * from ${this.tables.households} where "HHNBID" = $1 and "JLBZ" = '1'`, [key]);
    return rows[0] && texts(rows[0]);
  }

  /** The police change a person: a new row version, the old one becomes history. Returns the new RYNBID. Throws YICI_SIMULATOR_UNKNOWN_KEY. */
  async change(key: string, patch: Readonly<TextRow>): Promise<number> {
    const pending = await this.begin(key, patch);
    await pending.commit();
    return pending.rowVersion;
  }

  /** As `change`, but left uncommitted: versions begun later may commit first. */
  async begin(key: string, patch: Readonly<TextRow>): Promise<PendingVersion> {
    const runner = this.tables.source.createQueryRunner();
    try {
      await runner.startTransaction();
      const row = known(await this.currentPerson(runner, key, false), 'The register has no person with this key.');
      const rowVersion = await this.nextVersion(runner);
      await runner.query(`update ${this.tables.persons} set "JLBZ" = '0' where "RYNBID" = $1`, [row['RYNBID']]);
      await this.tables.insertPerson(runner, { ...row, GXSJ: COMPACT_CLOCK.now(), ...patch, RYID: key, RYNBID: String(rowVersion), JLBZ: '1' });
      const end = (work: () => Promise<void>) => async (): Promise<void> => {
        try {
          await work();
        } finally {
          await runner.release();
        }
      };
      return { rowVersion, commit: end(() => runner.commitTransaction()), rollback: end(() => runner.rollbackTransaction()) };
    } catch (error) {
      await runner.rollbackTransaction();
      await runner.release();
      throw error;
    }
  }

  /** A birth or an arrival: a person new to the register. */
  async add(row: Readonly<TextRow>): Promise<number> {
    const runner = this.tables.source.createQueryRunner();
    try {
      const rowVersion = await this.nextVersion(runner);
      await this.tables.insertPerson(runner, { RYZT: '0', CXBZ: '0', GXSJ: COMPACT_CLOCK.now(), ...row, RYNBID: String(rowVersion), JLBZ: '1' });
      return rowVersion;
    } finally {
      await runner.release();
    }
  }

  /** As `add`, with a RYID of its own making, which it returns. */
  async register(row: Readonly<TextRow>): Promise<string> {
    const [highest] = await this.tables.source.query<{ next: string }[]>(`select coalesce(max("RYID"::bigint), 0) + 1 as next from ${this.tables.persons} where "RYID" ~ '^[0-9]{14}$'`);
    const key = highest!.next.padStart(14, '0');
    await this.add({ ...row, RYID: key });
    return key;
  }

  /** A household moves or closes: the current row becomes the history row, which replaces an older one. */
  async changeHousehold(key: string, patch: Readonly<TextRow>): Promise<void> {
    const runner = this.tables.source.createQueryRunner();
    try {
      await runner.startTransaction();
      const rows = await runner.query(`select * from ${this.tables.households} where "HHNBID" = $1 and "JLBZ" = '1' for update`, [key]) as TextRow[];
      const row = known(rows[0], 'The register has no household with this key.');
      await runner.query(`delete from ${this.tables.households} where "HHNBID" = $1 and "JLBZ" = '0'`, [key]);
      await runner.query(`update ${this.tables.households} set "JLBZ" = '0' where "HHNBID" = $1`, [key]);
      await this.tables.insertHousehold(runner, { ...texts(row), GXSJ: COMPACT_CLOCK.now(), ...patch, HHNBID: key, JLBZ: '1' });
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Makes the exchange tables slow for readers for a while: an exclusive lock, as a nightly job takes it. */
  async busy(ms: number): Promise<void> {
    await this.tables.source.transaction(async (manager) => {
      await manager.query(`lock table ${this.tables.persons} in access exclusive mode`);
      await new Promise((resolve) => setTimeout(resolve, ms));
    });
  }

  async stop(): Promise<void> {
    this.folder.stop();
    await this.tables.source.destroy();
  }

  private async currentPerson(runner: QueryRunner, key: string, release: boolean): Promise<TextRow | undefined> {
    try {
      const rows = await runner.query(`select * from ${this.tables.persons} where "RYID" = $1 and "JLBZ" = '1' and "CXBZ" = '0' order by "RYNBID" desc limit 1${release ? '' : ' for update'}`, [key]) as TextRow[];
      return rows[0] && texts(rows[0]);
    } finally {
      if (release) await runner.release();
    }
  }

  private async nextVersion(runner: QueryRunner): Promise<number> {
    const [row] = await runner.query(`select nextval('${this.tables.sequence}') as v`) as { v: string }[];
    return Number(row!.v);
  }
}
