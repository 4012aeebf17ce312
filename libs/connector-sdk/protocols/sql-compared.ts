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
 * are as many numbers in memory; two different rows share one with a chance of 1 in 50,000 over all of them.
 */
export class ComparedTable implements HandedOut {
  /** Positions of accepted rows that the hub has; undefined until the store was asked. */
  private accepted: Set<number> | undefined;
  /** Positions of rows that were no record when they were last seen, in this process. */
  private others = new Set<number>();
  private keys = new Set<RecordKey>();
  /** When this process compared last: one that withdrew nothing leaves no mark. */
  private comparedAt = 0;

  constructor(private readonly rows: SqlRows, private readonly live: GrowingTable, private readonly parts: ConnectionParts) {}

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
    return this.accepted?.has(positionOf(row)) === true;
  }

  add(outcomes: readonly RowOutcome[]): void {
    for (const o of outcomes) if (o.kind === 'accepted') this.accepted?.add(o.position);
  }

  /** Reads the whole table and hands out what the hub does not hold as it is there now. */
  async *changed(signal?: AbortSignal): AsyncGenerator<RowOutcome[]> {
    const { rows, live } = this;
    const table = rows.table(live.table);
    this.accepted ??= new Set(await this.parts.heldRows?.(rows.stream(live.table)));
    const accepted = new Set<number>();
    const others = new Set<number>();
    const keys = new Set<RecordKey>();
    for await (const page of rows.pages(table, live.rowKey, {}, signal)) {
      const fresh: RowOutcome[] = [];
      for (const outcome of await rows.outcomes(table, page)) {
        const known = outcome.kind === 'accepted' ? this.accepted.has(outcome.position) : this.others.has(outcome.position);
        (outcome.kind === 'accepted' ? accepted : others).add(outcome.position);
        if (outcome.kind === 'accepted') for (const { system, recordType, naturalKey } of outcome.records) keys.add(recordKey(system, recordType, naturalKey));
        if (!known) fresh.push(outcome);
      }
      if (fresh.length > 0) yield fresh;
    }
    if (signal?.aborted === true) return;
    yield* rows.tooLong(table, live.rowKey, {});
    this.accepted = accepted;
    this.others = others;
    this.keys = keys;
    this.comparedAt = this.parts.clock.now();
  }
}
