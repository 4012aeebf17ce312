import type { OtherIdentifier, Relative } from '#libs/model/bodies';
import type { CitizenIdReading, PersonName } from '#libs/model/values';
import { readCitizenId } from '#libs/values/citizen-id';
import { LONGEST_NAME, readName } from '#libs/values/person-name';
import { cell, type Cell } from './cells.js';
import type { FieldSpec } from './mapping-in.js';
import { guardOf, type FieldReader, type FieldScope } from './read-scalar.js';
import type { Sink } from './sink.js';

type Spec<T extends FieldSpec['transform']> = Extract<FieldSpec, { transform: T }>;

const BRACKET = /[（(［[【〔]/;

/** A citizen-ID column. Damaged forms keep their status, for they are evidence; a placeholder is none and is only marked. */
export function citizenIdValue(text: string, field: string, sink: Sink): CitizenIdReading | undefined {
  if (text === '') return undefined;
  const reading = readCitizenId(text);
  if (reading === undefined) return undefined;
  if (reading.value !== text) sink.keep(field, text);
  if (reading.status !== 'valid') sink.doubt(field, `YICI_VALUE_CITIZEN_ID_${reading.status.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`, text);
  return reading.status === 'placeholder' ? undefined : reading;
}

/** A name column; `widthBytes` is where the source cuts, `cut` that the format saw it cut. */
export function nameValue(text: string, field: string, sink: Sink, widthBytes?: number, cut?: boolean): PersonName | undefined {
  if (text === '') return undefined;
  if (text.length > LONGEST_NAME) return void sink.doubt(field, 'YICI_VALUE_NAME_TOO_LONG', text);
  const { name } = readName(text, widthBytes === undefined && cut !== true ? undefined : { widthBytes, cut });
  if (name === undefined) sink.doubt(field, 'YICI_VALUE_NAME_PLACEHOLDER', text);
  else if (name.value !== text) sink.keep(field, text);
  return name;
}

export function citizenIdReader(spec: Spec<'citizenId'>, scope: FieldScope): FieldReader {
  const read = cell(spec.column, scope.lookups, spec.slice);
  return (row, ctx, sink) => citizenIdValue(read(row, ctx), scope.field, sink);
}

export function nameReader(spec: Spec<'name'>, scope: FieldScope): FieldReader {
  const read = cell(spec.column, scope.lookups);
  return (row, ctx, sink) => nameValue(read(row, ctx), scope.field, sink, spec.widthBytes, ctx.cut?.includes(spec.column));
}

export function aliasesReader(spec: Spec<'aliases'>, scope: FieldScope): FieldReader {
  const columns = spec.columns.map((c) => cell(c, scope.lookups));
  const noteOf = spec.noteOf === undefined ? undefined : cell(spec.noteOf, scope.lookups);
  return (row, ctx, sink) => {
    let names: PersonName[] | undefined;
    for (const read of columns) {
      const name = nameValue(read(row, ctx), scope.field, sink);
      if (name !== undefined) (names ??= []).push(name);
    }
    const noted = noteOf?.(row, ctx);
    // Most names have no note: reading the column a second time would cost as much as the first.
    if (noted !== undefined && BRACKET.test(noted)) {
      for (const name of readName(noted).formerNames ?? []) (names ??= []).push(name);
    }
    return names;
  };
}

export function identifiersReader(spec: Spec<'identifiers'>, scope: FieldScope): FieldReader {
  const items = spec.items.map((i) => ({
    read: cell(i.column, scope.lookups, i.slice),
    kind: i.kind,
    guard: guardOf(i.when, scope.lookups),
    other: i.differsFrom === undefined ? undefined : cell(i.differsFrom, scope.lookups),
  }));
  return (row, ctx) => {
    let found: OtherIdentifier[] | undefined;
    for (const item of items) {
      const text = item.read(row, ctx);
      if (text === '' || item.guard?.(row, ctx) === false) continue;
      if (item.other !== undefined && readCitizenId(item.other(row, ctx))?.value === readCitizenId(text)?.value) continue;
      if (item.kind !== 'byStatus') {
        (found ??= []).push({ kind: item.kind, value: text });
        continue;
      }
      const reading = readCitizenId(text);
      if (reading === undefined) continue;
      const { status, value } = reading;
      if (status === 'temporary' || status === 'pseudo' || status === 'residencePermit' || status === 'passport') (found ??= []).push({ kind: status, value });
    }
    return found;
  };
}

export function relativesReader(spec: Spec<'relatives'>, scope: FieldScope): FieldReader {
  const items = spec.items.map((i) => ({
    role: i.role,
    name: i.name === undefined ? undefined : cell(i.name, scope.lookups),
    citizenId: i.citizenId === undefined ? undefined : cell(i.citizenId, scope.lookups),
    guard: guardOf(i.when, scope.lookups),
    namePath: `relatives.${i.role}.name`,
    idPath: `relatives.${i.role}.citizenId`,
  }));
  return (row, ctx, sink) => {
    let found: Relative[] | undefined;
    for (const item of items) {
      if (item.guard?.(row, ctx) === false) continue;
      const name = item.name === undefined ? undefined : nameValue(item.name(row, ctx), item.namePath, sink);
      const citizenId = item.citizenId === undefined ? undefined : citizenIdValue(item.citizenId(row, ctx), item.idPath, sink);
      if (name === undefined && citizenId === undefined) continue;
      const relative: Relative = { role: item.role };
      if (name !== undefined) relative.name = name;
      if (citizenId !== undefined) relative.citizenId = citizenId;
      (found ??= []).push(relative);
    }
    return found;
  };
}

/** Owners by position: names and (masked) IDs are two lists of one order. */
export function ownersReader(spec: Spec<'owners'>, scope: FieldScope): FieldReader {
  const names = parts(cell(spec.names, scope.lookups), spec.nameSeparator);
  const ids = parts(cell(spec.citizenIds, scope.lookups), spec.citizenIdSeparator);
  return (row, ctx, sink) => {
    const n = names(row, ctx);
    const c = ids(row, ctx);
    const owners: { name?: PersonName; citizenId?: CitizenIdReading }[] = [];
    for (let i = 0; i < Math.max(n.length, c.length); i++) {
      const name = nameValue(n[i] ?? '', `owners.${i + 1}.name`, sink);
      const citizenId = citizenIdValue(c[i] ?? '', `owners.${i + 1}.citizenId`, sink);
      owners.push({ ...(name && { name }), ...(citizenId && { citizenId }) });
    }
    return owners.length === 0 ? undefined : owners;
  };
}

function parts(read: Cell, separator: string): (...args: Parameters<Cell>) => string[] {
  return (row, ctx) => {
    const text = read(row, ctx);
    return text === '' ? [] : text.split(separator).map((p) => p.trim());
  };
}
