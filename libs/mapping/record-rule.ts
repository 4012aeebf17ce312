import { readTimestamp } from '#libs/values/timestamp';
import { BoundedMemo } from './bounded-memo.js';
import { cell, type Cell, type Row, type RowContext } from './cells.js';
import type { KeySpec, OrderPart, RecordRule } from './rule.js';

/** A moment as ISO 8601, '' when it cannot be read. */
export type TimeReader = (text: string, format: Parameters<typeof readTimestamp>[1]) => string;

/** A row's time stands in its order and in itself, and in the orders of what is derived from it: read once. */
export function timeReader(): TimeReader {
  const memo = new BoundedMemo<string>(256);
  return (text, format) => memo.get(text, () => readTimestamp(text, format) ?? '');
}

/** Natural key of a row, '' when it has none; undefined when it is malformed. */
export type KeyReader = (row: Row, ctx: RowContext) => string | undefined;

export function keyReader(spec: KeySpec): KeyReader {
  const columns = spec.columns.map((c) => cell(c));
  const pattern = spec.pattern === undefined ? undefined : new RegExp(`^(?:${spec.pattern})$`, 'u');
  return (row, ctx) => {
    let key = '';
    for (let i = 0; i < columns.length; i++) {
      const part = columns[i]!(row, ctx);
      if (part === '') return '';
      key += i === 0 ? part : `${spec.separator ?? ''}${part}`;
    }
    if (spec.slice !== undefined) key = key.slice(spec.slice[0], spec.slice[1]);
    return pattern !== undefined && !pattern.test(key) ? undefined : key;
  };
}

/** Order of a row's version; undefined when a numbered part is not a number: the version cannot be placed. */
export function orderReader(parts: readonly OrderPart[], lookups: ReadonlySet<string>, readTime: TimeReader): (row: Row, ctx: RowContext) => string | undefined {
  const readers = parts.map((p) => orderPart(p, lookups, readTime));
  return (row, ctx) => {
    let order = '';
    for (let i = 0; i < readers.length; i++) {
      const part = readers[i]!(row, ctx);
      if (part === undefined) return undefined;
      order += i === 0 ? part : `|${part}`;
    }
    return order;
  };
}

function orderPart(part: OrderPart, lookups: ReadonlySet<string>, readTime: TimeReader): (row: Row, ctx: RowContext) => string | undefined {
  if ('file' in part) return (_row, ctx) => ctx.fileDate;
  if ('first' in part) {
    const read = cell(part.first, lookups);
    const codes = new Set(part.in);
    return (row, ctx) => (codes.has(read(row, ctx)) ? '1' : '0');
  }
  if ('pad' in part) {
    const read = cell(part.column, lookups);
    return (row, ctx) => {
      const text = read(row, ctx);
      return /^\d+$/.test(text) && text.length <= part.pad ? text.padStart(part.pad, '0') : undefined;
    };
  }
  const read = cell(part.time, lookups);
  return (row, ctx) => {
    // An unreadable time is older than every readable one; the row itself is not lost for it.
    return readTime(read(row, ctx), part.format);
  };
}

/** Splits a joined row (owners of a dwelling) into one row an element, with `@position` from 1. */
export function splitter(each: NonNullable<RecordRule['each']>): (row: Row, ctx: RowContext) => Row[] {
  const columns: { name: string; separator: string; read: Cell }[] = Object.entries(each.columns)
    .map(([name, separator]) => ({ name, separator, read: cell(name) }));
  return (row, ctx) => {
    const parts = columns.map((c) => {
      const text = c.read(row, ctx);
      return text === '' ? [] : text.split(c.separator).map((p) => p.trim());
    });
    const n = Math.max(0, ...parts.map((p) => p.length));
    return Array.from({ length: n }, (_, i) => {
      const one: Record<string, unknown> = { ...row, '@position': String(i + 1) };
      columns.forEach((c, k) => (one[c.name] = parts[k]![i] ?? ''));
      return one;
    });
  };
}
