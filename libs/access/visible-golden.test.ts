import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GoldenFields, GoldenRecord, Provenance } from '#libs/model/golden-record';
import type { Account, FacetScope } from './account.js';
import { secretSystems } from './secret-systems.js';
import { visibleGolden } from './visible-golden.js';

const secret = secretSystems([
  { system: 'hukou', field: 'name' },
  { system: 'prison', field: 'facets.correction' },
  { system: 'members', field: 'facets.party' },
  { system: 'members', field: 'facets.volunteering' },
]);

function reader(role: Account['role'], ...facetScopes: FacetScope[]): Account {
  return { id: 'a', username: 'a', displayName: 'A', role, communities: [], facetScopes };
}

function from(record: string, reason = 'authority', observedAt = '2026-03-31T00:00:00+08:00'): Provenance {
  return { record, system: record.split(':')[0]!, observedAt, reason };
}

function golden(fields: GoldenFields, members: string[]): GoldenRecord {
  return { id: 'p-1', recordType: 'person', version: 3, fields, members, validFrom: '2026-01-01', recordedAt: '2026-04-01' };
}

const phone = (number: string) => [{ number }];

const withoutPrison = golden({
  name: { value: { value: '张伟', key: '张伟' }, provenance: from('hukou:person:1') },
  phones: { value: phone('13900000001'), provenance: from('grid:person:2', 'onlyValue') },
}, ['grid:person:2', 'hukou:person:1']);

const withPrison = golden({
  ...withoutPrison.fields,
  phones: { value: phone('13900000009'), provenance: from('prison:person:3', 'recency', '2026-05-01T00:00:00+08:00'),
    others: [{ value: phone('13900000001'), provenance: from('grid:person:2', 'recency') }] },
  currentAddress: { value: { raw: '某地', division: '990101001001' }, provenance: from('prison:person:3', 'onlyValue') },
  'facets.correction': { value: { kind: '1' }, provenance: from('prison:person:3', 'onlyValue') },
}, ['grid:person:2', 'hukou:person:1', 'prison:person:3']);

describe('what a reader sees of a golden record', () => {
  it('is the same whether a secret record exists or not', () => {
    for (const role of ['worker', 'steward', 'statistician'] as const) {
      expect(visibleGolden(withPrison, reader(role, 'party'), secret)).toEqual(visibleGolden({ ...withoutPrison, version: 1 }, reader(role, 'party'), secret));
    }
  });
  it('is everything for a reader of that scope', () => {
    const seen = visibleGolden(withPrison, reader('steward', 'correction'), secret);
    expect(seen.fields).toEqual(withPrison.fields);
    expect(seen.members).toEqual(withPrison.members);
    expect(seen.asOf).toBe('2026-05-01T00:00:00+08:00');
  });
  it('hides a record of an open system that carries a restricted facet, and leaves its other records', () => {
    const both = golden({
      name: { value: { value: '李娜', key: '李娜' }, provenance: from('members:person:party-1') },
      'facets.party': { value: { branch: 'x' }, provenance: from('members:person:party-1') },
      'facets.volunteering': { value: { hours: 3 }, provenance: from('members:person:vol-1') },
    }, ['members:person:party-1', 'members:person:vol-1']);
    const seen = visibleGolden(both, reader('worker'), secret);
    expect(Object.keys(seen.fields)).toEqual(['facets.volunteering']);
    expect(seen.members).toEqual(['members:person:vol-1']);
  });
  it('takes the elements of a secret record out of a merged list', () => {
    const list = (...records: string[]) => golden({ phones: {
      value: records.map((r) => ({ number: r })), provenance: from(records[0]!, records.length > 1 ? 'mergedSet' : 'onlyValue'),
      itemProvenance: records.map((r) => from(r, records.length > 1 ? 'mergedSet' : 'onlyValue')) } }, []);
    const see = (...records: string[]) => visibleGolden(list(...records), reader('worker'), secret);
    expect(see('prison:person:1', 'grid:person:2', 'hukou:person:3')).toEqual(see('grid:person:2', 'hukou:person:3'));
    expect(see('grid:person:2', 'prison:person:1')).toEqual(see('grid:person:2'));
    expect(see('prison:person:1').fields).toEqual({});
  });
  it('shows no hidden record key anywhere, wherever it hides among values', () => {
    const systems = fc.constantFrom('hukou', 'grid', 'prison', 'members');
    const record = fc.tuple(systems, fc.integer({ min: 1, max: 4 })).map(([s, n]) => `${s}:person:${n}`);
    const value = fc.record({ winner: record, others: fc.array(record, { maxLength: 3 }) });
    const paths = fc.constantFrom('name', 'phones', 'currentAddress', 'facets.correction', 'facets.party', 'facets.grid');
    fc.assert(fc.property(fc.dictionary(paths, value), (drawn) => {
      const fields: GoldenFields = {};
      for (const [path, { winner, others }] of Object.entries(drawn)) {
        fields[path] = { value: path, provenance: from(winner), others: others.map((o) => ({ value: path, provenance: from(o) })) };
      }
      const members = [...new Set(Object.values(drawn).flatMap((v) => [v.winner, ...v.others]))];
      const text = JSON.stringify(visibleGolden(golden(fields, members), reader('worker'), secret));
      expect(text).not.toContain('prison:');
      expect(text).not.toContain('facets.party');
      for (const v of drawn['facets.party'] ? [drawn['facets.party'].winner, ...drawn['facets.party'].others] : []) {
        expect(text).not.toContain(`"${v}"`);
      }
    }));
  });
});

describe('a statistician', () => {
  const seen = visibleGolden(golden({
    citizenId: { value: { status: 'valid', value: '990101196203150315' }, provenance: { ...from('hukou:person:990101196203150315'), raw: "'990101196203150315" } },
    phones: { value: [{ number: '13912345678', verified: true }], provenance: from('grid:person:2'), others: [{ value: phone('13900000001'), provenance: from('x:person:1') }] },
    relatives: { value: [{ role: 'mother', citizenId: { status: 'valid', value: '990101196408220428' } }], provenance: from('grid:person:2') },
    currentAddress: { value: { division: '990101001001', raw: '某小区 电话13912345678' }, provenance: from('grid:person:2') },
    otherIdentifiers: { value: [{ kind: 'passport', value: 'E1234' }], provenance: from('grid:person:2') },
  }, ['hukou:person:990101196203150315']), reader('statistician'), secret);

  it('sees neither citizen IDs nor phones, in any place', () => {
    expect(JSON.stringify(seen)).not.toMatch(/0315|0428|12345678|00000001|E1234/);
    expect(seen.fields['citizenId']!.value).toEqual({ status: 'valid', value: '990101************' });
    expect(seen.fields['phones']!.value).toEqual([{ number: '139********', verified: true }]);
    expect(seen.fields['relatives']!.value).toEqual([{ role: 'mother', citizenId: { status: 'valid', value: '990101************' } }]);
  });
  it('still sees where people live', () => {
    expect(seen.fields['currentAddress']!.value).toMatchObject({ division: '990101001001' });
  });
});
