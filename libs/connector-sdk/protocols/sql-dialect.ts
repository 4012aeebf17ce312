/** Databases of exchange tables (前置机). PostgreSQL and MySQL/MariaDB are tested on real servers, the others by the text they are given. */
export type SqlKind = 'postgres' | 'mysql' | 'oracle' | 'mssql';

export type SqlValue = string | number | null;

/** A statement and its values, in the order of its placeholders. */
export interface SqlStatement {
  text: string;
  values: SqlValue[];
}

/** Rows of a table, in pages. */
export interface PageQuery {
  columns: readonly string[];
  /** Ordering columns; together unique, none of them null. */
  by: readonly string[];
  /** The position after which the page begins: values of the first of `by`, or of all. Absent: from the beginning. */
  after?: readonly SqlValue[];
  /** Only rows whose column is one of the values, or is null, or is not. */
  where?: { column: string; in: readonly SqlValue[] } | { column: string; isNull: boolean };
  /** Only rows whose columns together are no longer. */
  size?: RowSize;
  limit: number;
}

/** Bytes of the texts of some columns together; Oracle counts characters, for it tells no bytes of a CLOB. */
export interface RowSize {
  columns: readonly string[];
  atMost: number;
}

/** Rows that are too long, by what still fits of their keys. */
export interface TooLongQuery extends Pick<PageQuery, 'after' | 'where' | 'limit'> {
  key: readonly string[];
  size: RowSize;
}

/** So much of a key is read of a row that is too long. */
const KEY_CHARACTERS = 200;

/** A row as it was read, by column, with the texts that it had. */
export type ReadValues = Readonly<Record<string, string>>;

/**
 * The SQL of exchange tables, spelt for one database. Names come from a checked folder and are quoted all the same, so they are
 * case-sensitive everywhere. Pages are found by their last row, never by counting rows from the start.
 */
export class SqlDialect {
  constructor(readonly kind: SqlKind, private readonly schema: string) {}

  page(table: string, q: PageQuery): SqlStatement {
    const s = new Statement(this);
    const order = q.by.map((c) => this.name(c)).join(', ');
    return s.of(`select ${this.list(q.columns)} from ${this.table(table)}${this.within(s, q, q.by, q.size && this.isShort(q.size))} order by ${order}${this.limit(q.limit)}`);
  }

  /** The rows that `size` leaves out of a page: the beginnings of their keys, and their length as `bytes`. */
  tooLong(table: string, q: TooLongQuery, bytes: string): SqlStatement {
    const s = new Statement(this);
    const key = q.key.map((c) => `${this.beginning(c)} as ${this.name(c)}`).join(', ');
    const length = this.length(q.size.columns);
    return s.of(`select ${key}, ${length} as ${this.name(bytes)} from ${this.table(table)}${this.within(s, q, q.key, `${length} > ${q.size.atMost}`)} order by 1${this.limit(q.limit)}`);
  }

  /** Rows whose column is one of the values. */
  matching(table: string, columns: readonly string[], column: string, values: readonly SqlValue[], size?: RowSize): SqlStatement {
    const s = new Statement(this);
    return s.of(`select ${this.list(columns)} from ${this.table(table)} where ${s.isOneOf(column, values)}${size === undefined ? '' : ` and ${this.isShort(size)}`}`);
  }

  /** Rows that have all these values. */
  found(table: string, columns: readonly string[], key: Readonly<Record<string, SqlValue>>): SqlStatement {
    const s = new Statement(this);
    return s.of(`select ${this.list(columns)} from ${this.table(table)} where ${s.hasAll(key)}`);
  }

  /** The greatest value of a column, in a row with that column. */
  greatest(table: string, column: string, atMost?: number): SqlStatement {
    const where = atMost === undefined ? '' : ` where ${this.isShort({ columns: [column], atMost })}`;
    return { text: `select max(${this.name(column)}) as ${this.name(column)} from ${this.table(table)}${where}`, values: [] };
  }

  insert(table: string, row: Readonly<Record<string, SqlValue>>): SqlStatement {
    const s = new Statement(this);
    const columns = Object.keys(row);
    return s.of(`insert into ${this.table(table)} (${this.list(columns)}) values (${columns.map((c) => s.place(row[c]!)).join(', ')})`);
  }

  update(table: string, set: Readonly<Record<string, SqlValue>>, key: Readonly<Record<string, SqlValue>>): SqlStatement {
    const s = new Statement(this);
    const setting = Object.entries(set).map(([c, v]) => `${this.name(c)} = ${s.place(v)}`).join(', ');
    return s.of(`update ${this.table(table)} set ${setting} where ${s.hasAll(key)}`);
  }

  /** Sets a flag on those of the rows that are still as they were read: a change in between keeps its own flag. */
  mark(table: string, flag: { column: string; from: readonly string[]; to: string }, rows: readonly ReadValues[]): SqlStatement {
    const s = new Statement(this);
    const to = `${this.name(flag.column)} = ${s.place(flag.to)}`;
    const from = s.isOneOf(flag.column, flag.from);
    const same = rows.map((row) => `(${Object.entries(row).map(([c, text]) => (text === '' ? this.isEmpty(c) : `${this.name(c)} = ${s.place(text)}`)).join(' and ')})`);
    return s.of(`update ${this.table(table)} set ${to} where ${from} and (${same.join(' or ')})`);
  }

  name(name: string): string {
    if (this.kind === 'mssql') return `[${name.replaceAll(']', ']]')}]`;
    const quote = this.kind === 'mysql' ? '`' : '"';
    return quote + name.replaceAll(quote, quote + quote) + quote;
  }

  /** MySQL's database is named in its URL; elsewhere tables stand in a schema. */
  private table(table: string): string {
    return this.kind === 'mysql' ? this.name(table) : `${this.name(this.schema)}.${this.name(table)}`;
  }

  private list(columns: readonly string[]): string {
    return columns.map((c) => this.name(c)).join(', ');
  }

  private within(s: Statement, q: Pick<PageQuery, 'after' | 'where'>, by: readonly string[], more: string | undefined): string {
    const conditions: string[] = [];
    if (q.where !== undefined) conditions.push('in' in q.where ? s.isOneOf(q.where.column, q.where.in) : `${this.name(q.where.column)} is ${q.where.isNull ? '' : 'not '}null`);
    if (q.after !== undefined && q.after.length > 0) conditions.push(s.isAfter(by.slice(0, q.after.length), q.after));
    if (more !== undefined) conditions.push(more);
    return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  }

  private isShort({ columns, atMost }: RowSize): string {
    return `${this.length(columns)} <= ${atMost}`;
  }

  /** PostgreSQL knows a text's length without unpacking it, SQL Server and MySQL know it of a value that is not a text as well. */
  private length(columns: readonly string[]): string {
    const of = (name: string): string => {
      switch (this.kind) {
        case 'postgres': return `octet_length(${name}::text)::bigint`;
        case 'mysql': return `octet_length(${name})`;
        case 'mssql': return `cast(datalength(${name}) as bigint)`;
        case 'oracle': return `length(${name})`;
      }
    };
    return columns.map((c) => `coalesce(${of(this.name(c))}, 0)`).join(' + ');
  }

  private beginning(column: string): string {
    const name = this.name(column);
    switch (this.kind) {
      case 'postgres': return `left(${name}::text, ${KEY_CHARACTERS})`;
      case 'mysql': return `left(${name}, ${KEY_CHARACTERS})`;
      case 'mssql': return `left(cast(${name} as nvarchar(max)), ${KEY_CHARACTERS})`;
      case 'oracle': return `to_char(substr(${name}, 1, ${KEY_CHARACTERS}))`;
    }
  }

  private limit(rows: number): string {
    if (this.kind === 'oracle') return ` fetch first ${rows} rows only`;
    return this.kind === 'mssql' ? ` offset 0 rows fetch next ${rows} rows only` : ` limit ${rows}`;
  }

  /** Null or without text, whatever the column's type: a number cannot be compared with the empty text. Oracle's empty text is null. */
  private isEmpty(column: string): string {
    const name = this.name(column);
    switch (this.kind) {
      case 'postgres': return `coalesce(${name}::text, '') = ''`;
      case 'mysql': return `coalesce(cast(${name} as char), '') = ''`;
      case 'mssql': return `coalesce(cast(${name} as nvarchar(max)), '') = ''`;
      case 'oracle': return `${name} is null`;
    }
  }
}

/** One statement in the making: numbers its placeholders. */
class Statement {
  private readonly values: SqlValue[] = [];

  constructor(private readonly dialect: SqlDialect) {}

  of(text: string): SqlStatement {
    return { text, values: this.values };
  }

  place(value: SqlValue): string {
    this.values.push(value);
    const n = this.values.length;
    switch (this.dialect.kind) {
      case 'postgres': return `$${n}`;
      case 'mysql': return '?';
      case 'oracle': return `:${n}`;
      case 'mssql': return `@${n - 1}`;
    }
  }

  isOneOf(column: string, values: readonly SqlValue[]): string {
    return `${this.dialect.name(column)} in (${values.map((v) => this.place(v)).join(', ')})`;
  }

  hasAll(key: Readonly<Record<string, SqlValue>>): string {
    return Object.entries(key).map(([c, v]) => (v === null ? `${this.dialect.name(c)} is null` : `${this.dialect.name(c)} = ${this.place(v)}`)).join(' and ');
  }

  /**
   * Behind a position, in the order of the columns. PostgreSQL compares rows, which walks the index of these columns; Oracle and SQL
   * Server cannot compare rows, and MySQL does not use an index for it: they are given the bound of the first column and the ties.
   */
  isAfter(columns: readonly string[], after: readonly SqlValue[]): string {
    const [first, ...others] = columns;
    const name = this.dialect.name(first!);
    if (others.length === 0) return `${name} > ${this.place(after[0]!)}`;
    if (this.dialect.kind === 'postgres') return `(${columns.map((c) => this.dialect.name(c)).join(', ')}) > (${after.map((v) => this.place(v)).join(', ')})`;
    return `${name} >= ${this.place(after[0]!)} and (${name} > ${this.place(after[0]!)} or ${this.grouped(others, after.slice(1))})`;
  }

  private grouped(columns: readonly string[], after: readonly SqlValue[]): string {
    const text = this.isAfter(columns, after);
    return columns.length === 1 ? text : `(${text})`;
  }
}
