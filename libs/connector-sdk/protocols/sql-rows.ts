import { YiciError } from '#libs/kernel/errors';
import { sha256Hex } from '#libs/kernel/hashing';
import type { RecordRule } from '#libs/mapping/rule';
import type { AnySourceRecord } from '#libs/model/source-record';
import { cellText, type Row } from '#libs/mapping/cells';
import { columnNames, type Connector } from '../connector.js';
import { TOO_LONG } from '../formats/row-batches.js';
import type { TableSpec } from '../manifest.js';
import type { ConnectionParts } from '../open-target.js';
import { streamSource, TableMapper, type LookupTable, type RowOutcome } from '../table-mapper.js';
import type { PageQuery, RowSize, SqlValue } from './sql-dialect.js';
import type { SqlRow, SqlSource } from './sql-source.js';

const PAGE = 500;
/** Were all rows of a page as long as one may be. */
const PAGE_BYTES = 32 * 1024 * 1024;
/** More rows that are too long than this are no accident of a few. */
const MOST_TOO_LONG = 500;
const MOST_TOLD = 10_000;
/** No name of a column of a table. */
const LENGTH = 'bytes of the row';

/** Rows of an exchange database as records: what every way of reading its tables shares. */
export class SqlRows {
  private readonly mappers = new Map<string, TableMapper>();
  private readonly pageRows: number;
  /** Rows that are too long, by position: each is told once, for the others of its window are read again and again. */
  private readonly told = new Set<number>();

  constructor(readonly source: SqlSource, private readonly connector: Connector, private readonly parts: ConnectionParts, readonly maxRowBytes: number) {
    this.pageRows = Math.max(1, Math.min(PAGE, Math.floor(PAGE_BYTES / maxRowBytes)));
  }

  table(id: string): TableSpec {
    return this.connector.manifest.snapshot.tables.find((t) => t.id === id)!;
  }

  /** Columns of a table; those that must never enter are not even asked for. */
  readable(table: TableSpec): string[] {
    return columnNames(table.read).filter((c) => !this.connector.manifest.never.includes(c));
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** Name of the stream of a table's rows. */
  stream(table: string): string {
    return streamSource('sql', this.connector.id, table);
  }

  /** Pages of a table, each beginning behind the one before, without the rows that {@link tooLong} tells of. */
  async *pages(table: TableSpec, by: readonly string[], more: Pick<PageQuery, 'after' | 'where'>, signal?: AbortSignal): AsyncGenerator<SqlRow[]> {
    const { dialect } = this.source;
    let { after } = more;
    for (;;) {
      if (signal?.aborted === true) return;
      const page = await this.source.read(dialect.page(table.id, { columns: this.readable(table), by, after, where: more.where, size: this.size(this.readable(table)), limit: this.pageRows }));
      if (page.length > 0) yield page;
      if (page.length < this.pageRows) return;
      after = by.map((c) => page.at(-1)![c] ?? '');
    }
  }

  /**
   * Rows that are longer than a row may be, as dead letters with what could be fetched of them: the beginnings of their keys. Each is given
   * once. Throws a retriable YICI_ANSWER_TOO_LARGE when there are so many that the table is not what was agreed.
   */
  async *tooLong(table: TableSpec, key: readonly string[], more: Pick<PageQuery, 'after' | 'where'>): AsyncGenerator<RowOutcome[]> {
    const size = this.size(this.readable(table));
    const rows = await this.source.read(this.source.dialect.tooLong(table.id, { ...more, key, size, limit: MOST_TOO_LONG }, LENGTH));
    if (rows.length === MOST_TOO_LONG) throw tooManyTooLong(table.id, this.maxRowBytes);
    const fresh = rows.map((row) => ({ row, position: positionOf(row) })).filter(({ position }) => !this.told.has(position));
    if (fresh.length === 0) return;
    const mapper = this.mapper(table.id);
    const origin = { source: this.stream(table.id), observedAt: new Date(this.parts.clock.now()).toISOString(), fileDate: '' };
    // Broken off on purpose: what is kept of the row must never be read as if it were the row.
    yield fresh.map(({ row, position }) => mapper.outcome({ kind: 'dead', position, bytes: Buffer.from(`${JSON.stringify(row).slice(0, -1)}, …`, 'utf8'), ...ROW_TOO_LONG }, origin));
    if (this.told.size > MOST_TOLD) this.told.clear();
    for (const { position } of fresh) this.told.add(position);
  }

  /**
   * The records of rows, looked-up rows read beside them. `without`: columns that are no part of what the row says (a flag), so that
   * the row keeps its position when they change.
   */
  async outcomes(table: TableSpec, rows: readonly SqlRow[], without: readonly string[] = []): Promise<RowOutcome[]> {
    const lookups = await this.lookups(table, rows);
    const mapper = this.mapper(table.id);
    const now = this.parts.clock.now();
    // Where a table keeps no time, its version is dated by when it was noticed, once, here.
    const origin = { source: this.stream(table.id), observedAt: new Date(now).toISOString(), fileDate: localStamp(now), lookups };
    return rows.map((values) => mapper.outcome({ kind: 'row', position: positionOf(values, without), bytes: Buffer.from(JSON.stringify(values), 'utf8'), values }, origin));
  }

  /** Rows of other tables that look up one of the given rows: their records hold its values. */
  async *dependants(table: TableSpec, rows: readonly SqlRow[]): AsyncGenerator<RowOutcome[]> {
    for (const other of this.connector.manifest.snapshot.tables) {
      // A table that looks up itself is read by its own watermark.
      if (other.id === table.id) continue;
      for (const lookup of other.lookup.filter((l) => l.table === table.id)) {
        const found = await this.matching(other.id, this.readable(other), lookup.by, rows.map((r) => r[lookup.key] ?? ''));
        if (found.length > 0) yield await this.outcomes(other, found);
      }
    }
  }

  /** The newest version of one record among the rows that may hold it; undefined when there is none. */
  async newest(rule: RecordRule, naturalKey: string): Promise<AnySourceRecord | undefined> {
    const table = this.table(rule.table);
    const [column] = rule.key.columns;
    const first = rule.key.separator === undefined ? naturalKey : naturalKey.split(rule.key.separator, 1)[0]!;
    const rows = await this.matching(table.id, this.readable(table), column!, [first]);
    const records = (await this.outcomes(table, rows)).flatMap((o) => (o.kind === 'accepted' ? o.records : []));
    return records.filter((r) => r.recordType === rule.type && r.naturalKey === naturalKey).sort((a, b) => (a.order < b.order ? -1 : 1)).at(-1);
  }

  private async lookups(table: TableSpec, rows: readonly SqlRow[]): Promise<Map<string, LookupTable>> {
    const found = new Map<string, LookupTable>();
    for (const l of table.lookup) {
      const columns = [...new Set([l.key, ...l.newest, ...l.columns])];
      const newest = new Map<string, { order: string; row: Row }>();
      for (const row of await this.matching(l.table, columns, l.key, rows.map((r) => r[l.by] ?? ''))) {
        const key = cellText(row[l.key]);
        const order = l.newest.map((c) => comparable(cellText(row[c]))).join('|');
        const before = newest.get(key);
        if (before === undefined || before.order < order) newest.set(key, { order, row });
      }
      found.set(l.table, { by: l.by, rows: new Map([...newest].map(([key, { row }]) => [key, row])) });
    }
    return found;
  }

  private async matching(table: string, columns: readonly string[], column: string, values: readonly string[]): Promise<SqlRow[]> {
    const keys: SqlValue[] = [...new Set(values)].filter((v) => v !== '');
    const found: SqlRow[] = [];
    for (let at = 0; at < keys.length; at += PAGE) found.push(...await this.source.read(this.source.dialect.matching(table, columns, column, keys.slice(at, at + PAGE), this.size(columns))));
    return found;
  }

  private size(columns: readonly string[]): RowSize {
    return { columns, atMost: this.maxRowBytes };
  }

  private mapper(table: string): TableMapper {
    let mapper = this.mappers.get(table);
    if (mapper === undefined) this.mappers.set(table, (mapper = new TableMapper(this.connector, table, this.parts.divisions)));
    return mapper;
  }
}

const ROW_TOO_LONG = { ...TOO_LONG, reason: 'The row is longer than the record limit; its texts were not fetched, only the beginning of its key is kept here.' };

function tooManyTooLong(table: string, bytes: number): YiciError {
  return new YiciError({
    code: 'YICI_ANSWER_TOO_LARGE', stage: 'receiving', retriable: true, message: `${MOST_TOO_LONG} rows of ${table} or more are longer than ${bytes / 1024} KB.`,
    fix: 'Ask the owner of the system what it keeps there; raise maxRowKilobytes in connector.yaml only if it is right.',
  });
}

/** A position that is the same whenever the same row is read, and another for another row: 48 bits of its digest. */
export function positionOf(row: SqlRow, without: readonly string[] = []): number {
  const said = without.length === 0 ? row : Object.fromEntries(Object.entries(row).filter(([c]) => !without.includes(c)));
  return parseInt(sha256Hex(Buffer.from(JSON.stringify(said), 'utf8')).slice(0, 12), 16);
}

/** Numbers compare as numbers whatever their length, as in snapshots. */
function comparable(text: string): string {
  return /^\d+$/.test(text) ? `1${text.padStart(20, '0')}` : `0${text}`;
}

/** yyyyMMddHHmmss in Shanghai: stands behind a snapshot's date of the same day and before that of the next. */
function localStamp(now: number): string {
  return new Date(now + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
}
