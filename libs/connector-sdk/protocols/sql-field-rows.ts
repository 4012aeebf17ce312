import type { Acknowledgement } from '../target-channel.js';
import { namedColumns, refTime, shanghai, wireText } from './sql-refs.js';
import type { SqlSession } from './sql-source.js';
import type { SqlTableSpec } from './sql-specs.js';
import type { ExchangeRows, KeyedItem } from './sql-table.js';

type FieldSpec = Extract<SqlTableSpec, { rows: 'field' }>;

/** One write among the rows of many: when its ref was made, the target's key, the fields it changed. */
interface Token {
  created: string;
  key: string;
  fields: string[];
}

/**
 * One row a changed field (HUB_PEOPLE_UPDATE): the target's key, the field, what stood there as far as the hub knows, and what should.
 * The table has no number of its own; key, field and the millisecond of our ref name a row.
 */
export class FieldRows implements ExchangeRows {
  constructor(private readonly spec: FieldSpec, private readonly keyColumn: string, private readonly columns: readonly string[]) {}

  async put(session: SqlSession, item: KeyedItem): Promise<string> {
    const { spec } = this;
    const created = shanghai(new Date(refTime(item.ref).milliseconds), 'yyyyMMddHHmmssSSS');
    const key = item.naturalKey;
    const said = this.columns.flatMap((c): [string, string][] => (item.columns[c] === undefined ? [] : [[c, wireText(item.columns[c]) ?? '']]));
    for (const [field, value] of said) {
      const row = { [this.keyColumn]: key, [spec.field]: field, [spec.created]: created };
      const state = { [spec.old]: item.held?.[field] ?? '', [spec.new]: value, [spec.flag.column]: spec.flag.waiting, ...(spec.error !== undefined && { [spec.error]: null }) };
      const [there] = await session.read(session.dialect.found(spec.table, [spec.new, spec.flag.column], row));
      if (there === undefined) await session.write(session.dialect.insert(spec.table, { ...row, ...state }));
      else if (there[spec.new] !== value || spec.flag.failed.includes(there[spec.flag.column] ?? '')) await session.write(session.dialect.update(spec.table, state, row));
    }
    return JSON.stringify({ created, key, fields: said.map(([field]) => field) } satisfies Token);
  }

  async settled(session: SqlSession, tokens: readonly string[]): Promise<Map<string, Acknowledgement>> {
    const { spec } = this;
    const columns = [this.keyColumn, spec.field, spec.created, spec.flag.column, ...(spec.error === undefined ? [] : [spec.error])];
    const wanted = tokens.map((text) => ({ text, token: JSON.parse(text) as Token }));
    const rows = wanted.length === 0 ? [] : await session.read(session.dialect.matching(spec.table, columns, spec.created, [...new Set(wanted.map((w) => w.token.created))]));
    const states = new Map(rows.map((r) => [`${r[spec.created]} ${r[this.keyColumn]} ${r[spec.field]}`, { flag: r[spec.flag.column] ?? '', error: spec.error === undefined ? '' : r[spec.error] ?? '' }]));
    const settled = new Map<string, Acknowledgement>();
    for (const { text, token } of wanted) {
      const answer = this.answer(token, states);
      if (answer !== undefined) settled.set(text, answer);
    }
    return settled;
  }

  /** All its fields were taken, or some were refused and none still waits; a row that is gone was cleared away behind its taking. */
  private answer({ created, key, fields }: Token, states: ReadonlyMap<string, { flag: string; error: string }>): Acknowledgement | undefined {
    const { taken, failed, column } = this.spec.flag;
    const refused: string[] = [];
    for (const field of fields) {
      const state = states.get(`${created} ${key} ${field}`);
      if (state === undefined || taken.includes(state.flag)) continue;
      if (!failed.includes(state.flag)) return undefined;
      const named = namedColumns(state.error, this.columns.filter((c) => c !== field));
      refused.push(`${field} ${column} ${state.flag}${named === '' ? '' : ` (${named})`}`);
    }
    return refused.length === 0 ? { outcome: 'pickedUp' } : { outcome: 'refused', detail: refused.join(', ') };
  }
}
