import { join } from 'node:path';
import { YiciError } from '#libs/kernel/errors';
import { readCsvTable, type TextRow } from './city-files.js';
import { Faults } from './faults.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';
import { SqlDatabase, type TableShape } from './sql-database.js';
import { ExchangeJob } from './sql-job.js';
import { SQL_FAULTS, SqlProxy } from './sql-proxy.js';

const SYSTEM = 'corrections';
const TABLE = 'T_JZRY';
const OUT = 'T_HUB_OUT';
const COLUMNS = ['ID', 'RECTNUM', 'XM', 'SFZH', 'XB', 'CSRQ', 'JZLB', 'JZKSRQ', 'JZJSRQ', 'ZM', 'SFTG', 'XZZ', 'LXDH', 'TBBZ', 'TBXX', 'GXSJ'];
const PERSONS: TableShape = { name: TABLE, columns: COLUMNS, types: { ID: 'bigint' }, primaryKey: ['ID'], indexes: [['TBBZ'], ['RECTNUM']] };
const WRITTEN: TableShape = { name: OUT, columns: ['ID', 'RECTNUM', 'XZZ', 'LXDH', 'SWBZ', 'TBBZ', 'TBXX', 'GXSJ'], types: { ID: 'bigint' }, primaryKey: ['ID'], indexes: [['TBBZ']] };
/** Deaths that it was told of; its table has no column of its own for them. */
const DEATHS: TableShape = { name: 'T_SWDJ', columns: ['RECTNUM', 'GXSJ'], types: { RECTNUM: 'varchar(60)' }, primaryKey: ['RECTNUM'] };
const ECHO: Readonly<Record<string, EchoKind>> = { XZZ: 'address', LXDH: 'phone' };

/** What the form takes from the hub, in characters. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  XZZ: (t) => [...t].length <= 100, LXDH: (t) => /^\d{7,12}$/.test(t), SWBZ: (t) => t === '1',
};

/** The office of justice's exchange tables (前置机): T_JZRY, whose rows say with TBBZ what is new, and T_HUB_OUT, from which a job of its own takes. */
class CorrectionsSimulator implements Simulator {
  readonly system = SYSTEM;
  readonly faults = new Faults([...SQL_FAULTS, 'echo']);
  private database!: SqlDatabase;
  private proxy!: SqlProxy;
  private readonly job = new ExchangeJob(() => this.takeWritten());

  constructor(private readonly context: SimulatorContext) {}

  async start(): Promise<this> {
    const { cityDir, databaseUrl, port, log } = this.context;
    this.database = await SqlDatabase.open(databaseUrl, SYSTEM);
    await this.database.create(WRITTEN);
    await this.database.create(DEATHS);
    if (await this.database.create(PERSONS)) await this.database.insert(TABLE, COLUMNS, distinct(readCsvTable(join(cityDir, SYSTEM, `${TABLE}.csv`), 'ID', log, 'utf-8')));
    this.proxy = await SqlProxy.start(databaseUrl, this.faults, (ms) => this.database.lock(TABLE, ms), port);
    this.job.start();
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_CORRECTIONS_DATABASE_URL: this.proxy.url };
  }

  async keys(): Promise<readonly string[]> {
    return (await this.database.all(`select distinct "RECTNUM" from ${this.database.table(TABLE)} where "RECTNUM" <> '' order by "RECTNUM"`)).map((r) => r['RECTNUM']!);
  }

  /** Its newest row. */
  async record(key: string): Promise<SystemRow | undefined> {
    return (await this.database.all(`select * from ${this.database.table(TABLE)} where "RECTNUM" = ? order by "GXSJ" desc limit 1`, [key]))[0];
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    const row = await this.record(key);
    if (row === undefined) throw new YiciError({ code: 'YICI_SIMULATOR_UNKNOWN_KEY', stage: 'serving', message: 'The office of justice has nobody with this number.' });
    // Changing RECTNUM puts another person on the row: this system re-uses its rows.
    await this.put(String(row['ID']), patch);
  }

  async add(row: SystemRow): Promise<string> {
    const faulty = Object.keys(row).filter((c) => !COLUMNS.includes(c) || c === 'ID' || c === 'RECTNUM');
    if (faulty.length > 0 || typeof row['XM'] !== 'string') throw new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message: `The office of justice does not take this: ${faulty.join(', ') || 'XM is missing'}.` });
    const [highest] = await this.database.all(`select coalesce(max("ID"), 0) + 1 as next from ${this.database.table(TABLE)}`);
    const id = highest!['next']!;
    const key = `9901${localNow().slice(0, 4)}${id.padStart(9, '0')}`;
    await this.database.insert(TABLE, COLUMNS, [{ ...empty(), ...row, ID: id, RECTNUM: key, TBBZ: '0', GXSJ: localNow() }]);
    return key;
  }

  async written(): Promise<readonly WrittenBack[]> {
    const rows = await this.database.all(`select * from ${this.database.table(OUT)} order by "ID"`);
    return rows.map(({ RECTNUM: key = '', TBBZ: flag, TBXX: text, GXSJ: at = '', ...columns }) => ({
      at: Date.parse(`${at.replace(' ', 'T')}+08:00`), key, columns: { XZZ: columns['XZZ'], LXDH: columns['LXDH'], SWBZ: columns['SWBZ'] },
      answer: flag === '1' ? 'taken' : flag === '0' ? 'waiting' : `${flag} ${text}`,
    }));
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.job.stop();
    await this.proxy.stop();
    await this.database.close();
  }

  /** Its own job: rows with TBBZ 0, in the order of their numbers. */
  private async takeWritten(): Promise<void> {
    const rows = await this.database.all(`select * from ${this.database.table(OUT)} where "TBBZ" = '0' order by "ID"`);
    for (const row of rows) {
      const fault = await this.apply(row);
      await this.database.run(`update ${this.database.table(OUT)} set "TBBZ" = ?, "TBXX" = ? where "ID" = ? and "TBBZ" = '0' and "GXSJ" = ?`,
        [fault === undefined ? '1' : '9', fault ?? null, row['ID'], row['GXSJ']]);
      this.context.log('exchange-row-taken', { table: OUT, answer: fault === undefined ? 1 : 9 });
    }
  }

  /** Its errors quote what they complain of, as such texts do. */
  private async apply(row: TextRow): Promise<string | undefined> {
    const person = await this.record(row['RECTNUM'] ?? '');
    if (person === undefined) return `查无此人 ${row['RECTNUM']}`;
    const given = Object.fromEntries(['XZZ', 'LXDH', 'SWBZ'].filter((c) => (row[c] ?? '') !== '').map((c) => [c, row[c]!]));
    for (const [column, text] of Object.entries(given)) if (!CHECKS[column]!(text)) return `字段校验失败 ${column}: ${text}`;
    const { SWBZ: dead, ...columns } = given;
    if (dead !== undefined) await this.recordDeath(row['RECTNUM']!);
    if (Object.keys(columns).length > 0) await this.put(String(person['ID']), this.faults.standing?.kind === 'echo' ? respelt(columns, ECHO) : columns);
    return undefined;
  }

  private async recordDeath(key: string): Promise<void> {
    const table = this.database.table(DEATHS.name);
    const known = await this.database.all(`select 1 as n from ${table} where "RECTNUM" = ?`, [key]);
    if (known.length === 0) await this.database.insert(DEATHS.name, DEATHS.columns, [{ RECTNUM: key, GXSJ: localNow() }]);
  }

  /** A changed row is new for every reader. */
  private async put(id: string, patch: SystemRow): Promise<void> {
    const [row] = await this.database.all(`select "GXSJ" from ${this.database.table(TABLE)} where "ID" = ?`, [id]);
    const columns = Object.entries({ TBBZ: '0', TBXX: '', GXSJ: later(localNow(), row?.['GXSJ'] ?? ''), ...patch }).filter(([c]) => COLUMNS.includes(c) && c !== 'ID');
    await this.database.run(`update ${this.database.table(TABLE)} set ${columns.map(([c]) => `"${c}" = ?`).join(', ')} where "ID" = ?`, [...columns.map(([, v]) => v), id]);
  }
}

export const startCorrections: StartSimulator = (context) => new CorrectionsSimulator(context).start();

/** Rows whose number stands there already cannot be in one table; the newer one is. */
function distinct(rows: readonly TextRow[]): TextRow[] {
  const newest = new Map<string, TextRow>();
  for (const row of rows) {
    const before = newest.get(row['ID']!);
    if (before === undefined || before['GXSJ']! <= row['GXSJ']!) newest.set(row['ID']!, row);
  }
  return [...newest.values()];
}

function empty(): TextRow {
  return Object.fromEntries(COLUMNS.map((c) => [c, '']));
}

/** yyyy-MM-dd HH:mm:ss in Shanghai. */
function localNow(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Its clock knows seconds, and each version of a row another. */
function later(now: string, before: string): string {
  const at = Date.parse(`${before.replace(' ', 'T')}Z`);
  return before < now || Number.isNaN(at) ? now : new Date(at + 1000).toISOString().slice(0, 19).replace('T', ' ');
}
