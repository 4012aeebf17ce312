import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PersonBody } from '#libs/model/bodies';
import type { SourceRecord } from '#libs/model/source-record';
import { authorityTable } from './authority.js';
import { diffGolden } from './diff-golden.js';
import { HUB_AUTHORITY } from './hub-authority.js';
import { goldenHousehold, goldenDwelling, survive } from './survive.js';

const authority = authorityTable([
  ...HUB_AUTHORITY,
  ...['citizenId', 'name', 'birthDate', 'sex', 'ethnicGroup'].flatMap((field) => [
    { system: 'hukou', field, rank: 1 },
    { system: 'social-insurance', field, rank: 2 },
    { system: 'social-assistance', field, rank: 3 },
  ]),
  { system: 'hukou', field: 'registeredAddress', rank: 1 },
  { system: 'family-planning', field: 'registeredAddress', rank: 2, condition: 'birthBeforeRegister' },
  { system: 'grid', field: 'currentAddress', rank: 2 },
  { system: 'residence-permit', field: 'currentAddress', rank: 3 },
  { system: 'smart-community', field: 'phones', rank: 1, condition: 'verified' },
  { system: 'grid', field: 'phones', rank: 3 },
  { system: 'grid', field: 'education', rank: 1 },
  { system: 'party-volunteer', field: 'education', rank: 1 },
  { system: 'hukou', field: 'education', rank: 200 },
  { system: 'hukou', field: 'vitalStatus', rank: 1, condition: 'deathAlone' },
  { system: 'disability', field: 'vitalStatus', rank: 3, condition: 'deathWitness' },
  { system: 'social-insurance', field: 'vitalStatus', rank: 3, condition: 'deathWitness' },
  { system: 'hukou', field: 'memberships.registered', rank: 1 },
  { system: 'grid', field: 'memberships.residential', rank: 1 },
  { system: 'housing', field: 'dwelling', rank: 1 },
]);

type Person = SourceRecord<'person'>;
function record(system: string, body: PersonBody, more: Partial<Person> = {}): Person {
  return {
    system, recordType: 'person', naturalKey: '1', order: '1', observedAt: '2026-06-30T00:00:00+08:00', state: 'current', body,
    origin: { source: 'test', position: 1 }, ...more,
  };
}
const golden = (members: Person[], more: object = {}) => survive({ recordType: 'person', members, authority, ...more });
const name = (value: string, more: object = {}) => ({ value, key: value, ...more });
const ID = { status: 'valid' as const, value: '990101196203150315' };

describe('which value wins', () => {
  it('asks the sources by rank, whatever the time', () => {
    const fields = golden([
      record('grid', { name: name('张卫强') }, { sourceTime: '2026-06-01T00:00:00+08:00' }),
      record('hukou', { name: name('张伟强') }, { sourceTime: '2001-01-01T00:00:00+08:00' }),
    ]);
    expect(fields.name).toMatchObject({ value: { value: '张伟强' }, provenance: { system: 'hukou', reason: 'authority' }, others: [{ value: { value: '张卫强' }, provenance: { system: 'grid' } }] });
  });
  it('takes the newest by source time among equals, never by arrival', () => {
    const fields = golden([
      record('grid', { education: '20' }, { sourceTime: '2024-01-01T00:00:00+08:00', observedAt: '2026-06-30T00:00:00+08:00' }),
      record('party-volunteer', { education: '30' }, { sourceTime: '2025-01-01T00:00:00+08:00', observedAt: '2025-01-02T00:00:00+08:00' }),
      record('hukou', { education: '90' }, { sourceTime: '2026-01-01T00:00:00+08:00' }),
      record('public-health', { education: '60' }),
    ]);
    expect(fields.education).toMatchObject({ value: '30', provenance: { reason: 'recency' } });
    expect(fields.education!.others!.map((o) => o.value)).toEqual(['20', '60', '90']);
  });
  it('takes the later of two entries dated the same day', () => {
    const entry = (key: string, status: string, order: string) => record('hub', { maritalStatus: status }, { naturalKey: key, order, sourceTime: '2026-06-01T00:00:00+08:00' });
    expect(golden([entry('a', '20', '2026-06-01T09:00:00Z'), entry('b', '40', '2026-06-01T10:00:00Z')]).maritalStatus!.value).toBe('40');
  });
  it('asks a source ranked after the unranked last', () => {
    expect(golden([record('hukou', { education: '90' }), record('public-health', { education: '60' })]).education!.value).toBe('60');
    expect(golden([record('hukou', { education: '90' })]).education!.value).toBe('90');
  });
  it('never lets an empty value erase', () => {
    const fields = golden([record('hukou', { name: undefined, phones: [], registeredAddress: undefined }), record('grid', { name: name('张伟强'), phones: [{ number: '13000000000' }] })]);
    expect(fields.name!.provenance.system).toBe('grid');
    expect(fields.phones!.value).toEqual([{ number: '13000000000' }]);
  });
  it('lets withdrawn, test and attached records and hub-origin fields win nothing', () => {
    expect(golden([
      record('hukou', { name: name('甲') }, { state: 'withdrawn' }),
      record('grid', { name: name('乙') }, { test: true }),
      record('public-health', { name: name('丙') }, { hubOrigin: ['name'] }),
      record('smart-community', { name: name('丁') }),
    ], { attached: new Set(['smart-community:person:1']) })).toEqual({});
  });
  it('uses a value beside a quality issue only when nobody has one without', () => {
    const doubtful = record('hukou', { sex: '1' }, { issues: [{ field: 'sex', code: 'YICI_TEST' }] });
    expect(golden([doubtful, record('grid', { sex: '2' })]).sex!.value).toBe('2');
    expect(golden([doubtful]).sex!.value).toBe('1');
  });
});

describe('values that are only evidence', () => {
  it('never makes a damaged or borrowed ID a value', () => {
    expect(golden([record('grid', { citizenId: { status: 'checksum', value: '990101196203150316' } })]).citizenId).toBeUndefined();
    expect(golden([record('public-health', { citizenId: ID, birthDate: { date: '2018-09-01', precision: 'day', calendar: 'gregorian' } })]).citizenId).toBeUndefined();
    expect(golden([record('public-health', { citizenId: ID, relatives: [{ role: 'mother', citizenId: ID }] })]).citizenId).toBeUndefined();
    expect(golden([record('grid', { citizenId: ID })]).citizenId!.value).toEqual(ID);
  });
  it('prefers a whole name to a cut one of a better source, and takes no nickname', () => {
    const cut = record('social-insurance', { name: name('买买提·艾', { cut: true }) });
    expect(golden([cut, record('grid', { name: name('买买提·艾力') })]).name!.value).toMatchObject({ value: '买买提·艾力' });
    expect(golden([cut]).name!.value).toMatchObject({ cut: true });
    expect(golden([record('smart-community', { name: name('罗叔', { nickname: true }) })]).name).toBeUndefined();
  });
  it('takes the date inside a trusted ID where the own date is doubtful', () => {
    const fields = golden([record('grid', { citizenId: ID, birthDate: { date: '1962-02-10', precision: 'day', calendar: 'lunar' } })]);
    expect(fields.birthDate!.value).toMatchObject({ date: '1962-03-15', calendar: 'gregorian' });
  });
});

describe('addresses, phones, births', () => {
  const place = (room: string) => ({ raw: room, building: '3', room });
  it('believes a dated entry before the grid, an undated one not at all', () => {
    const grid = record('grid', { currentAddress: place('101') }, { sourceTime: '2026-01-01T00:00:00+08:00' });
    expect(golden([grid, record('hub', { currentAddress: place('301') }, { sourceTime: '2026-06-01T00:00:00+08:00' })]).currentAddress!.value).toMatchObject({ room: '301' });
    expect(golden([grid, record('hub', { currentAddress: place('301') })]).currentAddress!.value).toMatchObject({ room: '101' });
  });
  it('lets family-planning register a birth only until the hukou knows the person', () => {
    const born = (year: number) => ({ date: `${year}-05-01`, precision: 'day' as const, calendar: 'gregorian' as const });
    const birth = record('family-planning', { registeredAddress: place('9'), birthDate: born(2025) });
    expect(golden([birth]).registeredAddress!.value).toMatchObject({ room: '9' });
    expect(golden([birth, record('hukou', { name: name('甲') })]).registeredAddress).toBeUndefined();
    expect(golden([record('family-planning', { registeredAddress: place('9'), birthDate: born(1990) })]).registeredAddress).toBeUndefined();
  });
  it('orders phones by authority, keeps unverified ones apart and guardians behind', () => {
    const fields = golden([
      record('smart-community', { phones: [{ number: '1', verified: true }, { number: '2' }] }),
      record('grid', { phones: [{ number: '3' }, { number: '1' }] }),
      record('hub', { phones: [{ number: '4' }] }),
      record('disability', { phones: [{ number: '5', holder: 'guardian' }] }),
    ]);
    expect((fields.phones!.value as { number: string }[]).map((p) => p.number)).toEqual(['1', '4', '3', '5']);
    expect(fields.phones!.itemProvenance!.map((p) => p.system)).toEqual(['smart-community', 'hub', 'grid', 'disability']);
    expect(fields.phones!.others).toMatchObject([{ value: [{ number: '2' }] }]);
  });
});

describe('death', () => {
  const says = (system: string, vitalStatus: 'alive' | 'dead', more: Partial<Person> = {}) => record(system, { vitalStatus }, more);
  const status = (...members: Person[]) => golden(members).vitalStatus?.value;
  it('is believed from the hukou at once, and from two different witnesses', () => {
    expect(status(says('hukou', 'dead'))).toBe('dead');
    expect(status(says('hukou', 'alive'), says('disability', 'dead'))).toBe('suspectedDead');
    expect(status(says('hukou', 'alive'), says('disability', 'dead'), says('social-insurance', 'dead'))).toBe('dead');
    expect(status(says('disability', 'dead'), says('disability', 'dead', { naturalKey: '2' }))).toBe('suspectedDead');
    expect(status(says('disability', 'dead'), says('hub', 'dead'))).toBe('dead');
    expect(status(says('hukou', 'alive'), says('grid', 'dead'))).toBe('alive');
  });
  it('gives a death date only with the death', () => {
    const one = record('disability', { vitalStatus: 'dead', deathDate: { date: '2026-01-02', precision: 'day', calendar: 'gregorian' } });
    expect(golden([one]).deathDate).toBeUndefined();
    expect(golden([one, says('hukou', 'dead')]).deathDate!.value).toMatchObject({ date: '2026-01-02' });
  });
});

describe('restricted facts', () => {
  const correction = record('corrections', { name: name('张伟强'), phones: [{ number: '7' }], facets: { correction: { kind: '02' } } });
  const party = record('party-volunteer', { politicalStatus: '01', education: '20', facets: { party: { branch: '一支部' } } });
  it('win no shared value and are no loser either; their facet stands under its own path', () => {
    const fields = golden([correction, record('grid', { name: name('张卫强') })]);
    expect(fields.phones).toBeUndefined();
    expect(fields.name).toEqual(golden([record('grid', { name: name('张卫强') })]).name);
    expect(fields['facets.correction']!.value).toEqual({ kind: '02' });
  });
  it('open to their own scope', () => {
    expect(golden([correction], { openScopes: ['correction'] }).phones!.value).toEqual([{ number: '7' }]);
    const other = record('grid', { politicalStatus: '13' });
    expect(golden([party, other]).politicalStatus).toMatchObject({ value: '13', provenance: { reason: 'onlyValue' } });
    expect(golden([party, other]).education!.value).toBe('20');
    expect(golden([party], { openScopes: ['party'] }).politicalStatus!.value).toBe('01');
  });
});

describe('sharing', () => {
  it('chooses only among the values that may be used for the reader', () => {
    const fields = golden([record('hukou', { name: name('张伟强') }), record('grid', { name: name('张卫强') })], { mayUse: (r: Person) => r.system !== 'hukou' });
    expect(fields.name).toMatchObject({ value: { value: '张卫强' }, provenance: { reason: 'onlyValue' } });
    expect(JSON.stringify(fields)).not.toContain('张伟强');
  });
});

describe('households and dwellings', () => {
  it('orders the sources of a household by its kind', () => {
    const base = { order: '1', observedAt: '2026-06-30T00:00:00+08:00', state: 'current' as const, origin: { source: 't', position: 1 }, recordType: 'household' as const, naturalKey: 'h' };
    const fields = goldenHousehold({ authority, members: [
      { ...base, system: 'public-health', body: { kind: 'residential', number: '2' }, sourceTime: '2026-05-01T00:00:00+08:00' },
      { ...base, system: 'grid', body: { kind: 'residential', number: '1' } },
    ] });
    expect(fields.number!.value).toBe('1');
    expect(goldenHousehold({ authority, members: [] })).toEqual({});
  });
  it('keeps the owners of the authoritative record', () => {
    const fields = goldenDwelling({ authority, members: [{
      system: 'housing', recordType: 'dwelling', naturalKey: 'd', order: '1', observedAt: '2026-06-30T00:00:00+08:00', state: 'current', origin: { source: 't', position: 1 },
      body: { code: 'd', owners: [{ name: name('张伟强') }] },
    }] });
    expect(fields.owners!.value).toHaveLength(1);
  });
});

describe('properties', () => {
  const systems = ['hukou', 'grid', 'hub', 'social-insurance', 'smart-community', 'disability', 'corrections', 'party-volunteer', 'family-planning'];
  const body = fc.record<PersonBody>({
    name: fc.constantFrom('甲', '乙', '丙').map((n) => name(n)),
    sex: fc.constantFrom('1', '2'),
    education: fc.constantFrom('20', '30'),
    phones: fc.array(fc.record({ number: fc.constantFrom('1', '2', '3'), verified: fc.boolean() }), { maxLength: 2 }),
    vitalStatus: fc.constantFrom('alive' as const, 'dead' as const),
    facets: fc.constantFrom({ correction: { kind: '01' } }, { party: { branch: 'b' } }, undefined),
  }, { requiredKeys: [] });
  const members = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...systems), fc.constantFrom('1', '2'), body, fc.option(fc.constantFrom('2024-01-01T00:00:00+08:00', '2025-01-01T00:00:00+08:00'), { nil: undefined })),
    { maxLength: 7, selector: ([system, key]) => `${system}${key}` },
  ).map((list) => list.map(([system, naturalKey, b, sourceTime]) => record(system, b, { naturalKey, sourceTime })));

  it('the order of the members never matters', () => {
    fc.assert(fc.property(members.chain((m) => fc.tuple(fc.constant(m), fc.shuffledSubarray(m, { minLength: m.length, maxLength: m.length }))), ([a, b]) => {
      expect(golden(b)).toEqual(golden(a));
    }));
  });
  it('an empty record changes nothing', () => {
    fc.assert(fc.property(members, fc.constantFrom('grid', 'public-health', 'housing'), (list, system) => {
      const empty = record(system, { phones: [], name: undefined, facets: {} }, { naturalKey: 'empty', sourceTime: '2026-01-01T00:00:00+08:00' });
      expect(diffGolden(golden(list), golden([...list, empty]))).toEqual([]);
    }));
  });
  it('a record under correction changes nothing that others see', () => {
    fc.assert(fc.property(members, body, (list, b) => {
      const secret = record('corrections', { ...b, facets: { correction: { kind: '03' } } }, { naturalKey: 'secret' });
      const { 'facets.correction': _a, ...before } = golden(list);
      const { 'facets.correction': _b, ...after } = golden([...list, secret]);
      expect(after).toEqual(before);
    }));
  });
});

describe('the difference of two golden records', () => {
  it('names the paths whose winning value changed', () => {
    const before = golden([record('grid', { name: name('甲'), sex: '1' })]);
    const after = golden([record('hukou', { name: name('甲') }), record('grid', { sex: '2', education: '20' })]);
    expect(diffGolden(before, after)).toEqual(['education', 'sex']);
  });
});
