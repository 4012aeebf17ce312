import type { Clock } from '#libs/kernel/clock';
import type { Acknowledgement } from '../target-channel.js';
import { namedColumns, refTime, shanghai, wireText } from './sql-refs.js';
import type { SqlValue } from './sql-dialect.js';
import type { SqlRow, SqlSession } from './sql-source.js';
import type { SqlTableSpec } from './sql-specs.js';
import type { ExchangeRows, KeyedItem } from './sql-table.js';

type ItemSpec = Extract<SqlTableSpec, { rows: 'item' }>;

/** Numbers of other writes of the same millisecond that a new one may have to step over. */
const MOST_TAKEN = 16;

/**
 * One row a write (T_HUB_OUT). Its number is made of our ref, so that every attempt gives the same one and later writes have higher
 * ones. A row that was taken and is to say something else now is used again, as this kind of system does itself.
 */
export class ItemRows implements ExchangeRows {
  constructor(private readonly spec: ItemSpec, private readonly keyColumn: string, private readonly columns: readonly string[], private readonly clock: Clock) {}

  async put(session: SqlSession, item: KeyedItem): Promise<string> {
    const { spec } = this;
    const first = numberOf(item.ref);
    for (let id = first; id < first + MOST_TAKEN; id++) {
      const there = await this.find(session, String(id));
      if (there !== undefined && there[this.keyColumn] !== item.naturalKey) continue;
      const said = Object.fromEntries(this.columns.map((c): [string, SqlValue] => [c, wireText(item.columns[c])]));
      const fresh = { ...said, [spec.flag.column]: spec.flag.waiting, [spec.time]: shanghai(new Date(this.clock.now()), 'yyyy-MM-dd HH:mm:ss'), ...(spec.error !== undefined && { [spec.error]: null }) };
      if (there === undefined) {
        await session.write(session.dialect.insert(spec.table, { [spec.id]: id, [this.keyColumn]: item.naturalKey, ...fresh }));
        return String(id);
      }
      const same = this.columns.every((c) => (there[c] ?? '') === (said[c] ?? ''));
      if (same && !spec.flag.failed.includes(there[spec.flag.column] ?? '')) return String(id);
      await session.write(session.dialect.update(spec.table, fresh, { [spec.id]: id }));
      return String(id);
    }
    throw Object.assign(new Error('no number is free'), { code: '23505' });
  }

  async settled(session: SqlSession, tokens: readonly string[]): Promise<Map<string, Acknowledgement>> {
    const { flag, error, id, table } = this.spec;
    const columns = [id, flag.column, ...(error === undefined ? [] : [error])];
    const rows = await session.read(session.dialect.matching(table, columns, id, tokens.map(Number)));
    const byId = new Map(rows.map((row) => [row[id], row]));
    const settled = new Map<string, Acknowledgement>();
    for (const token of tokens) {
      const row = byId.get(token);
      const state = row?.[flag.column] ?? '';
      // A row that is gone was cleared away behind its taking.
      if (row === undefined || flag.taken.includes(state)) settled.set(token, { outcome: 'pickedUp' });
      else if (flag.failed.includes(state)) {
        const named = namedColumns(error === undefined ? '' : row[error] ?? '', this.columns);
        settled.set(token, { outcome: 'refused', detail: `${flag.column} ${state}${named === '' ? '' : `: ${named}`}` });
      }
    }
    return settled;
  }

  private async find(session: SqlSession, id: string): Promise<SqlRow | undefined> {
    const { spec } = this;
    const [row] = await session.read(session.dialect.found(spec.table, [this.keyColumn, spec.flag.column, ...this.columns], { [spec.id]: Number(id) }));
    return row;
  }
}

/** Milliseconds and counter of a UUIDv7 as one number below 2^53: the order of refs is the order of their numbers. */
function numberOf(ref: string): number {
  const { milliseconds, counter } = refTime(ref);
  return milliseconds * 4096 + counter;
}
