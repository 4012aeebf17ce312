import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '#libs/kernel/errors';
import { Divisions } from '#libs/values/divisions';
import { CANONICAL_FIELDS } from './canonical-fields.js';
import { parseCodeMap } from './code-map.js';
import { compileMapping, type MappedRow } from './compile-mapping.js';
import { mappingInSchema } from './mapping-in.js';
import { recordRuleSchema } from './rule.js';

const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');

/** Maps one row of a table `T` by a rule and fields; every other canonical field is absent. */
function map(rule: object, fields: Record<string, object>, row: Record<string, unknown>, codes: Record<string, string> = {}): MappedRow {
  const full = recordRuleSchema.parse({ name: 'r', type: 'person', table: 'T', key: { columns: ['K'] }, order: [{ file: 'date' }], ...rule });
  const rest = CANONICAL_FIELDS[full.type].filter((f) => !(f in fields));
  const mapping = mappingInSchema.parse({ r: { fields, absent: [{ reason: 'not in this test', fields: rest }] } });
  const maps = new Map(Object.entries(codes).map(([n, csv]) => [n, parseCodeMap(`source_code,canonical_code,direction\n${csv}`, n, [])]));
  return compileMapping({ rules: [full], mapping, codes: maps }, 'T', divisions)(row, { fileDate: '20260331' });
}
const first = (mapped: MappedRow) => (mapped.kind === 'records' ? mapped.records[0] : undefined);

describe('records of a row', () => {
  it('have the key, order and state the rule says', () => {
    const rule = {
      key: { columns: ['K', 'N'], separator: '#', slice: [0, 5] }, order: [{ first: 'S', in: ['1'] }, { column: 'V', pad: 6 }, { file: 'date' }],
      withdrawn: { column: 'S', notIn: ['1', '2'] },
    };
    expect(first(map(rule, {}, { K: 'abc', N: '12', S: '1', V: 42 }))).toMatchObject({ naturalKey: 'abc#1', order: '1|000042|20260331', state: 'current' });
    expect(first(map(rule, {}, { K: 'abc', N: '1', S: '3', V: '7' }))).toMatchObject({ naturalKey: 'abc#1', order: '0|000007|20260331', state: 'withdrawn' });
  });

  it('are faults without a key or a version number, unless the row only implies them', () => {
    expect(map({}, {}, { K: ' ' })).toMatchObject({ kind: 'fault', code: 'YICI_ROW_KEY_MISSING' });
    expect(map({ key: { columns: ['K'], pattern: '\\d+' } }, {}, { K: 'x' })).toMatchObject({ kind: 'fault', code: 'YICI_ROW_KEY_MALFORMED' });
    expect(map({ order: [{ column: 'V', pad: 3 }] }, {}, { K: '1', V: '-1' })).toMatchObject({ kind: 'fault', code: 'YICI_ROW_ORDER_UNREADABLE', naturalKey: '1' });
    expect(map({ order: [{ column: 'V', pad: 3 }] }, {}, { K: '1', V: '1000' })).toMatchObject({ kind: 'fault' });
    expect(map({ derived: true }, {}, {})).toEqual({ kind: 'records', records: [] });
  });

  it('are one an element of a joined column, with its position in the key', () => {
    const rule = { key: { columns: ['K', '@position'], separator: '#' }, each: { columns: { N: '、', I: ';' } } };
    const mapped = map(rule, { name: { transform: 'name', column: 'N' }, citizenId: { transform: 'citizenId', column: 'I' } }, { K: 'F', N: '张伟强、李秀英', I: '9901**********0315' });
    expect(mapped).toMatchObject({ records: [
      { naturalKey: 'F#1', body: { name: { value: '张伟强' }, citizenId: { status: 'masked' } } }, { naturalKey: 'F#2', body: { name: { value: '李秀英' } } },
    ] });
    expect(map(rule, {}, { K: 'F', N: '', I: '' })).toEqual({ kind: 'records', records: [] });
  });

  it('order times as instants and put unreadable ones first', () => {
    const at = (T: string) => first(map({ order: [{ time: 'T', format: 'iso' }], time: { column: 'T', format: 'iso' } }, {}, { K: '1', T }))!;
    const times = ['2024-05-12T10:30:00+08:00', '2024-05-12T02:30:01Z', '昨天', ''].map((t) => at(t).order);
    expect([...times].sort()).toEqual(['', '', times[0], times[1]]);
    expect(at('昨天').issues).toEqual([{ field: 'sourceTime', code: 'YICI_VALUE_TIME_UNREADABLE', raw: '昨天' }]);
  });
});

describe('fields', () => {
  it('read facets part by part and leave out what is empty', () => {
    const fields = { 'facets.permit': { transform: 'facet', parts: {
      number: { transform: 'text', column: 'N' }, to: { transform: 'day', column: 'D', format: 'yyyyMMdd' },
      cancelled: { transform: 'boolean', column: 'B', true: ['1'], false: ['0'] }, place: { transform: 'code', column: 'P', table: 'residence-place' },
    } } };
    expect(first(map({}, fields, { K: '1', N: 'A1', D: '20260512', B: '0', P: '30' }))?.body).toEqual({ facets: { permit: { number: 'A1', to: '2026-05-12', cancelled: false, place: '30' } } });
    const doubtful = first(map({}, fields, { K: '1', B: 'x', P: '35' }));
    expect(doubtful?.body).toEqual({});
    expect(doubtful?.issues).toEqual([
      { field: 'facets.permit.cancelled', code: 'YICI_VALUE_UNKNOWN_CODE', raw: 'x' }, { field: 'facets.permit.place', code: 'YICI_VALUE_UNKNOWN_CODE', raw: '35' },
    ]);
  });

  it('read lists, joined codes, flags and numbers', () => {
    const fields = {
      'facets.assistance': { transform: 'facet', parts: { types: { transform: 'codes', column: 'T', separator: ',', map: 'aid' } } },
      'facets.communityAccount': { transform: 'facet', parts: { consents: { transform: 'list', column: 'C' } } },
      'facets.volunteering': { transform: 'facet', parts: { hours: { transform: 'number', column: 'H' } } },
      'facets.grid': { transform: 'facet', parts: { flags: { transform: 'flags', columns: { A: 'low', B: 'alone' }, true: ['true'] } } },
    };
    const record = first(map({}, fields, { K: '1', T: '01, 04,77', C: ['share-profile', 'x'], H: '12.5', A: true, B: false }, { aid: '01,urban,in\n04,temporary,in' }));
    expect(record?.body).toEqual({ facets: {
      assistance: { types: ['urban', 'temporary'] }, communityAccount: { consents: ['share-profile', 'x'] }, volunteering: { hours: 12.5 }, grid: { flags: ['low'] },
    } });
    expect(record?.issues).toEqual([{ field: 'facets.assistance.types', code: 'YICI_VALUE_UNKNOWN_CODE', raw: '77' }]);
  });

  it('never default a code', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const record = first(map({}, { sex: { transform: 'code', column: 'S', map: 'sex' } }, { K: '1', S: text }, { sex: '男,1,in\n女,2,in' }))!;
      const { sex } = record.body as { sex?: string };
      expect(sex).toBe(text.trim() === '男' ? '1' : text.trim() === '女' ? '2' : undefined);
      expect(record.issues === undefined).toBe(text.trim() === '' || sex !== undefined);
    }));
  });

  it('take any text without failing, prototype names too', () => {
    const fields = {
      citizenId: { transform: 'citizenId', column: 'A' }, name: { transform: 'name', column: 'A' }, birthDate: { transform: 'date', column: 'A', format: 'any' },
      phones: { transform: 'phones', items: [{ column: 'A' }] }, currentAddress: { transform: 'address', columns: ['A'], division: 'A' },
      ethnicGroup: { transform: 'code', column: 'A', table: 'ethnic-group', labels: true }, memberships: { transform: 'memberships', items: [{ kind: 'living', column: 'A' }] },
    };
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', 'toString', '1'.repeat(300))), (text) => {
      const mapped = map({}, fields, { K: '__proto__', A: text });
      expect(first(mapped)?.naturalKey).toBe('__proto__');
      expect(Object.getPrototypeOf(first(mapped)!.body)).toBe(Object.prototype);
    }));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a mapping', () => {
  it('answers for every canonical field, once', () => {
    const rule = recordRuleSchema.parse({ name: 'r', type: 'dwelling', table: 'T', key: { columns: ['K'] }, order: [{ file: 'date' }] });
    const mapping = mappingInSchema.parse({ r: { fields: { use: { transform: 'text', column: 'U' }, colour: { transform: 'text', column: 'U' } }, absent: [{ reason: 'no such thing', fields: ['use', 'area'] }] } });
    const compile = (): unknown => compileMapping({ rules: [rule], mapping, codes: new Map() }, 'T', divisions);
    expect(compile).toThrow(ConfigurationError);
    try {
      compile();
    } catch (e) {
      expect((e as ConfigurationError).faults).toEqual(expect.arrayContaining([
        'r.use: answered twice', 'r.colour: a dwelling has no such canonical field', 'r.code: neither mapped nor absent with a reason', 'r.owners: neither mapped nor absent with a reason',
      ]));
    }
  });
});
