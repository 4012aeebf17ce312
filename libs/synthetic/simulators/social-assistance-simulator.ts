import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { readCsvTable, type TextRow } from './city-files.js';
import { ExchangeOffice } from './exchange-office.js';
import { ExchangeTables, type ExchangeForm } from './exchange-tables.js';
import { COMPACT_CLOCK } from './office-clock.js';
import { known, refused } from './refusals.js';
import type { SimulatorContext, StartSimulator, SystemRow } from './simulator.js';
import type { TableShape } from './sql-database.js';

const SYSTEM = 'social-assistance';
const SCHEMA = 'social_assistance';
const PEOPLE = 'BASEINFO_PEOPLE';
const FAMILY = 'BASEINFO_FAMILY';
const OUT = 'HUB_PEOPLE_UPDATE';
const PEOPLE_COLUMNS = ['PEOPLE_ID', 'FAMILY_ID', 'NAME', 'ID_CARD', 'SEX', 'BIRTHDAY', 'NATION', 'RELATIONSHIP', 'MARRIAGE', 'DOMICILE_TYPE', 'TEL_MOBILE', 'PERSONAL_STATS_TAG', 'DEATH_FLAG',
  'UPDATE_TIME'];
const FAMILY_COLUMNS = ['FAMILY_ID', 'FAMILY_NAME', 'FAMILY_CARD_NO', 'CARD_NO', 'DOMICILE_CODE', 'ADDRESS', 'ASSISTANCE_TYPE', 'BEGIN_DATE', 'END_DATE', 'ACCOUNT_NUMBER', 'POPULATION', 'UPDATE_TIME'];
const FAMILIES: TableShape = { name: FAMILY, columns: FAMILY_COLUMNS, indexes: [['UPDATE_TIME', 'FAMILY_ID'], ['FAMILY_ID']] };
const PERSONS: TableShape = { name: PEOPLE, columns: PEOPLE_COLUMNS, indexes: [['UPDATE_TIME', 'PEOPLE_ID'], ['PEOPLE_ID'], ['FAMILY_ID']] };
const WRITTEN: TableShape = {
  name: OUT, columns: ['PEOPLE_ID', 'field', 'old', 'new', 'FLAG', 'ERR', 'CREATED'], primaryKey: ['PEOPLE_ID', 'field', 'CREATED'],
  types: { PEOPLE_ID: 'varchar(40) not null', field: 'varchar(40) not null', old: 'varchar(60)', new: 'varchar(60)', FLAG: 'char(1) not null', CREATED: 'char(17) not null' },
};
/** What it was told and has no column for in BASEINFO_PEOPLE. */
const STATS: TableShape = {
  name: 'PEOPLE_STATS', columns: ['PEOPLE_ID', 'field', 'value'], primaryKey: ['PEOPLE_ID', 'field'], types: { PEOPLE_ID: 'varchar(40) not null', field: 'varchar(40) not null' },
};
/** Fields that its job takes, and what they may become. */
const FIELDS: Readonly<Record<string, RegExp>> = { DEATH_FLAG: /^[01]$/, MARRIAGE: /^\d{2}$/, MOVED_OUT: /^[01]$/, DISABILITY: /^\w{1,4}$/, EMPLOYMENT: /^\w{1,4}$/ };

/** The aid office's exchange database: families and people whose applications leave rows behind, and HUB_PEOPLE_UPDATE, from which a job of its own takes. */
class SocialAssistanceSimulator extends ExchangeOffice {
  readonly system = SYSTEM;

  constructor(private readonly context: SimulatorContext) {
    super();
  }

  async start(): Promise<this> {
    const { cityDir, log, port } = this.context;
    const filled = (table: TableShape) => ({ ...table, fill: () => readCsvTable(join(cityDir, SYSTEM, `${table.name}.csv`), '', log) });
    const form: ExchangeForm = {
      schema: SCHEMA, main: { name: PEOPLE, key: 'PEOPLE_ID', newest: 'UPDATE_TIME' }, tables: [filled(FAMILIES), filled(PERSONS), WRITTEN, STATS],
      written: {
        name: OUT, flag: 'FLAG', error: 'ERR', order: ['CREATED', 'PEOPLE_ID', 'field'], identity: ['PEOPLE_ID', 'field', 'CREATED'], take: (row, runner) => this.take(row, runner),
        told: (row) => ({ at: COMPACT_CLOCK.parse(row['CREATED']!.slice(0, 14)) + Number(row['CREATED']!.slice(14)), key: row['PEOPLE_ID']!, columns: { [row['field']!]: row['new'] } }),
      },
    };
    this.tables = await ExchangeTables.open(form, this.context, { faults: this.faults, port });
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_SOCIAL_ASSISTANCE_DATABASE_URL: this.tables.url };
  }

  /** An application leaves a row behind: the former one stays. */
  async change(key: string, patch: SystemRow): Promise<void> {
    const row = known(await this.tables.newest(key), 'The aid office has nobody with this PEOPLE_ID.');
    await this.tables.database.insert(PEOPLE, PEOPLE_COLUMNS, [{ ...row, UPDATE_TIME: COMPACT_CLOCK.after(row['UPDATE_TIME']!), ...patch, PEOPLE_ID: key }]);
  }

  /** A family that moves or gets other aid: FAMILY_ID stands for all its people. */
  async changeFamily(key: string, patch: SystemRow): Promise<void> {
    const { database } = this.tables;
    const [newest] = await database.all(`select * from ${database.table(FAMILY)} where "FAMILY_ID" = ? order by "UPDATE_TIME" desc limit 1`, [key]);
    const row = known(newest, 'The aid office has no family with this FAMILY_ID.');
    await database.insert(FAMILY, FAMILY_COLUMNS, [{ ...row, UPDATE_TIME: COMPACT_CLOCK.after(row['UPDATE_TIME']!), ...patch, FAMILY_ID: key }]);
  }

  async add(row: SystemRow): Promise<string> {
    const faulty = Object.keys(row).filter((c) => !PEOPLE_COLUMNS.includes(c) || c === 'PEOPLE_ID');
    if (faulty.length > 0 || typeof row['NAME'] !== 'string') throw refused(`The aid office does not take this: ${faulty.join(', ') || 'NAME is missing'}.`);
    const { database } = this.tables;
    const [highest] = await database.all(`select max("PEOPLE_ID") as key from ${database.table(PEOPLE)} where "PEOPLE_ID" like 'R01%'`);
    const key = `R01${String(Number((highest?.['key'] ?? '').slice(3) || '0') + 1).padStart(9, '0')}`;
    await database.insert(PEOPLE, PEOPLE_COLUMNS, [{ ...Object.fromEntries(PEOPLE_COLUMNS.map((c) => [c, ''])), DEATH_FLAG: '0', ...row, PEOPLE_ID: key, UPDATE_TIME: COMPACT_CLOCK.now() }]);
    return key;
  }

  private async take(row: TextRow, runner: QueryRunner): Promise<string | undefined> {
    const { PEOPLE_ID: key = '', field = '', old = '', new: value = '' } = row;
    const person = await this.tables.newest(key, runner);
    if (person === undefined) return `查无此人 ${key}`;
    if (FIELDS[field] === undefined) return `字段不存在 ${field}`;
    if (!FIELDS[field].test(value)) return `代码不合法 ${field}: ${value}`;
    const own = PEOPLE_COLUMNS.includes(field);
    // Who changes a value says which one it replaces; what the office changed meanwhile is not overwritten.
    if (own && old !== '' && old !== person[field] && value !== person[field]) return `原值不符 ${field}: ${person[field]}`;
    if (own) {
      const others = this.faults.standing?.kind === 'echo' ? { NAME: spaced(person['NAME']!), TEL_MOBILE: person['TEL_MOBILE']!.replace(/^(1\d{2})(\d{4})(\d{4})$/, '$1-$2-$3') } : {};
      const set = { ...others, [field]: value, UPDATE_TIME: COMPACT_CLOCK.after(person['UPDATE_TIME']!) };
      await this.tables.update(PEOPLE, set, { PEOPLE_ID: key, UPDATE_TIME: person['UPDATE_TIME'] }, runner);
      return undefined;
    }
    const { database } = this.tables;
    await database.run(`delete from ${database.table(STATS.name)} where "PEOPLE_ID" = ? and "field" = ?`, [key, field], runner);
    await database.insert(STATS.name, STATS.columns, [{ PEOPLE_ID: key, field, value }], runner);
    return undefined;
  }
}

export const startSocialAssistance: StartSimulator = (context) => new SocialAssistanceSimulator(context).start();

/** Names of two characters are set apart to the width of three. */
function spaced(name: string): string {
  return [...name].length === 2 ? [...name].join(' ') : name;
}
