import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import { fieldsOfBody, type CanonicalFields, type Refusal } from '#libs/mapping/encode-out';
import type { OutValue } from '#libs/mapping/encode-value';
import type { GoldenFields, GoldenValue } from '#libs/model/golden-record';
import type { AnySourceRecord } from '#libs/model/source-record';
import { echoedFields, type Projection, type WrittenField } from '#libs/survivorship/echoed-fields';
import { sameFact } from '#libs/survivorship/same-fact';
import type { StrayWrites } from './stray-writes.js';
import type { RecordChannel, Target } from './target.js';

/** What the hub last wrote to a target record, and when. */
export interface WrittenProjection extends Projection {
  writtenAt: string;
}

/** Before the path of an answer (yes, it matches): no value of the target's record repeats it, so it is no echo and takes no evidence away. */
export const ANSWER = 'answer:';

function shownAs(channel: RecordChannel, path: string): string {
  return channel.answers.has(path) ? ANSWER + path : path;
}

/** What one target record lacks, ready to be written. */
export interface PlannedWrite {
  columns: Record<string, OutValue>;
  /** The canonical values behind the columns. */
  fields: Record<string, unknown>;
  /** What the target's columns hold now, spelt as there. */
  held: Record<string, string>;
  /** Values this target has no way to hold. */
  refused: Refusal[];
  /** By canonical path: the record a value comes from; none where the target gets its own back. */
  sources: Record<string, RecordKey | undefined>;
}

/**
 * The difference between what the target may have and what it holds: its own record as last read, then what was written to it
 * since. A value that the target itself won with, or that states the same fact in another spelling, is no difference. Where the
 * hub wrote somebody else's value by mistake (`stray`), the target gets its own back, unless a better one is known.
 */
export function planUpdate(
  target: Target, recordType: RecordType, shareable: GoldenFields, own: AnySourceRecord | undefined, written: WrittenProjection | undefined, stray?: StrayWrites,
): PlannedWrite {
  const channel = target.channels.get(recordType);
  if (channel === undefined) return { columns: {}, fields: {}, held: {}, refused: [], sources: {} };
  const there = writtenThere(channel, own, written);
  const held = heldFields(own, there);
  const wanted: Record<string, unknown> = {};
  const sources: PlannedWrite['sources'] = {};
  for (const path of channel.fields) {
    const golden = shareable[path];
    const foreign = golden !== undefined && leadingSystem(golden) !== target.id;
    const mistaken = stray?.get(path);
    const value = foreign ? golden.value : mistaken === undefined ? undefined : mistaken.own ?? golden?.value;
    // Whether a value matches is an answer, also when it does.
    if (value === undefined || !isFact(path, value) || (!channel.answers.has(path) && sameFact(path, held[path], value))) continue;
    wanted[path] = value;
    sources[shownAs(channel, path)] = channel.answers.has(path) ? '' : foreign ? (golden.itemProvenance?.[0] ?? golden.provenance).record : undefined;
  }
  // What was written by mistake may list the right value beside the wrong one (phones): only how its columns are spelt tells what is there.
  const compared = stray === undefined ? held : Object.fromEntries(Object.entries(held).filter(([path]) => !stray.has(path)));
  const row = target.mapper.changes(recordType, wanted, compared);
  const spelt = heldColumns(own, there);
  for (const [column, value] of Object.entries(row.columns)) if (spelt[column] === wireText(value)) delete row.columns[column];
  if (channel.together && Object.keys(row.columns).length > 0) Object.assign(row.columns, target.mapper.encode(recordType, wanted).columns);
  return { columns: row.columns, fields: writtenFields(channel, wanted, row.columns), held: spelt, refused: row.refused, sources };
}

/** A person to create there; undefined when something the target needs is missing. */
export function planCreate(target: Target, shareable: GoldenFields): PlannedWrite | undefined {
  const channel = target.channels.get('person');
  if (channel?.createNeeds === undefined || channel.createNeeds.some((path) => shareable[path] === undefined)) return undefined;
  const dead = shareable['vitalStatus']?.value;
  if (dead === 'dead' || dead === 'suspectedDead' || shareable['residency']?.value === 'left') return undefined;
  const wanted: Record<string, unknown> = {};
  const sources: PlannedWrite['sources'] = {};
  for (const path of channel.fields) {
    const golden = shareable[path];
    if (golden === undefined) continue;
    wanted[path] = golden.value;
    sources[path] = (golden.itemProvenance?.[0] ?? golden.provenance).record;
  }
  const row = target.mapper.encode('person', wanted);
  return { columns: row.columns, fields: writtenFields(channel, wanted, row.columns), held: {}, refused: row.refused, sources };
}

/** The projection after a write: what was known to be there, and over it what was written now. */
export function projectionAfter(channel: RecordChannel, before: Projection | undefined, write: PlannedWrite): Projection {
  const fields = { ...before?.fields };
  for (const [path, value] of Object.entries(write.fields)) {
    const columns: Record<string, string> = { ...fields[path]?.columns };
    for (const column of channel.columnsOf.get(path.replace(ANSWER, '')) ?? []) {
      const text = write.columns[column];
      if (text !== undefined && text !== null) columns[column] = wireText(text);
    }
    const from = write.sources[path];
    // A count of the hub's own comes from no record.
    fields[path] = { value, columns, ...(from === undefined ? { restored: true as const } : from !== '' && { from }) };
  }
  return { fields };
}

/** Canonical fields as the target holds them: its record, and over it what was written and is there. */
function heldFields(own: AnySourceRecord | undefined, there: ReadonlyMap<string, WrittenField>): CanonicalFields {
  const held: Record<string, unknown> = own === undefined ? {} : { ...fieldsOfBody(own.body) };
  for (const [path, field] of there) held[path] = field.value;
  return held;
}

/** The same, as spelt in its columns: a value that reads differently and is written alike is no difference either. */
function heldColumns(own: AnySourceRecord | undefined, there: ReadonlyMap<string, WrittenField>): Record<string, string> {
  const columns = { ...own?.legacy };
  for (const field of there.values()) Object.assign(columns, field.columns);
  return columns;
}

/**
 * What was written and is there as far as anybody knows: all of it while the target's record was not read since, then what that
 * record repeats, reformatted or cut as it may be, and what it has no column to show. To write such a value again would only get the same answer again.
 */
function writtenThere(channel: RecordChannel, own: AnySourceRecord | undefined, written: WrittenProjection | undefined): Map<string, WrittenField> {
  if (written === undefined) return new Map();
  const fields = Object.entries(written.fields);
  if (isNewer(written, own)) return new Map(fields);
  const repeated = new Set([...(own?.hubOrigin ?? []), ...(own === undefined ? [] : echoedFields(own, { fields: written.fields }))]);
  return new Map(fields.filter(([path, field]) => repeated.has(path) || Object.keys(field.columns).every((column) => !channel.readable.has(column))));
}

/** Written after the target's record was last read. */
function isNewer(written: WrittenProjection, own: AnySourceRecord | undefined): boolean {
  return own === undefined || Date.parse(written.writtenAt) > Date.parse(own.observedAt);
}

function wireText(value: OutValue): string {
  return Array.isArray(value) ? value.join(',') : String(value as string | number | boolean | null);
}

/** A suspicion is the hub's own and written to nobody; a ticket tells it where a ticket is taken. */
function isFact(path: string, value: unknown): boolean {
  return path !== 'vitalStatus' || value !== 'suspectedDead';
}

function leadingSystem(golden: GoldenValue): string {
  return (golden.itemProvenance?.[0] ?? golden.provenance).system;
}

function writtenFields(channel: RecordChannel, wanted: Record<string, unknown>, columns: Record<string, OutValue>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(wanted)) {
    const written = channel.columnsOf.get(path)?.filter((column) => columns[column] !== undefined) ?? [];
    if (written.length > 0) fields[shownAs(channel, path)] = channel.answers.has(path) ? columns[written[0]!] : value;
  }
  return fields;
}
