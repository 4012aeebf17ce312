import type { DataSource, QueryRunner } from 'typeorm';
import type { TextRow } from './city-files.js';

export const PERSON_TABLE = 'HJXX_CZRKJBXXB';
export const HOUSEHOLD_TABLE = 'HJXX_HXXB';

const PERSON_COLUMNS = ['RYNBID', 'RYID', 'HHNBID', 'XM', 'CYM', 'XB', 'MZ', 'CSRQ', 'GMSFHM', 'YHZGX', 'HYZK', 'WHCD', 'JHRYXM', 'JHRYGMSFHM', 'FQGMSFHM', 'MQGMSFHM', 'DHHM', 'RYZT',
  'SWRQ', 'JLBZ', 'CXBZ', 'GXSJ'];
const HOUSEHOLD_COLUMNS = ['HHNBID', 'HH', 'HLX', 'SSXQ', 'XZJD', 'JCWH', 'JLX', 'MLPH', 'MLXZ', 'HHZT', 'JLBZ', 'GXSJ'];
const ROWS_PER_INSERT = 1000;

/** The exchange schema of the register (前置机): two tables, a sequence of row versions over the whole person table. */
export class HukouTables {
  constructor(readonly source: DataSource, private readonly schema: string) {}

  get persons(): string {
    return `"${this.schema}"."${PERSON_TABLE}"`;
  }

  get households(): string {
    return `"${this.schema}"."${HOUSEHOLD_TABLE}"`;
  }

  get sequence(): string {
    return `"${this.schema}"."RYNBID_SEQ"`;
  }

  /** Creates schema and tables where they are missing. True when they hold nothing yet. */
  async create(): Promise<boolean> {
    const text = (columns: readonly string[]): string => columns.map((c) => `"${c}" text not null default ''`).join(', ');
    await this.source.query(`create schema if not exists "${this.schema}"`);
    await this.source.query(`create table if not exists ${this.persons} ("RYNBID" bigint primary key, ${text(PERSON_COLUMNS.slice(1))})`);
    await this.source.query(`create index if not exists "CZRKJBXXB_RYID" on ${this.persons} ("RYID")`);
    await this.source.query(`create index if not exists "CZRKJBXXB_HHNBID" on ${this.persons} ("HHNBID")`);
    await this.source.query(`create table if not exists ${this.households} (${text(HOUSEHOLD_COLUMNS)}, primary key ("HHNBID", "JLBZ"))`);
    await this.source.query(`create index if not exists "HXXB_GXSJ" on ${this.households} ("GXSJ")`);
    await this.source.query(`create sequence if not exists ${this.sequence}`);
    const found = await this.source.query<unknown[]>(`select 1 from ${this.persons} limit 1`);
    return found.length === 0;
  }

  async fill(persons: readonly TextRow[], households: readonly TextRow[]): Promise<void> {
    await this.source.transaction(async (manager) => {
      await this.insert(manager.queryRunner!, this.persons, PERSON_COLUMNS, persons);
      await this.insert(manager.queryRunner!, this.households, HOUSEHOLD_COLUMNS, households);
      await manager.query(`select setval('${this.sequence}', coalesce((select max("RYNBID") from ${this.persons}), 1))`);
    });
    await this.source.query(`analyze ${this.persons}`);
    await this.source.query(`analyze ${this.households}`);
  }

  async insertPerson(runner: QueryRunner, row: TextRow): Promise<void> {
    await this.insert(runner, this.persons, PERSON_COLUMNS, [row]);
  }

  async insertHousehold(runner: QueryRunner, row: TextRow): Promise<void> {
    await this.insert(runner, this.households, HOUSEHOLD_COLUMNS, [row]);
  }

  private async insert(runner: QueryRunner, table: string, columns: readonly string[], rows: readonly TextRow[]): Promise<void> {
    const list = columns.map((c) => `"${c}"`).join(', ');
    const arrays = columns.map((c, i) => `$${i + 1}::${c === 'RYNBID' ? 'bigint' : 'text'}[]`).join(', ');
    for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
      const part = rows.slice(at, at + ROWS_PER_INSERT);
      await runner.query(`insert into ${table} (${list}) select * from unnest(${arrays}) on conflict do nothing`, columns.map((c) => part.map((r) => r[c] ?? '')));
    }
  }
}
