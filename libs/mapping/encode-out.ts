import { CANONICAL_FIELDS } from './canonical-fields.js';
import type { CodeMap } from './code-map.js';
import { Unsayable, valueEncoder, type OutValue, type ValueEncoder } from './encode-value.js';
import type { OutColumn, OutSection, TicketSpec } from './mapping-out.js';

/** Canonical values by canonical path (`name`, `currentAddress`, `facets.grid`), e.g. the winning values a target may have. */
export type CanonicalFields = Readonly<Record<string, unknown>>;

export interface Refusal {
  column: string;
  field: string;
  code: string;
  /** For a clerk; no personal value. */
  reason: string;
}

/** What would be written: columns that have a value, and those that cannot be said to this target. */
export interface OutRow {
  columns: Record<string, OutValue>;
  refused: Refusal[];
}

export interface OutEncoder {
  /** Spells the given canonical fields for the target. Fields without a value give no column: empty never erases. */
  encode(fields: CanonicalFields): OutRow;
  /** The columns of `encode(fields)` that differ from what the target holds, both read as canonical values. */
  changes(fields: CanonicalFields, held: CanonicalFields): OutRow;
  /** Canonical paths that reach this target at all. */
  readonly fields: readonly string[];
}

interface CompiledColumn {
  column: string;
  spec: OutColumn;
  encode: ValueEncoder;
}

export function compileOut(section: Pick<OutSection, 'columns'>, codes: ReadonlyMap<string, CodeMap>, where: string, faults: string[]): OutEncoder {
  const known = new Set(Object.values(CANONICAL_FIELDS).flat());
  const compile = (column: string, spec: OutColumn): CompiledColumn => {
    if (!known.has(spec.field)) faults.push(`${where}.${column}: there is no canonical field ${spec.field}`);
    return { column, spec, encode: valueEncoder(spec, codes, `${where}.${column}`, faults) };
  };
  const columns = Object.entries(section.columns).map(([column, spec]) => ({
    ...compile(column, spec),
    first: spec.first === undefined ? undefined : compile(column, spec.first),
  }));
  const encode = (fields: CanonicalFields): OutRow => {
    const row: OutRow = { columns: {}, refused: [] };
    for (const c of columns) {
      if (c.first !== undefined) put(c.first, fields[c.first.spec.field], row);
      if (row.columns[c.column] === undefined) put(c, fields[c.spec.field], row);
    }
    return row;
  };
  return {
    fields: [...new Set(columns.flatMap((c) => (c.first === undefined ? [c.spec.field] : [c.first.spec.field, c.spec.field])))],
    encode,
    changes: (fields, held) => {
      const wanted = encode(fields);
      const there = encode(held);
      const changed: OutRow = { columns: {}, refused: wanted.refused };
      for (const c of columns) {
        const value = c.spec.as === 'matches' ? answer(fields[c.spec.field], held[c.spec.field]) : wanted.columns[c.column];
        if (value !== undefined && !same(value, there.columns[c.column], c.spec, held)) changed.columns[c.column] = value;
      }
      return changed;
    },
  };
}

function put(c: CompiledColumn, value: unknown, row: OutRow): void {
  if (value === undefined || value === null) return;
  try {
    const said = c.encode(value);
    if (said !== undefined && said !== '') row.columns[c.column] = said;
  } catch (e) {
    if (!(e instanceof Unsayable)) throw e;
    row.refused.push({ column: c.column, field: c.spec.field, code: e.code, reason: e.reason });
  }
}

/** Yes or no, whether the target's own value is the winning one; nothing where either is missing. Names are compared by key. */
function answer(winning: unknown, theirs: unknown): boolean | undefined {
  if (winning === undefined || theirs === undefined) return undefined;
  const plain = (v: unknown): unknown => (typeof v === 'object' && v !== null ? ((v as { key?: string; value?: string }).key ?? (v as { value?: string }).value) : v);
  return plain(winning) === plain(theirs);
}

function same(wanted: OutValue, there: OutValue | undefined, spec: OutColumn, held: CanonicalFields): boolean {
  if (Array.isArray(wanted)) return Array.isArray(there) && wanted.join('\n') === there.join('\n');
  if (wanted === there) return true;
  // A target that already lists this phone second is not told to put it first.
  if (spec.as !== 'phone') return false;
  const phones = held[spec.field] as { number: string }[] | undefined;
  return phones?.some((p) => p.number === wanted) ?? false;
}

/** A record's body as canonical fields by path. */
export function fieldsOfBody(body: object): CanonicalFields {
  const { facets, ...fields } = body as { facets?: Record<string, unknown> } & Record<string, unknown>;
  for (const [name, facet] of Object.entries(facets ?? {})) fields[`facets.${name}`] = facet;
  return fields;
}

export interface Ticket {
  number: string;
  kind: keyof TicketSpec['kinds'];
  /** What the office should look at, in words it understands. */
  text: string;
}

/**
 * Compiles the ticket a system takes instead of field writes; columns come in file order. `own`: the columns of the target's own
 * record, for those that are quoted.
 */
export function compileTicket(spec: TicketSpec, codes: ReadonlyMap<string, CodeMap>, faults: string[]): (ticket: Ticket, fields: CanonicalFields, own?: Readonly<Record<string, string>>) => OutRow {
  const said = Object.fromEntries(Object.entries(spec.columns).filter((e): e is [string, OutColumn & { quote?: string }] => 'field' in e[1]));
  const person = compileOut({ columns: said }, codes, 'ticket', faults);
  return (ticket, fields, own = {}) => {
    const row = person.encode(fields);
    for (const [column, { quote }] of Object.entries(said)) {
      const quoted = quote === undefined ? undefined : own[quote];
      if (quoted === undefined || quoted === '') continue;
      row.columns[column] = quoted;
      row.refused = row.refused.filter((r) => r.column !== column);
    }
    const kind = spec.kinds[ticket.kind];
    if (kind === undefined) row.refused.push({ column: '', field: '', code: 'YICI_OUT_UNKNOWN_TICKET', reason: 'The target takes no ticket of this kind.' });
    const columns: Record<string, OutValue> = {};
    for (const [column, c] of Object.entries(spec.columns)) {
      columns[column] = 'field' in c ? (row.columns[column] ?? '') : c.ticket === 'number' ? ticket.number : c.ticket === 'kind' ? (kind ?? '') : ticket.text;
    }
    return { columns, refused: row.refused };
  };
}
