import type { Membership } from '#libs/model/bodies';
import type { Address, Phone } from '#libs/model/values';
import { LONGEST_ADDRESS, readAddress } from '#libs/values/address';
import type { Divisions } from '#libs/values/divisions';
import { readDate } from '#libs/values/partial-date';
import { readPhones } from '#libs/values/phone';
import { cell } from './cells.js';
import type { FieldSpec } from './mapping-in.js';
import { codeReader } from './read-code.js';
import { aliasesReader, citizenIdReader, identifiersReader, nameReader, ownersReader, relativesReader } from './read-identity.js';
import { guardOf, scalarReader, type FieldReader, type FieldScope } from './read-scalar.js';

type Spec<T extends FieldSpec['transform']> = Extract<FieldSpec, { transform: T }>;

/** Compiles one field of mapping.in.yaml. Faults go to the scope; the reader is then never used. */
export function fieldReader(spec: FieldSpec, scope: FieldScope, divisions: Divisions): FieldReader {
  const plain = unguarded(spec, scope, divisions);
  const guard = 'when' in spec ? guardOf(spec.when, scope.lookups) : undefined;
  return guard === undefined ? plain : (row, ctx, sink) => (guard(row, ctx) ? plain(row, ctx, sink) : undefined);
}

function unguarded(spec: FieldSpec, scope: FieldScope, divisions: Divisions): FieldReader {
  switch (spec.transform) {
    case 'citizenId':
      return citizenIdReader(spec, scope);
    case 'name':
      return nameReader(spec, scope);
    case 'aliases':
      return aliasesReader(spec, scope);
    case 'identifiers':
      return identifiersReader(spec, scope);
    case 'relatives':
      return relativesReader(spec, scope);
    case 'owners':
      return ownersReader(spec, scope);
    case 'date':
      return dateReader(spec, scope);
    case 'phones':
      return phonesReader(spec, scope);
    case 'address':
      return addressReader(spec, scope, divisions);
    case 'memberships':
      return membershipsReader(spec, scope);
    case 'facet':
      return facetReader(spec, scope);
    default:
      return scalarReader(spec, scope);
  }
}

function dateReader(spec: Spec<'date'>, scope: FieldScope): FieldReader {
  const read = cell(spec.column, scope.lookups);
  return (row, ctx, sink) => {
    const text = read(row, ctx);
    if (text === '') return undefined;
    const { date, issue } = readDate(text, spec.format);
    if (issue !== undefined) sink.doubt(scope.field, issue, text);
    // A full date in the column's own format differs from the canonical one only in spelling: nothing to keep.
    if (date === undefined || date.precision !== 'day') sink.keep(scope.field, text);
    return date;
  };
}

function phonesReader(spec: Spec<'phones'>, scope: FieldScope): FieldReader {
  const items = spec.items.map((i) => ({ read: cell(i.column, scope.lookups), holder: i.holder, verified: guardOf(i.verified, scope.lookups) }));
  return (row, ctx, sink) => {
    let phones: Phone[] | undefined;
    for (const item of items) {
      const text = item.read(row, ctx);
      if (text === '') continue;
      const read = readPhones(text);
      if (read.length === 0) sink.doubt(scope.field, 'YICI_VALUE_PHONE_UNREADABLE', text);
      else if (read.length > 1 || read[0]!.number !== text) sink.keep(scope.field, text);
      for (const { number } of read) {
        const phone: Phone = { number, holder: item.holder };
        if (item.verified !== undefined) phone.verified = item.verified(row, ctx);
        (phones ??= []).push(phone);
      }
    }
    return phones;
  };
}

const NO_ADDRESS: Address = { raw: '' };

function addressReader(spec: Spec<'address'>, scope: FieldScope, divisions: Divisions): FieldReader {
  const columns = spec.columns.map((c) => cell(c, scope.lookups));
  const hints = (['division', 'estate', 'road', 'number', 'building', 'unit', 'room'] as const)
    .flatMap((part) => (spec[part] === undefined ? [] : [{ part, read: cell(spec[part], scope.lookups) }]));
  return (row, ctx, sink) => {
    let text = '';
    for (const read of columns) text += read(row, ctx);
    let key = text;
    let hint: Record<string, string> | undefined;
    for (const { part, read } of hints) {
      const value = read(row, ctx);
      if (value === '') continue;
      (hint ??= {})[part] = value;
      key += `\u0001${part}=${value}`;
    }
    if (text === '' && hint === undefined) return undefined;
    if (key.length > LONGEST_ADDRESS) return void sink.doubt(scope.field, 'YICI_VALUE_ADDRESS_TOO_LONG', key);
    // An address is never changed in place, so records of one household may share it: that also spares memory.
    const address = scope.addresses.get(key, () => readAddress(text, divisions, hint) ?? NO_ADDRESS);
    if (address !== NO_ADDRESS) return address;
    if (text !== '') sink.doubt(scope.field, 'YICI_VALUE_ADDRESS_UNREADABLE', text);
    return undefined;
  };
}

function membershipsReader(spec: Spec<'memberships'>, scope: FieldScope): FieldReader {
  const items = spec.items.map((i) => ({
    kind: i.kind,
    key: cell(i.column, scope.lookups, i.slice),
    pattern: i.pattern === undefined ? undefined : new RegExp(`^(?:${i.pattern})$`, 'u'),
    relation: i.relation === undefined ? undefined : {
      read: cell(i.relation.column, scope.lookups, i.relation.slice),
      code: codeReader(i.relation, scope.codes, scope.where, scope.faults),
    },
    guard: guardOf(i.when, scope.lookups),
  }));
  return (row, ctx, sink) => {
    let found: Membership[] | undefined;
    for (const item of items) {
      const key = item.key(row, ctx);
      if (key === '' || item.guard?.(row, ctx) === false) continue;
      if (item.pattern?.test(key) === false) {
        sink.doubt(scope.field, 'YICI_VALUE_HOUSEHOLD_KEY_MALFORMED', key);
        continue;
      }
      const membership: Membership = { kind: item.kind, key };
      const relation = item.relation?.code(item.relation.read(row, ctx), 'memberships.relation', sink);
      if (relation !== undefined) membership.relation = relation;
      (found ??= []).push(membership);
    }
    return found;
  };
}

function facetReader(spec: Spec<'facet'>, scope: FieldScope): FieldReader {
  const parts = Object.entries(spec.parts).map(([name, part]) => {
    const field = `${scope.field}.${name}`;
    return { name, read: scalarReader(part, { ...scope, field, where: `${scope.where}.${name}` }) };
  });
  return (row, ctx, sink) => {
    let facet: Record<string, unknown> | undefined;
    for (const { name, read } of parts) {
      const value = read(row, ctx, sink);
      if (value !== undefined) (facet ??= {})[name] = value;
    }
    return facet;
  };
}
