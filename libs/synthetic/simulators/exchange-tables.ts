import type { QueryRunner } from 'typeorm';
import type { TextRow } from './city-files.js';
import type { SimulatorContext, WrittenBack } from './simulator.js';
import { SqlDatabase, type TableShape } from './sql-database.js';
import { ExchangeJob } from './sql-job.js';
import { SqlProxy, type Meets } from './sql-proxy.js';

/** The table that the hub writes into. A row's flag says 0 written, 1 taken, 9 refused. */
export interface WrittenTable {
  name: string;
  flag: string;
  /** Why a row was refused. */
  error: string;
  /** Columns in whose order rows are taken. */
  order: readonly string[];
  /** Columns that tell one write from another. */
  identity: readonly string[];
  /** What the office makes of a row: undefined when it took it, or why not, in its own words. */
  take(row: TextRow, runner: QueryRunner): Promise<string | undefined>;
  /** The row as something that the hub wrote; its answer stands in the flag. */
  told(row: TextRow): Omit<WrittenBack, 'answer'>;
}

export interface ExchangeForm {
  schema: string;
  /** All its tables; `fill` gives the rows of one that is empty. */
  tables: readonly (TableShape & { fill?(): readonly TextRow[] })[];
  /** The table of what it is asked for, where a key may have several rows, the last by `newest` being the one that holds. */
  main: { name: string; key: string; newest: string };
  written?: WrittenTable;
}

/** The exchange tables of a simulated system (前置机), the door through which the hub comes to them, and the job that takes what the hub wrote. */
export class ExchangeTables {
  private readonly job: ExchangeJob | undefined;

  private constructor(readonly database: SqlDatabase, private readonly proxy: SqlProxy, private readonly form: ExchangeForm, private readonly log: SimulatorContext['log']) {
    const { written } = form;
    this.job = written && new ExchangeJob(() => this.takeWritten(written));
    this.job?.start();
  }

  /** `door`: the faults that the hub meets there, and where it is. */
  static async open(form: ExchangeForm, { databaseUrl, log }: SimulatorContext, door: { faults: Meets; port?: number | undefined }): Promise<ExchangeTables> {
    const database = await SqlDatabase.open(databaseUrl, form.schema);
    for (const table of form.tables) {
      const empty = await database.create(table);
      if (empty && table.fill !== undefined) await database.insert(table.name, table.columns, table.fill());
    }
    const proxy = await SqlProxy.start(databaseUrl, door.faults, (ms) => database.lock(form.main.name, ms), door.port);
    return new ExchangeTables(database, proxy, form, log);
  }

  /** The database's URL as the hub is told it. */
  get url(): string {
    return this.proxy.url;
  }

  /** Keys of the main table, sorted. */
  async keys(): Promise<string[]> {
    const { name, key } = this.form.main;
    return (await this.database.all(`select distinct "${key}" from ${this.database.table(name)} where "${key}" <> '' order by "${key}"`)).map((r) => r[key]!);
  }

  /** The row of the main table that holds for a key. */
  async newest(key: string, runner?: QueryRunner): Promise<TextRow | undefined> {
    const { main } = this.form;
    return (await this.database.all(`select * from ${this.database.table(main.name)} where "${main.key}" = ? order by "${main.newest}" desc limit 1`, [key], runner))[0];
  }

  /** One above the highest number that stands in a column of numbers; 1 in an empty table. */
  async nextNumber(table: string, column: string, runner?: QueryRunner): Promise<string> {
    const [highest] = await this.database.all(`select coalesce(max("${column}"), 0) + 1 as next from ${this.database.table(table)}`, [], runner);
    return highest!['next']!;
  }

  /** Sets columns of the rows in which the others hold these values. */
  async update(table: string, set: Readonly<Record<string, unknown>>, where: Readonly<Record<string, unknown>>, runner?: QueryRunner): Promise<void> {
    const equal = (columns: object, between: string): string => Object.keys(columns).map((c) => `"${c}" = ?`).join(between);
    await this.database.run(`update ${this.database.table(table)} set ${equal(set, ', ')} where ${equal(where, ' and ')}`, [...Object.values(set), ...Object.values(where)], runner);
  }

  /** What the hub wrote, in the order in which it is taken. */
  async written(): Promise<WrittenBack[]> {
    const { written } = this.form;
    if (written === undefined) return [];
    const rows = await this.database.all(`select * from ${this.database.table(written.name)} order by ${list(written.order)}`);
    return rows.map((row) => {
      const flag = row[written.flag]!;
      return { ...written.told(row), answer: flag === '1' ? 'taken' : flag === '0' ? 'waiting' : `${flag} ${row[written.error]!}` };
    });
  }

  async stop(): Promise<void> {
    await this.job?.stop();
    await this.proxy.stop();
    await this.database.close();
  }

  private async takeWritten({ name, flag, error, order, identity, take }: WrittenTable): Promise<void> {
    const rows = await this.database.all(`select * from ${this.database.table(name)} where "${flag}" = '0' order by ${list(order)}`);
    for (const row of rows) {
      await this.database.transaction(async (runner) => {
        const why = await take(row, runner);
        const answer = why === undefined ? '1' : '9';
        // A row that the hub wrote anew meanwhile waits for the next run.
        await this.update(name, { [flag]: answer, [error]: why ?? null }, { ...Object.fromEntries(identity.map((c) => [c, row[c]])), [flag]: '0' }, runner);
        this.log('exchange-row-taken', { table: name, answer: Number(answer) });
      });
    }
  }
}

function list(columns: readonly string[]): string {
  return columns.map((c) => `"${c}"`).join(', ');
}
