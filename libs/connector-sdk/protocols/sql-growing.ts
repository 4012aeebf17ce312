import { cellText } from '#libs/mapping/cells';
import { readTimestamp } from '#libs/values/timestamp';
import { sha256Hex } from '#libs/kernel/hashing';
import type { GrowingTable } from './sql-specs.js';
import type { RowOutcome } from '../table-mapper.js';
import type { SqlRows } from './sql-rows.js';
import type { SqlRow } from './sql-source.js';

const DAY_MS = 86_400_000;

/** Rows that another way of reading has handed out, as they are now. */
export interface HandedOut {
  has(row: SqlRow): boolean;
  add(rows: readonly SqlRow[], outcomes: readonly RowOutcome[]): void;
}

/**
 * Reads a table by a column that grows. Each reading begins a window behind the watermark, for rows may commit out of order; rows
 * of the window that were handed out already and have not changed are left out. When a looked-up row changes (a household's
 * address), the rows that look it up are handed out again.
 */
export class GrowingReader {
  /** Digests of rows in the window: what the caller has taken. */
  private taken = new Map<string, string>();

  constructor(private readonly rows: SqlRows, private readonly live: GrowingTable, private readonly elsewhere?: HandedOut) {}

  async *fresh(watermark: string | undefined, signal?: AbortSignal): AsyncGenerator<{ outcomes: RowOutcome[]; watermark: string }> {
    const { live, rows, taken } = this;
    const table = rows.table(live.table);
    const by = [live.watermark, ...live.rowKey.filter((c) => c !== live.watermark)];
    const inWindow = new Map<string, string>();
    let reached = watermark ?? '';
    for await (const page of this.pages(by, watermark, signal)) {
      const fresh: SqlRow[] = [];
      const digests: [string, string][] = [];
      for (const row of page) {
        const key = by.map((c) => row[c]).join('|');
        const digest = sha256Hex(JSON.stringify(row));
        digests.push([key, digest]);
        if (taken.get(key) !== digest && this.elsewhere?.has(row) !== true) fresh.push(row);
        const mark = row[live.watermark] ?? '';
        if (later(live, mark, reached) && this.isSound(mark)) reached = mark;
      }
      if (fresh.length > 0) {
        const outcomes = await rows.outcomes(table, fresh);
        yield { outcomes, watermark: reached };
        this.elsewhere?.add(fresh, outcomes);
        // On a first read everything is read anyway, looked-up tables first (their order in connector.yaml).
        if (watermark !== undefined) for await (const dependent of rows.dependants(table, fresh)) yield { outcomes: dependent, watermark: reached };
      }
      for (const [key, digest] of digests) inWindow.set(key, digest);
    }
    if (signal?.aborted === true) return;
    const window = watermark === undefined ? {} : { after: [windowStart(live, watermark)] };
    for await (const outcomes of rows.tooLong(table, by, window)) yield { outcomes, watermark: reached };
    // Only the window is read again, so only its rows need to be remembered.
    const keepFrom = reached === '' ? '' : windowStart(live, reached);
    this.taken = new Map([...inWindow].filter(([key]) => later(live, key.split('|', 1)[0]!, keepFrom)));
  }

  /** A spoilt watermark, or one of the year 9999, must not hide all that comes after it. Its row is read again and again, and handed out once. */
  private isSound(mark: string): boolean {
    if (this.live.kind === 'number') return /^\d+$/.test(mark);
    const at = Date.parse(readTimestamp(mark, this.live.format ?? 'yyyy-MM-dd HH:mm:ss') ?? '');
    return at <= this.rows.now() + DAY_MS;
  }

  /** From the window on; a first read ends with the rows that have no watermark at all, which no later one could find. */
  private async *pages(by: readonly string[], watermark: string | undefined, signal?: AbortSignal): AsyncGenerator<SqlRow[]> {
    const { live, rows } = this;
    const table = rows.table(live.table);
    if (watermark !== undefined) return yield* rows.pages(table, by, { after: [windowStart(live, watermark)] }, signal);
    yield* rows.pages(table, by, { where: { column: live.watermark, isNull: false } }, signal);
    yield* rows.pages(table, live.rowKey, { where: { column: live.watermark, isNull: true } }, signal);
  }
}

/** The greatest watermark of a table now; '' when it has none. */
export async function greatestOf(rows: SqlRows, live: GrowingTable): Promise<string> {
  const [row] = await rows.source.read(rows.source.dialect.greatest(live.table, live.watermark, rows.maxRowBytes));
  return cellText(row?.[live.watermark]);
}

function later(live: GrowingTable, a: string, b: string): boolean {
  if (b === '') return a !== '';
  return live.kind === 'number' ? Number(a) > Number(b) : a > b;
}

/** Where the next reading begins: the watermark less the window. */
function windowStart(live: GrowingTable, watermark: string): string {
  if (live.kind === 'number') return String(Math.max(0, Number(watermark) - live.reread));
  const digits = watermark.replace(/\D/g, '').padEnd(14, '0');
  const part = (from: number, to: number): number => Number(digits.slice(from, to));
  const at = Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14)) - live.reread * 1000;
  if (Number.isNaN(at)) return '';
  const iso = new Date(at).toISOString();
  return live.format === 'yyyyMMddHHmmss' ? iso.replace(/\D/g, '').slice(0, 14) : iso.slice(0, 19).replace('T', live.format === 'iso' ? 'T' : ' ');
}
