import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { readCsvTable, type TextRow } from './city-files.js';
import { Faults } from './faults.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { SqlDatabase, type TableShape } from './sql-database.js';
import { ExchangeJob } from './sql-job.js';
import { SQL_FAULTS, SqlProxy } from './sql-proxy.js';

const SYSTEM = 'social-assistance';
const SCHEMA = 'social_assistance';
const PEOPLE = 'BASEINFO_PEOPLE';
const FAMILY = 'BASEINFO_FAMILY';
const OUT = 'HUB_PEOPLE_UPDATE';
const PEOPLE_COLUMNS = ['PEOPLE_ID', 'FAMILY_ID', 'NAME', 'ID_CARD', 'SEX', 'BIRTHDAY', 'NATION', 'RELATIONSHIP', 'MARRIAGE', 'DOMICILE_TYPE', 'TEL_MOBILE', 'PERSONAL_STATS_TAG', 'DEATH_FLAG',
  'UPDATE_TIME'];
const FAMILY_COLUMNS = ['FAMILY_ID', 'FAMILY_NAME', 'FAMILY_CARD_NO', 'CARD_NO', 'DOMICILE_CODE', 'ADDRESS', 'ASSISTANCE_TYPE', 'BEGIN_DATE', 'END_DATE', 'ACCOUNT_NUMBER', 'POPULATION', 'UPDATE_TIME'];
const SHAPES: readonly TableShape[] = [
  { name: FAMILY, columns: FAMILY_COLUMNS, indexes: [['UPDATE_TIME', 'FAMILY_ID'], ['FAMILY_ID']] },
  { name: PEOPLE, columns: PEOPLE_COLUMNS, indexes: [['UPDATE_TIME', 'PEOPLE_ID'], ['PEOPLE_ID'], ['FAMILY_ID']] },
  {
    name: OUT, columns: ['PEOPLE_ID', 'field', 'old', 'new', 'FLAG', 'ERR', 'CREATED'], primaryKey: ['PEOPLE_ID', 'field', 'CREATED'],
    types: { PEOPLE_ID: 'varchar(40) not null', field: 'varchar(40) not null', old: 'varchar(60)', new: 'varchar(60)', FLAG: 'char(1) not null', CREATED: 'char(17) not null' },
  },
  // What it was told and has no column for in BASEINFO_PEOPLE.
  { name: 'PEOPLE_STATS', columns: ['PEOPLE_ID', 'field', 'value'], primaryKey: ['PEOPLE_ID', 'field'], types: { PEOPLE_ID: 'varchar(40) not null', field: 'varchar(40) not null' } },
];
/** Fields that its job takes, and what they may become. */
const FIELDS: Readonly<Record<string, RegExp>> = { DEATH_FLAG: /^[01]$/, MARRIAGE: /^\d{2}$/, MOVED_OUT: /^[01]$/, DISABILITY: /^\w{1,4}$/, EMPLOYMENT: /^\w{1,4}$/ };

/** The aid office's exchange database: families and people whose applications leave rows behind, and HUB_PEOPLE_UPDATE, from which a job of its own takes. */
class SocialAssistanceSimulator implements Simulator {
  readonly system = SYSTEM;
  readonly faults = new Faults([...SQL_FAULTS, 'echo']);
  private database!: SqlDatabase;
  private proxy!: SqlProxy;
  private readonly job = new ExchangeJob(() => this.takeWritten());

  constructor(private readonly context: SimulatorContext) {}

  async start(): Promise<this> {
    const { cityDir, databaseUrl, port, log } = this.context;
    this.database = await SqlDatabase.open(databaseUrl, SCHEMA);
    const fresh = new Map<string, boolean>();
    for (const shape of SHAPES) fresh.set(shape.name, await this.database.create(shape));
    const file = (name: string): TextRow[] => readCsvTable(join(cityDir, SYSTEM, `${name}.csv`), '', log);
    if (fresh.get(FAMILY) === true) await this.database.insert(FAMILY, FAMILY_COLUMNS, file(FAMILY));
    if (fresh.get(PEOPLE) === true) await this.database.insert(PEOPLE, PEOPLE_COLUMNS, file(PEOPLE));
    this.proxy = await SqlProxy.start(databaseUrl, this.faults, (ms) => this.database.lock(PEOPLE, ms), port);
    this.job.start();
    return this;
  }

  get environment(): Readonly<Record<string, string>> {
    return { YICI_SOCIAL_ASSISTANCE_DATABASE_URL: this.proxy.url };
  }

  async keys(): Promise<readonly string[]> {
    return (await this.database.all(`select distinct "PEOPLE_ID" from ${this.database.table(PEOPLE)} where "PEOPLE_ID" <> '' order by "PEOPLE_ID"`)).map((r) => r['PEOPLE_ID']!);
  }

  record(key: string): Promise<SystemRow | undefined> {
    return this.newest(key);
  }

  /** An application leaves a row behind: the former one stays. */
  async change(key: string, patch: SystemRow): Promise<void> {
    const row = await this.newest(key);
    if (row === undefined) throw new YiciError({ code: 'YICI_SIMULATOR_UNKNOWN_KEY', stage: 'serving', message: 'The aid office has nobody with this PEOPLE_ID.' });
    await this.database.insert(PEOPLE, PEOPLE_COLUMNS, [{ ...row, UPDATE_TIME: after(row['UPDATE_TIME']!), ...patch, PEOPLE_ID: key }]);
  }

  /** A family that moves or gets other aid: FAMILY_ID stands for all its people. */
  async changeFamily(key: string, patch: SystemRow): Promise<void> {
    const [row] = await this.database.all(`select * from ${this.database.table(FAMILY)} where "FAMILY_ID" = ? order by "UPDATE_TIME" desc limit 1`, [key]);
    if (row === undefined) throw new YiciError({ code: 'YICI_SIMULATOR_UNKNOWN_KEY', stage: 'serving', message: 'The aid office has no family with this FAMILY_ID.' });
    await this.database.insert(FAMILY, FAMILY_COLUMNS, [{ ...row, UPDATE_TIME: after(row['UPDATE_TIME']!), ...patch, FAMILY_ID: key }]);
  }

  async add(row: SystemRow): Promise<string> {
    const faulty = Object.keys(row).filter((c) => !PEOPLE_COLUMNS.includes(c) || c === 'PEOPLE_ID');
    if (faulty.length > 0 || typeof row['NAME'] !== 'string') throw new YiciError({ code: 'YICI_SIMULATOR_REFUSED', stage: 'serving', message: `The aid office does not take this: ${faulty.join(', ') || 'NAME is missing'}.` });
    const [highest] = await this.database.all(`select max("PEOPLE_ID") as key from ${this.database.table(PEOPLE)} where "PEOPLE_ID" like 'R01%'`);
    const key = `R01${String(Number((highest?.['key'] ?? '').slice(3) || '0') + 1).padStart(9, '0')}`;
    await this.database.insert(PEOPLE, PEOPLE_COLUMNS, [{ ...Object.fromEntries(PEOPLE_COLUMNS.map((c) => [c, ''])), DEATH_FLAG: '0', ...row, PEOPLE_ID: key, UPDATE_TIME: localNow() }]);
    return key;
  }

  async written(): Promise<readonly WrittenBack[]> {
    const rows = await this.database.all(`select * from ${this.database.table(OUT)} order by "CREATED", "PEOPLE_ID", "field"`);
    return rows.map((r) => ({
      at: Date.parse((r['CREATED'] ?? '').replace(/^(....)(..)(..)(..)(..)(..)(...)$/, '$1-$2-$3T$4:$5:$6.$7+08:00')), key: r['PEOPLE_ID']!, columns: { [r['field']!]: r['new'] },
      answer: r['FLAG'] === '1' ? 'taken' : r['FLAG'] === '0' ? 'waiting' : `${r['FLAG']} ${r['ERR']}`,
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

  private async newest(key: string, runner?: QueryRunner): Promise<TextRow | undefined> {
    return (await this.database.all(`select * from ${this.database.table(PEOPLE)} where "PEOPLE_ID" = ? order by "UPDATE_TIME" desc limit 1`, [key], runner))[0];
  }

  /** Its own job: rows with FLAG 0, oldest first. */
  private async takeWritten(): Promise<void> {
    const rows = await this.database.all(`select * from ${this.database.table(OUT)} where "FLAG" = '0' order by "CREATED", "PEOPLE_ID", "field"`);
    for (const row of rows) {
      await this.database.transaction(async (runner) => {
        const fault = await this.apply(row, runner);
        await this.database.run(`update ${this.database.table(OUT)} set "FLAG" = ?, "ERR" = ? where "PEOPLE_ID" = ? and "field" = ? and "CREATED" = ?`,
          [fault === undefined ? '1' : '9', fault ?? null, row['PEOPLE_ID'], row['field'], row['CREATED']], runner);
        this.context.log('exchange-row-taken', { table: OUT, answer: fault === undefined ? 1 : 9 });
      });
    }
  }

  private async apply(row: TextRow, runner: QueryRunner): Promise<string | undefined> {
    const { PEOPLE_ID: key = '', field = '', old = '', new: value = '' } = row;
    const person = await this.newest(key, runner);
    if (person === undefined) return `查无此人 ${key}`;
    if (FIELDS[field] === undefined) return `字段不存在 ${field}`;
    if (!FIELDS[field].test(value)) return `代码不合法 ${field}: ${value}`;
    const own = PEOPLE_COLUMNS.includes(field);
    // Who changes a value says which one it replaces; what the office changed meanwhile is not overwritten.
    if (own && old !== '' && old !== person[field] && value !== person[field]) return `原值不符 ${field}: ${person[field]}`;
    if (own) {
      const others = this.faults.standing?.kind === 'echo' ? { NAME: spaced(person['NAME']!), TEL_MOBILE: person['TEL_MOBILE']!.replace(/^(1\d{2})(\d{4})(\d{4})$/, '$1-$2-$3') } : {};
      const set = Object.entries({ ...others, [field]: value, UPDATE_TIME: after(person['UPDATE_TIME']!) });
      await this.database.run(`update ${this.database.table(PEOPLE)} set ${set.map(([c]) => `"${c}" = ?`).join(', ')} where "PEOPLE_ID" = ? and "UPDATE_TIME" = ?`,
        [...set.map(([, v]) => v), key, person['UPDATE_TIME']], runner);
      return undefined;
    }
    const stats = this.database.table('PEOPLE_STATS');
    await this.database.run(`delete from ${stats} where "PEOPLE_ID" = ? and "field" = ?`, [key, field], runner);
    await this.database.insert('PEOPLE_STATS', ['PEOPLE_ID', 'field', 'value'], [{ PEOPLE_ID: key, field, value }], runner);
    return undefined;
  }
}

export const startSocialAssistance: StartSimulator = (context) => new SocialAssistanceSimulator(context).start();

/** Names of two characters are set apart to the width of three. */
function spaced(name: string): string {
  return [...name].length === 2 ? [...name].join(' ') : name;
}

/** yyyyMMddHHmmss in Shanghai. */
function localNow(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
}

/** Now, or a second after a row that is as new. */
function after(before: string): string {
  const now = localNow();
  if (before < now || !/^\d{14}$/.test(before)) return now;
  const at = Date.parse(before.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
  return new Date(at + 1000).toISOString().replace(/\D/g, '').slice(0, 14);
}
