/** A row as a format reader yields it: cell values by legacy column. */
export type Row = Readonly<Record<string, unknown>>;

/** What is known about a row besides its cells. */
export interface RowContext {
  /** `yyyymmdd` of the file name, else of the snapshot; empty for a live row. */
  fileDate: string;
  /** Columns whose text the format itself saw cut. */
  cut?: readonly string[];
  /** The rows that `lookup` found, by table id. */
  lookups?: ReadonlyMap<string, Row>;
}

/** The text of one cell; '' when it is empty, null, absent or structured. Spaces at the ends never carry meaning. */
export type Cell = (row: Row, ctx: RowContext) => string;

export function cellText(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return '';
}

/** Reads `COLUMN` of the row, or `TABLE.COLUMN` of the row that the table's lookup found. */
export function cell(column: string, tables: ReadonlySet<string> = new Set(), slice?: readonly [number, number]): Cell {
  const dot = column.indexOf('.');
  const table = dot > 0 ? column.slice(0, dot) : '';
  let read: Cell;
  if (tables.has(table)) {
    const inner = column.slice(dot + 1);
    read = (_row, ctx) => {
      const found = ctx.lookups?.get(table);
      return found === undefined ? '' : cellText(found[inner]);
    };
  } else {
    read = (row) => {
      const v = row[column];
      return typeof v === 'string' ? v.trim() : cellText(v);
    };
  }
  if (slice === undefined) return read;
  const [from, to] = slice;
  return (row, ctx) => read(row, ctx).slice(from, to);
}
