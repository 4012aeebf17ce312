import { ConfigurationError } from '#libs/kernel/errors';
import type { RecordType } from '#libs/kernel/record-key';
import type { BodyByType } from '#libs/model/bodies';
import type { SourceRecord } from '#libs/model/source-record';
import { isTestCitizenId } from '#libs/values/citizen-id';
import type { Divisions } from '#libs/values/divisions';
import { isTestName } from '#libs/values/person-name';
import type { Address } from '#libs/model/values';
import { BoundedMemo } from './bounded-memo.js';
import { CANONICAL_FIELDS, fits } from './canonical-fields.js';
import { cell, cellText, type Row, type RowContext } from './cells.js';
import type { CodeMap } from './code-map.js';
import type { MappingIn, MappingSection } from './mapping-in.js';
import { fieldReader } from './read-field.js';
import { guardOf, type FieldReader } from './read-scalar.js';
import { keyReader, orderReader, splitter, timeReader, type TimeReader } from './record-rule.js';
import type { RecordRule } from './rule.js';
import { Sink } from './sink.js';

/** What mapping makes of a row: the part of a source record that does not depend on where and when it was read. */
export type MappedRecord<T extends RecordType = RecordType> = Omit<SourceRecord<T>, 'system' | 'observedAt' | 'origin'>;

export type MappedRow =
  | { kind: 'records'; records: MappedRecord[] }
  /** The row itself cannot be a record: it goes to the dead letters. */
  | { kind: 'fault'; recordType: RecordType; code: string; reason: string; naturalKey?: string };

export type RowMapper = (row: Row, ctx: RowContext) => MappedRow;

export interface MappingSource {
  rules: readonly RecordRule[];
  mapping: MappingIn;
  codes: ReadonlyMap<string, CodeMap>;
  /** Tables whose columns may be named `TABLE.COLUMN`. */
  lookups?: ReadonlySet<string>;
  /** Columns kept as the source wrote them, for differences on write-back, by record name. */
  legacy?: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compiles the mapping of one table into a function from a row to its records. Every canonical field must be mapped or
 * absent with a reason; throws a ConfigurationError that lists all faults.
 */
export function compileMapping(source: MappingSource, table: string, divisions: Divisions): RowMapper {
  const faults: string[] = [];
  const shared: Shared = { divisions, readTime: timeReader(), addresses: new BoundedMemo<Address>(4096) };
  const compiled = source.rules.filter((r) => r.table === table).map((rule) => compileRule(rule, source, shared, faults));
  if (faults.length > 0) throw new ConfigurationError('mapping.in.yaml', faults);
  return (row, ctx) => {
    const records: MappedRecord[] = [];
    for (const rule of compiled) {
      const fault = rule(row, ctx, records);
      if (fault !== undefined) return fault;
    }
    return { kind: 'records', records };
  };
}

/** What the rules of one table share. */
interface Shared {
  divisions: Divisions;
  readTime: TimeReader;
  addresses: BoundedMemo<Address>;
}

type CompiledRule = (row: Row, ctx: RowContext, into: MappedRecord[]) => Extract<MappedRow, { kind: 'fault' }> | undefined;

function compileRule(rule: RecordRule, source: MappingSource, shared: Shared, faults: string[]): CompiledRule {
  const lookups = source.lookups ?? new Set<string>();
  const fields = compileFields(rule, source, shared, faults);
  const { readTime } = shared;
  const readKey = keyReader(rule.key);
  const readOrder = orderReader(rule.order, lookups, readTime);
  const time = rule.time === undefined ? undefined : { read: cell(rule.time.column, lookups), format: rule.time.format };
  const withdrawn = guardOf(rule.withdrawn, lookups);
  const test = rule.test === undefined ? undefined : { name: cell(rule.test.name), citizenId: cell(rule.test.citizenId) };
  const legacy = source.legacy?.get(rule.name) ?? [];
  const split = rule.each === undefined ? undefined : splitter(rule.each);
  const fault = (code: string, reason: string, naturalKey?: string) => ({ kind: 'fault' as const, recordType: rule.type, code, reason, naturalKey });
  const keyColumns = rule.key.columns.filter((c) => !c.startsWith('@')).join(', ');

  const one: CompiledRule = (row, ctx, into) => {
    const naturalKey = readKey(row, ctx);
    if (naturalKey === undefined || naturalKey === '') {
      if (rule.derived) return undefined;
      return naturalKey === ''
        ? fault('YICI_ROW_KEY_MISSING', `The row has no natural key (${keyColumns}), so no record can be made of it.`)
        : fault('YICI_ROW_KEY_MALFORMED', `The natural key (${keyColumns}) is not written as this system writes its keys.`);
    }
    const order = readOrder(row, ctx);
    if (order === undefined) return fault('YICI_ROW_ORDER_UNREADABLE', 'The number that orders the versions of this record is not a number.', naturalKey);
    const sink = new Sink();
    const body: Record<string, unknown> = {};
    let facets: Record<string, unknown> | undefined;
    for (const f of fields) {
      const value = f.read(row, ctx, sink);
      if (value === undefined) continue;
      if (f.facet === undefined) body[f.field] = value;
      else (facets ??= {})[f.facet] = value;
    }
    if (facets !== undefined) body.facets = facets;
    const record: MappedRecord = {
      recordType: rule.type,
      naturalKey,
      order,
      state: withdrawn?.(row, ctx) === true ? 'withdrawn' : 'current',
      body: body as BodyByType[RecordType],
    };
    if (time !== undefined) {
      const text = time.read(row, ctx);
      const iso = text === '' ? '' : readTime(text, time.format);
      if (iso !== '') record.sourceTime = iso;
      else if (text !== '') sink.doubt('sourceTime', 'YICI_VALUE_TIME_UNREADABLE', text);
    }
    if (test !== undefined && isTestName(test.name(row, ctx)) && isTestCitizenId(test.citizenId(row, ctx))) record.test = true;
    if (sink.raw !== undefined) record.raw = sink.raw;
    if (sink.issues !== undefined) record.issues = sink.issues;
    if (legacy.length > 0) record.legacy = legacyOf(row, legacy);
    into.push(record);
    return undefined;
  };
  if (split === undefined) return one;
  return (row, ctx, into) => {
    for (const part of split(row, ctx)) {
      const found = one(part, ctx, into);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function legacyOf(row: Row, columns: readonly string[]): Record<string, string> {
  const legacy: Record<string, string> = {};
  for (const column of columns) {
    const text = cellText(row[column]);
    if (text !== '') legacy[column] = text;
  }
  return legacy;
}

function compileFields(rule: RecordRule, source: MappingSource, shared: Shared, faults: string[]): { field: string; facet?: string; read: FieldReader }[] {
  const section: MappingSection = source.mapping[rule.name] ?? { fields: {}, absent: [] };
  if (source.mapping[rule.name] === undefined) faults.push(`${rule.name}: there is no such section`);
  const known = new Set(CANONICAL_FIELDS[rule.type]);
  const answered = new Set<string>();
  const answer = (field: string): void => {
    if (!known.has(field)) faults.push(`${rule.name}.${field}: a ${rule.type} has no such canonical field`);
    if (answered.has(field)) faults.push(`${rule.name}.${field}: answered twice`);
    answered.add(field);
  };
  for (const group of section.absent) group.fields.forEach(answer);
  const readers = Object.entries(section.fields).map(([field, spec]) => {
    answer(field);
    const where = `${rule.name}.${field}`;
    if (!fits(field, spec.transform)) faults.push(`${where}: the transform ${spec.transform} does not yield what this field holds`);
    const scope = { field, where, codes: source.codes, lookups: source.lookups ?? new Set<string>(), addresses: shared.addresses, faults };
    return { field, facet: field.startsWith('facets.') ? field.slice(7) : undefined, read: fieldReader(spec, scope, shared.divisions) };
  });
  for (const field of known) {
    if (!answered.has(field)) faults.push(`${rule.name}.${field}: neither mapped nor absent with a reason`);
  }
  return readers;
}
