import { recordKey, type RecordKey } from '#libs/kernel/record-key';
import type { LiveMark } from '../live-source.js';
import type { ConnectionParts } from '../open-target.js';
import type { RowOutcome } from '../table-mapper.js';
import type { HandedOut } from './sql-growing.js';
import { positionOf, type SqlRows } from './sql-rows.js';
import type { GrowingTable } from './sql-specs.js';
import type { SqlRow } from './sql-source.js';

/**
 * Compares a whole table with what the hub holds of it, for tables whose rows are rewritten or vanish without a trace. A row is known
 * by 48 bits of its digest, which the hub keeps with each record as its position: nothing else has to survive a restart. 100,000 rows
 * are about 10 MB in memory; a row that is rewritten keeps its digest with a chance of 1 in 280,000,000,000,000.
 */
export class ComparedTable implements HandedOut {
  /** Positions of accepted rows that the hub had when this process first asked; undefined until then. */
  private held: ReadonlySet<number> | undefined;
  /** What rows were when this process last handed them out or saw them, by key: one that is written back is another row again. */
  private last = new Map<string, number>();
  private keys = new Set<RecordKey>();
  /** When this process compared last: one that withdrew nothing leaves no mark. */
  private comparedAt = 0;

  constructor(private readonly rows: SqlRows, private readonly live: GrowingTable, private readonly parts: ConnectionParts) {}

  /** Whether it is known what the hub holds: while a rewritten row is on its way there, one that is written back would pass for known. */
  async isReady(): Promise<boolean> {
    const { heldRows } = this.parts;
    this.held ??= heldRows === undefined ? new Set() : await heldRows(this.rows.stream(this.live.table));
    return this.held !== undefined;
  }

  isDue(mark: LiveMark | undefined, everySeconds: number): boolean {
    const marked = mark?.['comparedAt'];
    const last = Math.max(this.comparedAt, typeof marked === 'string' ? Date.parse(marked) : 0);
    return this.parts.clock.now() - last >= everySeconds * 1000;
  }

  mark(): LiveMark {
    return { comparedAt: new Date(this.parts.clock.now()).toISOString() };
  }

  /** Keys of all records that the last comparison found. */
  present(): ReadonlySet<RecordKey> {
    return this.keys;
  }

  has(row: SqlRow): boolean {
    const last = this.last.get(this.keyOf(row));
    const position = positionOf(row);
    return last === position || last === noRecord(position);
  }

  add(rows: readonly SqlRow[], outcomes: readonly RowOutcome[]): void {
    rows.forEach((row, i) => this.last.set(this.keyOf(row), stateOf(outcomes[i]!)));
  }

  /** Reads the whole table and hands out what the hub does not hold as it is there now. Only when it is ready. */
  async *changed(signal?: AbortSignal): AsyncGenerator<RowOutcome[]> {
    const { rows, live } = this;
    const table = rows.table(live.table);
    const seen = new Set<string>();
    const keys = new Set<RecordKey>();
    for await (const page of rows.pages(table, live.rowKey, {}, signal)) {
      const outcomes = await rows.outcomes(table, page);
      for (const o of outcomes) if (o.kind === 'accepted') for (const { system, recordType, naturalKey } of o.records) keys.add(recordKey(system, recordType, naturalKey));
      const fresh = outcomes.filter((o, i) => !this.isKnown(page[i]!, o));
      if (fresh.length > 0) yield fresh;
      // Only now the caller has taken them.
      this.add(page, outcomes);
      for (const row of page) seen.add(this.keyOf(row));
    }
    if (signal?.aborted === true) return;
    yield* rows.tooLong(table, live.rowKey, {});
    for (const key of this.last.keys()) if (!seen.has(key)) this.last.delete(key);
    this.held = new Set();
    this.keys = keys;
    this.comparedAt = this.parts.clock.now();
  }

  /** What the hub holds tells of rows that this process has not seen yet. */
  private isKnown(row: SqlRow, outcome: RowOutcome): boolean {
    const last = this.last.get(this.keyOf(row));
    return last === undefined ? outcome.kind === 'accepted' && this.held!.has(outcome.position) : last === stateOf(outcome);
  }

  private keyOf(row: SqlRow): string {
    return JSON.stringify(this.live.rowKey.map((column) => row[column]));
  }
}

/** A row may be no record for a while without being rewritten: while another row stands before it. */
function stateOf({ kind, position }: RowOutcome): number {
  return kind === 'accepted' ? position : noRecord(position);
}

function noRecord(position: number): number {
  return -1 - position;
}
