import { DataSource } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { allowedUrl } from './allowed-host.js';

/** Rows of an exchange table as texts; a null is the empty text. */
export type SqlRow = Record<string, string>;

/** The little SQL that polling needs, in either dialect. */
export interface SqlSource {
  /** Rows after a position, in the order of `by`; `after` has one value for each of its columns, or only the first of them. */
  page(table: string, columns: readonly string[], by: readonly string[], after: readonly string[], limit: number): Promise<SqlRow[]>;
  /** Rows whose column is one of the values. */
  matching(table: string, columns: readonly string[], column: string, values: readonly string[]): Promise<SqlRow[]>;
  close(): Promise<void>;
}

/**
 * Opens an exchange database (前置机): PostgreSQL by `postgres:` URL, MySQL or MariaDB by `mysql:`. Read only by use: nothing
 * here writes. Throws YICI_HOST_NOT_ALLOWED; a retriable YICI_SOURCE_UNREACHABLE when it cannot be reached.
 */
export async function openSqlSource(url: string, schema: string, allowedHosts: readonly string[]): Promise<SqlSource> {
  const { protocol } = allowedUrl(url, allowedHosts);
  const mysql = protocol === 'mysql:' || protocol === 'mariadb:';
  const source = new DataSource(mysql ? { type: 'mysql', url } : { type: 'postgres', url, applicationName: 'yici-exchange', extra: { max: 2 } });
  try {
    await source.initialize();
  } catch (cause) {
    throw new YiciError({
      code: 'YICI_SOURCE_UNREACHABLE', stage: 'receiving', retriable: true, cause,
      message: 'The exchange database cannot be reached.', fix: 'It is tried again by itself; check the address and that the database is running.',
    });
  }
  return new TypeormSource(source, schema, mysql);
}

class TypeormSource implements SqlSource {
  constructor(private readonly source: DataSource, private readonly schema: string, private readonly mysql: boolean) {}

  async page(table: string, columns: readonly string[], by: readonly string[], after: readonly string[], limit: number): Promise<SqlRow[]> {
    // Row comparison walks the index of the ordering columns; an OR chain would not.
    const compared = by.slice(0, after.length);
    const tuple = (parts: readonly string[]): string => (parts.length === 1 ? parts[0]! : `(${parts.join(', ')})`);
    const where = after.length === 0 ? '' : ` where ${tuple(compared.map((c) => this.name(c)))} > ${tuple(after.map((_, i) => this.place(i + 1)))}`;
    const order = by.map((c) => this.name(c)).join(', ');
    return this.query(`select ${this.list(columns)} from ${this.table(table)}${where} order by ${order} limit ${limit}`, [...after]);
  }

  async matching(table: string, columns: readonly string[], column: string, values: readonly string[]): Promise<SqlRow[]> {
    if (values.length === 0) return [];
    const places = values.map((_, i) => this.place(i + 1)).join(', ');
    return this.query(`select ${this.list(columns)} from ${this.table(table)} where ${this.name(column)} in (${places})`, [...values]);
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }

  private async query(sql: string, values: string[]): Promise<SqlRow[]> {
    try {
      const rows = await this.source.query<Record<string, unknown>[]>(sql, values);
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(([c, v]) => [c, v === null || v === undefined ? '' : String(v)])));
    } catch (cause) {
      const state = (cause as { code?: string }).code ?? '';
      // A missing column or table is no outage: trying again changes nothing, and reading on would give silent empties.
      const drift = ['42703', '42P01', 'ER_BAD_FIELD_ERROR', 'ER_NO_SUCH_TABLE'].includes(state);
      throw new YiciError({
        code: drift ? 'YICI_SNAPSHOT_SCHEMA_DRIFT' : 'YICI_SOURCE_UNREACHABLE', stage: 'receiving', retriable: !drift, cause,
        message: drift ? 'A table or column of the exchange database is missing or was renamed.' : 'The exchange database could not be read.',
        fix: drift ? 'Agree with the owner of the system, then change the connector folder.' : 'It is tried again by itself.',
      });
    }
  }

  private list(columns: readonly string[]): string {
    return columns.map((c) => this.name(c)).join(', ');
  }

  private table(table: string): string {
    return this.mysql ? this.name(table) : `${this.name(this.schema)}.${this.name(table)}`;
  }

  /** Names come from a checked folder; they are quoted all the same. */
  private name(name: string): string {
    const quote = this.mysql ? '`' : '"';
    return quote + name.replaceAll(quote, quote + quote) + quote;
  }

  private place(n: number): string {
    return this.mysql ? '?' : `$${n}`;
  }
}
