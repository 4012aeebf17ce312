import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { readCsvTable, type TextRow } from './city-files.js';
import { ExchangeOffice } from './exchange-office.js';
import { ExchangeTables, type ExchangeForm } from './exchange-tables.js';
import { SPACED_CLOCK } from './office-clock.js';
import { known, refused } from './refusals.js';
import type { SimulatorContext, StartSimulator, SystemRow } from './simulator.js';
import { respelt, type EchoKind } from './soap-echo.js';
import type { TableShape } from './sql-database.js';

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
class CorrectionsSimulator extends ExchangeOffice {
  readonly system = SYSTEM;

  constructor(private readonly context: SimulatorContext) {
    super();
  }

  async start(): Promise<this> {
    const { cityDir, log, port } = this.context;
    const form: ExchangeForm = {
      schema: SYSTEM, main: { name: TABLE, key: 'RECTNUM', newest: 'GXSJ' },
      tables: [WRITTEN, DEATHS, { ...PERSONS, fill: () => distinct(readCsvTable(join(cityDir, SYSTEM, `${TABLE}.csv`), 'ID', log, 'utf-8')) }],
      written: {
        name: OUT, flag: 'TBBZ', error: 'TBXX', order: ['ID'], identity: ['ID', 'GXSJ'], take: (row, runner) => this.take(row, runner),
        told: ({ RECTNUM: key, GXSJ: at, XZZ, LXDH, SWBZ }) => ({ at: SPACED_CLOCK.parse(at!), key: key!, columns: { XZZ, LXDH, SWBZ } }),
      },
    };
    this.tables = await ExchangeTables.open(form, this.context, { faults: this.faults, port });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_CORRECTIONS_DATABASE_URL: this.tables.url };
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    const row = known(await this.tables.newest(key), 'The office of justice has nobody with this number.');
    // Changing RECTNUM puts another person on the row: this system re-uses its rows.
    await this.put(row, patch);
  }

  async add(row: SystemRow): Promise<string> {
    const faulty = Object.keys(row).filter((c) => !COLUMNS.includes(c) || c === 'ID' || c === 'RECTNUM');
    if (faulty.length > 0 || typeof row['XM'] !== 'string') throw refused(`The office of justice does not take this: ${faulty.join(', ') || 'XM is missing'}.`);
    const id = await this.tables.nextNumber(TABLE, 'ID');
    const now = SPACED_CLOCK.now();
    const key = `9901${now.slice(0, 4)}${id.padStart(9, '0')}`;
    await this.tables.database.insert(TABLE, COLUMNS, [{ ...Object.fromEntries(COLUMNS.map((c) => [c, ''])), ...row, ID: id, RECTNUM: key, TBBZ: '0', GXSJ: now }]);
    return key;
  }

  /** Its errors quote what they complain of, as such texts do. */
  private async take(row: TextRow, runner: QueryRunner): Promise<string | undefined> {
    const key = row['RECTNUM']!;
    const person = await this.tables.newest(key, runner);
    if (person === undefined) return `查无此人 ${key}`;
    const given = Object.fromEntries(['XZZ', 'LXDH', 'SWBZ'].filter((c) => (row[c] ?? '') !== '').map((c) => [c, row[c]!]));
    for (const [column, text] of Object.entries(given)) if (!CHECKS[column]!(text)) return `字段校验失败 ${column}: ${text}`;
    const { SWBZ: dead, ...columns } = given;
    if (dead !== undefined) await this.recordDeath(key, runner);
    if (Object.keys(columns).length > 0) await this.put(person, this.faults.standing?.kind === 'echo' ? respelt(columns, ECHO) : columns, runner);
    return undefined;
  }

  private async recordDeath(key: string, runner: QueryRunner): Promise<void> {
    const { database } = this.tables;
    const told = await database.all(`select 1 as n from ${database.table(DEATHS.name)} where "RECTNUM" = ?`, [key], runner);
    if (told.length === 0) await database.insert(DEATHS.name, DEATHS.columns, [{ RECTNUM: key, GXSJ: SPACED_CLOCK.now() }], runner);
  }

  /** A changed row is new for every reader. */
  private async put(row: TextRow, patch: SystemRow, runner?: QueryRunner): Promise<void> {
    const changed = { TBBZ: '0', TBXX: '', GXSJ: SPACED_CLOCK.after(row['GXSJ']!), ...patch };
    await this.tables.update(TABLE, Object.fromEntries(Object.entries(changed).filter(([c]) => COLUMNS.includes(c) && c !== 'ID')), { ID: row['ID'] }, runner);
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
