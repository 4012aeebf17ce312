import type { RowOutcome } from '../table-mapper.js';
import type { SqlRows } from './sql-rows.js';
import type { FlaggedTable } from './sql-specs.js';
import type { SqlRow } from './sql-source.js';

/** So many rows a statement: with all their columns they stay below the 2,100 values that SQL Server takes. */
const MARKED_AT_ONCE = 80;

/**
 * Reads a table whose rows say themselves that they are new. Everything on the first connection, for another reader may have taken
 * rows before; later what is flagged. `taken` sets the flag, on rows that are still as they were read: one that was changed in
 * between is still new and comes again.
 */
export async function* readFlagged(rows: SqlRows, live: FlaggedTable, first: boolean, signal?: AbortSignal): AsyncGenerator<{ outcomes: RowOutcome[]; taken(): Promise<void> }> {
  const table = rows.table(live.table);
  const fresh = { column: live.flag, in: live.fresh };
  for await (const page of rows.pages(table, live.rowKey, first ? {} : { where: fresh }, signal)) {
    const flagged = page.filter((row) => live.fresh.includes(row[live.flag] ?? '')).map((row) => without(row, live.flag));
    yield { outcomes: await rows.outcomes(table, page, [live.flag]), taken: () => markTaken(rows, live, flagged) };
  }
  // Its flag stays: whether the rest of such a row is still as it was nobody can tell.
  if (signal?.aborted !== true) for await (const outcomes of rows.tooLong(table, live.rowKey, first ? {} : { where: fresh })) yield { outcomes, taken: () => Promise.resolve() };
}

async function markTaken({ source }: SqlRows, live: FlaggedTable, read: readonly SqlRow[]): Promise<void> {
  const flag = { column: live.flag, from: live.fresh, to: live.taken };
  for (let at = 0; at < read.length; at += MARKED_AT_ONCE) await source.write(source.dialect.mark(live.table, flag, read.slice(at, at + MARKED_AT_ONCE)));
}

function without(row: SqlRow, column: string): SqlRow {
  return Object.fromEntries(Object.entries(row).filter(([c]) => c !== column));
}
