import type { Clock } from '#libs/kernel/clock';
import { sha256Hex } from '#libs/kernel/hashing';
import { cellText, type Row } from '#libs/mapping/cells';
import type { Divisions } from '#libs/values/divisions';
import { columnNames, type Connector } from '../connector.js';
import type { LiveBatch, LiveMark, LiveSource } from '../live-source.js';
import type { SqlExchangeSpec } from '../live-spec.js';
import type { TableSpec } from '../manifest.js';
import { streamSource, TableMapper, type LookupTable, type RowOutcome } from '../table-mapper.js';
import { openSqlSource, type SqlRow, type SqlSource } from './sql-source.js';

const PAGE = 500;

type LiveTable = SqlExchangeSpec['tables'][number];

interface TableMark extends LiveMark {
  watermark: string;
}

function channelOf(table: string): string {
  return `sql:${table}`;
}

/**
 * Polls exchange tables. Each poll begins a window behind the watermark, for rows may commit out of order; rows of the window
 * that were handed out already and have not changed are left out. When a looked-up row changes (a household's address), the
 * rows that look it up are handed out again.
 */
export class SqlExchangeSource implements LiveSource {
  private readonly mappers = new Map<string, TableMapper>();
  /** Digests of rows in the window, by table: what the caller has taken. */
  private readonly taken = new Map<string, Map<string, string>>();

  private opened: SqlSource | undefined;

  constructor(
    private readonly connector: Connector,
    private readonly spec: SqlExchangeSpec,
    private readonly url: string,
    private readonly divisions: Divisions,
    private readonly clock: Clock,
  ) {}

  async *poll(marks: ReadonlyMap<string, LiveMark>): AsyncGenerator<LiveBatch> {
    this.opened ??= await openSqlSource(this.url, this.spec.schema, this.connector.manifest.allowedHosts);
    for (const live of this.spec.tables) yield* this.pollTable(live, (marks.get(channelOf(live.table)) as TableMark | undefined)?.watermark);
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private get source(): SqlSource {
    return this.opened!;
  }

  private async *pollTable(live: LiveTable, watermark: string | undefined): AsyncGenerator<LiveBatch> {
    const table = this.table(live.table);
    const columns = this.readable(table);
    const by = [live.watermark, ...live.rowKey.filter((c) => c !== live.watermark)];
    const taken = this.taken.get(live.table) ?? new Map<string, string>();
    const inWindow = new Map<string, string>();
    const floor = watermark === undefined ? undefined : windowStart(live, watermark);
    let reached = watermark ?? '';
    let after: string[] = floor === undefined ? [] : [floor];
    for (;;) {
      const page = await this.source.page(live.table, columns, by, after, PAGE);
      const fresh: SqlRow[] = [];
      const digests: [string, string][] = [];
      for (const row of page) {
        const key = by.map((c) => row[c]).join('|');
        const digest = sha256Hex(JSON.stringify(row));
        digests.push([key, digest]);
        if (taken.get(key) !== digest) fresh.push(row);
        const mark = row[live.watermark] ?? '';
        if (later(live, mark, reached)) reached = mark;
      }
      if (fresh.length > 0) {
        yield { channel: channelOf(live.table), rows: await this.outcomes(table, fresh), mark: { watermark: reached } satisfies TableMark };
        // On a first read everything is read anyway, looked-up tables first (their order in connector.yaml).
        if (watermark !== undefined) yield* this.dependants(table, fresh, reached);
      }
      for (const [key, digest] of digests) inWindow.set(key, digest);
      if (page.length < PAGE) break;
      after = by.map((c) => page.at(-1)![c] ?? '');
    }
    // Only the window is read again, so only its rows need to be remembered.
    const keepFrom = reached === '' ? '' : windowStart(live, reached);
    this.taken.set(live.table, new Map([...inWindow].filter(([key]) => later(live, key.split('|', 1)[0]!, keepFrom))));
  }

  /** Rows of other tables that look up one of the given rows: their records hold its values. */
  private async *dependants(table: TableSpec, rows: readonly SqlRow[], watermark: string): AsyncGenerator<LiveBatch> {
    for (const other of this.connector.manifest.snapshot.tables) {
      for (const lookup of other.lookup.filter((l) => l.table === table.id)) {
        const keys = [...new Set(rows.map((r) => r[lookup.key] ?? '').filter((k) => k !== ''))];
        const found = await this.source.matching(other.id, this.readable(other), lookup.by, keys);
        if (found.length > 0) yield { channel: channelOf(table.id), rows: await this.outcomes(other, found), mark: { watermark } satisfies TableMark };
      }
    }
  }

  private async outcomes(table: TableSpec, rows: readonly SqlRow[]): Promise<RowOutcome[]> {
    const lookups = await this.lookups(table, rows);
    const mapper = this.mapper(table.id);
    const origin = { source: streamSource('sql', this.connector.id, table.id), observedAt: new Date(this.clock.now()).toISOString(), fileDate: '', lookups };
    return rows.map((values) => {
      const bytes = Buffer.from(JSON.stringify(values), 'utf8');
      // A position that is the same whenever the same row is read, and another for another row: 48 bits of its digest.
      return mapper.outcome({ kind: 'row', position: parseInt(sha256Hex(bytes).slice(0, 12), 16), bytes, values }, origin);
    });
  }

  private async lookups(table: TableSpec, rows: readonly SqlRow[]): Promise<Map<string, LookupTable>> {
    const found = new Map<string, LookupTable>();
    for (const l of table.lookup) {
      const keys = [...new Set(rows.map((r) => r[l.by] ?? '').filter((k) => k !== ''))];
      const columns = [...new Set([l.key, ...l.newest, ...l.columns])];
      const newest = new Map<string, { order: string; row: Row }>();
      for (const row of await this.source.matching(l.table, columns, l.key, keys)) {
        const key = cellText(row[l.key]);
        const order = l.newest.map((c) => cellText(row[c])).join('|');
        const before = newest.get(key);
        if (before === undefined || before.order < order) newest.set(key, { order, row });
      }
      found.set(l.table, { by: l.by, rows: new Map([...newest].map(([key, { row }]) => [key, row])) });
    }
    return found;
  }

  private mapper(table: string): TableMapper {
    let mapper = this.mappers.get(table);
    if (mapper === undefined) this.mappers.set(table, (mapper = new TableMapper(this.connector, table, this.divisions)));
    return mapper;
  }

  private table(id: string): TableSpec {
    return this.connector.manifest.snapshot.tables.find((t) => t.id === id)!;
  }

  /** Columns that must never enter are not even asked for. */
  private readable(table: TableSpec): string[] {
    return columnNames(table.read).filter((c) => !this.connector.manifest.never.includes(c));
  }
}

function later(live: LiveTable, a: string, b: string): boolean {
  if (b === '') return a !== '';
  return live.kind === 'number' ? Number(a) > Number(b) : a > b;
}

/** Where the next poll begins to read: the watermark less the window. */
function windowStart(live: LiveTable, watermark: string): string {
  if (live.kind === 'number') return String(Math.max(0, Number(watermark) - live.reread));
  const digits = watermark.replace(/\D/g, '').padEnd(14, '0');
  const part = (from: number, to: number): number => Number(digits.slice(from, to));
  const at = Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14)) - live.reread * 1000;
  if (Number.isNaN(at)) return '';
  const iso = new Date(at).toISOString();
  return live.format === 'yyyyMMddHHmmss' ? iso.replace(/\D/g, '').slice(0, 14) : iso.slice(0, 19).replace('T', live.format === 'iso' ? 'T' : ' ');
}
