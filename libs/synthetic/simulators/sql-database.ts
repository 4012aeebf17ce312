import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { texts, type TextRow } from './city-files.js';

const ROWS_PER_INSERT = 500;

/** A table of a simulated system; columns not named in `types` are texts. */
export interface TableShape {
  name: string;
  columns: readonly string[];
  types?: Readonly<Record<string, string>>;
  primaryKey?: readonly string[];
  indexes?: readonly (readonly string[])[];
}

/**
 * The database of a simulated system: a schema in PostgreSQL, or a database of its own in MariaDB, by URL. Statements are written once, with
 * `?` for values and double quotes around names.
 */
export class SqlDatabase {
  private constructor(readonly source: DataSource, readonly mysql: boolean, private readonly schema: string) {}

  static async open(url: string, schema: string): Promise<SqlDatabase> {
    const mysql = /^(mysql|mariadb):/.test(url);
    const options: DataSourceOptions = mysql
      ? { type: 'mysql', url: url.replace(/^mariadb:/, 'mysql:'), charset: 'utf8mb4', extra: { connectionLimit: 4 } }
      : { type: 'postgres', url, applicationName: `legacy-${schema}`, extra: { max: 4 } };
    const source = new DataSource(options);
    await source.initialize();
    if (!mysql) await source.query(`create schema if not exists "${schema}"`);
    return new SqlDatabase(source, mysql, schema);
  }

  /** Name of a table in statements. */
  table(name: string): string {
    return this.mysql ? `"${name}"` : `"${this.schema}"."${name}"`;
  }

  /** Creates a table where it is missing. True when it holds nothing. */
  async create(shape: TableShape): Promise<boolean> {
    const text = this.mysql ? 'varchar(191)' : 'text';
    const columns = shape.columns.map((c) => `"${c}" ${shape.types?.[c] ?? text}`);
    if (shape.primaryKey !== undefined) columns.push(`primary key (${shape.primaryKey.map((c) => `"${c}"`).join(', ')})`);
    await this.run(`create table if not exists ${this.table(shape.name)} (${columns.join(', ')})${this.mysql ? ' character set utf8mb4' : ''}`);
    for (const [i, index] of (shape.indexes ?? []).entries()) {
      await this.run(`create index if not exists "${shape.name}_${i}" on ${this.table(shape.name)} (${index.map((c) => `"${c}"`).join(', ')})`);
    }
    return (await this.all(`select 1 as n from ${this.table(shape.name)} limit 1`)).length === 0;
  }

  async all(text: string, values: readonly unknown[] = [], runner?: QueryRunner): Promise<TextRow[]> {
    const rows = await this.query<Record<string, unknown>[]>(text, values, runner);
    return rows.map(texts);
  }

  async run(text: string, values: readonly unknown[] = [], runner?: QueryRunner): Promise<void> {
    await this.query(text, values, runner);
  }

  async insert(table: string, columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[], runner?: QueryRunner): Promise<void> {
    const list = columns.map((c) => `"${c}"`).join(', ');
    const places = `(${columns.map(() => '?').join(', ')})`;
    for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
      const part = rows.slice(at, at + ROWS_PER_INSERT);
      await this.run(`insert into ${this.table(table)} (${list}) values ${part.map(() => places).join(', ')}`, part.flatMap((row) => columns.map((c) => row[c] ?? null)), runner);
    }
  }

  /** All or nothing. */
  async transaction(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
    await this.source.transaction((manager) => work(manager.queryRunner!));
  }

  /** Locks a table against every reader for a while, as a nightly job does. */
  async lock(table: string, ms: number): Promise<void> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction();
      await this.run(this.mysql ? `lock tables ${this.table(table)} write` : `lock table ${this.table(table)} in access exclusive mode`, [], runner);
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (this.mysql) await runner.query('unlock tables');
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }

  private async query<T>(text: string, values: readonly unknown[], runner?: QueryRunner): Promise<T> {
    let n = 0;
    const spelt = this.mysql ? text.replaceAll('"', '`') : text.replaceAll('?', () => `$${++n}`);
    return (await (runner ?? this.source).query(spelt, [...values])) as T;
  }
}
