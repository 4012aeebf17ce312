import { readDate } from '#libs/values/partial-date';
import { readTimestamp } from '#libs/values/timestamp';
import type { Address } from '#libs/model/values';
import type { BoundedMemo } from './bounded-memo.js';
import { cell, cellText, type Row, type RowContext } from './cells.js';
import type { CodeMap } from './code-map.js';
import type { Guard } from './guard.js';
import type { ScalarSpec } from './mapping-in.js';
import { codeReader } from './read-code.js';
import type { Sink } from './sink.js';

/** Reads one field of a row: the canonical value, or undefined when there is none or it cannot be trusted. */
export type FieldReader = (row: Row, ctx: RowContext, sink: Sink) => unknown;

/** What compiling a field needs: where it stands (for faults and issues), the folder's code maps, the lookup tables. */
export interface FieldScope {
  field: string;
  where: string;
  codes: ReadonlyMap<string, CodeMap>;
  lookups: ReadonlySet<string>;
  /** Shared by all address fields of a table. */
  addresses: BoundedMemo<Address>;
  faults: string[];
}

/** True when the row may be read; an absent guard always holds. */
export function guardOf(guard: Guard | undefined, lookups: ReadonlySet<string>): ((row: Row, ctx: RowContext) => boolean) | undefined {
  if (guard === undefined) return undefined;
  const read = cell(guard.column, lookups);
  const set = new Set(guard.in ?? guard.notIn);
  const wanted = guard.in !== undefined;
  return (row, ctx) => set.has(read(row, ctx)) === wanted;
}

export function scalarReader(spec: ScalarSpec, scope: FieldScope): FieldReader {
  const plain = unguarded(spec, scope);
  const guard = 'when' in spec ? guardOf(spec.when, scope.lookups) : undefined;
  return guard === undefined ? plain : (row, ctx, sink) => (guard(row, ctx) ? plain(row, ctx, sink) : undefined);
}

function unguarded(spec: ScalarSpec, scope: FieldScope): FieldReader {
  const { field } = scope;
  switch (spec.transform) {
    case 'literal':
      return () => spec.value;
    case 'flags':
      return flags(spec, scope);
    case 'list':
      return list(spec.column, spec.separator);
    case 'codes': {
      const read = cell(spec.column, scope.lookups);
      const code = codeReader(spec, scope.codes, scope.where, scope.faults);
      return (row, ctx, sink) => {
        const parts = read(row, ctx).split(spec.separator).map((p) => p.trim()).filter((p) => p !== '');
        const known = parts.map((p) => code(p, field, sink)).filter((c): c is string => c !== undefined);
        return known.length === 0 ? undefined : known;
      };
    }
    case 'code': {
      const read = cell(spec.column, scope.lookups, spec.slice);
      const code = codeReader(spec, scope.codes, scope.where, scope.faults);
      if (spec.except === undefined) return (row, ctx, sink) => code(read(row, ctx), field, sink);
      const { contains, gives } = spec.except;
      const other = cell(spec.except.column, scope.lookups);
      return (row, ctx, sink) => (other(row, ctx).includes(contains) ? gives : code(read(row, ctx), field, sink));
    }
    case 'text': {
      const read = cell(spec.column, scope.lookups, spec.slice);
      return (row, ctx) => read(row, ctx) || undefined;
    }
    case 'boolean': {
      const read = cell(spec.column, scope.lookups);
      const yes = new Set(spec.true);
      const no = new Set(spec.false);
      return (row, ctx, sink) => {
        const text = read(row, ctx);
        if (yes.has(text)) return true;
        if (no.has(text)) return false;
        if (text !== '') sink.doubt(field, 'YICI_VALUE_UNKNOWN_CODE', text);
        return undefined;
      };
    }
    case 'number':
    case 'decimal':
      return numeric(spec, scope);
    case 'day': {
      const read = cell(spec.column, scope.lookups);
      return (row, ctx, sink) => {
        const text = read(row, ctx);
        if (text === '') return undefined;
        const { date, issue } = readDate(text, spec.format);
        if (issue !== undefined) sink.doubt(field, issue, text);
        return date?.date;
      };
    }
    case 'timestamp': {
      const read = cell(spec.column, scope.lookups);
      return (row, ctx, sink) => {
        const text = read(row, ctx);
        if (text === '') return undefined;
        const time = readTimestamp(text, spec.format);
        if (time === undefined) sink.doubt(field, 'YICI_VALUE_TIME_UNREADABLE', text);
        return time;
      };
    }
  }
}

function numeric(spec: Extract<ScalarSpec, { transform: 'number' | 'decimal' }>, scope: FieldScope): FieldReader {
  const read = cell(spec.column, scope.lookups);
  const shape = spec.transform === 'decimal' ? new RegExp(`^\\d{1,12}(\\.\\d{1,${Math.max(1, spec.scale)}})?$`) : /^\d{1,15}(\.\d+)?$/;
  return (row, ctx, sink) => {
    const text = read(row, ctx);
    if (text === '') return undefined;
    if (!shape.test(text)) {
      sink.doubt(scope.field, 'YICI_VALUE_NUMBER_UNREADABLE', text);
      return undefined;
    }
    // A decimal stays text, so that nothing is rounded.
    return spec.transform === 'decimal' ? text : Number(text);
  };
}

function flags(spec: Extract<ScalarSpec, { transform: 'flags' }>, scope: FieldScope): FieldReader {
  const yes = new Set(spec.true);
  const columns = Object.entries(spec.columns).map(([column, flag]) => ({ read: cell(column, scope.lookups), flag }));
  return (row, ctx) => {
    let set: string[] | undefined;
    for (const c of columns) if (yes.has(c.read(row, ctx))) (set ??= []).push(c.flag);
    return set;
  };
}

function list(column: string, separator: string | undefined): FieldReader {
  return (row) => {
    const value = row[column];
    const parts = Array.isArray(value) ? (value as unknown[]).map(cellText) : cellText(value).split(separator ?? '\n');
    const texts = parts.map((p) => p.trim()).filter((p) => p !== '');
    return texts.length === 0 ? undefined : texts;
  };
}
