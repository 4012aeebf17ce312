import { describe, expect, it } from '@jest/globals';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address } from '#libs/model/values';
import { authorityTable } from '#libs/survivorship/authority';
import type { EntityMembers } from './entity-members.js';
import { tellable } from './occupancy.js';
import { dwellingDoors, residenceOf } from './residence.js';
import { SharingRules, type Agreement } from './sharing-rules.js';

const AUTHORITY = authorityTable([{ system: 'grid', field: 'currentAddress', rank: 1 }, { system: 'hukou', field: 'vitalStatus', rank: 1, condition: 'deathAlone' }]);
const giving = (...providers: string[]): SharingRules => new SharingRules('housing', providers.map((provider): Agreement => ({
  provider, target: 'housing', field: 'memberships', condition: 'conditional', conditionText: 'only as counts', state: 'approved', expiresOn: '2030-01-01',
})), '2026-07-01');
const home: Address = { raw: 'x', division: '990101001001', estate: '机械厂新村', building: '4', unit: '1', room: '102' };
const record = (system: string, body: PersonBody, more: Partial<AnySourceRecord> = {}): AnySourceRecord => ({
  system, recordType: 'person', naturalKey: `${system}-1`, order: '1', observedAt: '2026-06-30T00:00:00+08:00', state: 'current', body, origin: { source: 't', position: 1 }, ...more,
} as AnySourceRecord);
const person = (...records: AnySourceRecord[]): EntityMembers => ({ entityId: 'p-1', recordType: 'person', version: 1, records, attached: new Set() });
const meets = (address: Address, dwelling: Address, code?: string): boolean => {
  const doors = new Set(dwellingDoors(dwelling, code));
  return residenceOf(person(record('grid', { currentAddress: address })), giving('grid'), AUTHORITY)?.doors.some((d) => doors.has(d)) === true;
};

describe('where a person may be counted as living', () => {
  it('is told by those who may give residence to the target, and by nobody else', () => {
    const grid = record('grid', { currentAddress: home, memberships: [{ kind: 'residential', key: 'g1' }] });
    expect(residenceOf(person(grid), giving('grid'), AUTHORITY)).toMatchObject({ provider: 'grid', household: 'grid:household:g1' });
    expect(residenceOf(person(grid), giving(), AUTHORITY)).toBeUndefined();
    expect(residenceOf(person(record('residence-permit', { currentAddress: home })), giving('grid'), AUTHORITY)).toBeUndefined();
  });

  it('is nowhere for who is known only through a restricted record, even were its system let to give it', () => {
    expect(residenceOf(person(record('corrections', { currentAddress: home, facets: { correction: { kind: '02' } } })), giving('corrections'), AUTHORITY)).toBeUndefined();
  });

  it('is not the house that one owns', () => {
    expect(residenceOf(person(record('housing', { currentAddress: home, dwellingCode: '9901010010010004010102000' })), giving('grid'), AUTHORITY)).toBeUndefined();
  });

  it('is nowhere for the dead, those who left and those whose record was taken back', () => {
    for (const gone of [{ residency: 'left' as const }, { residency: 'away' as const }]) {
      expect(residenceOf(person(record('grid', { currentAddress: home, ...gone })), giving('grid'), AUTHORITY)).toBeUndefined();
    }
    const dead = person(record('grid', { currentAddress: home }), record('hukou', { vitalStatus: 'dead' }));
    expect(residenceOf(dead, giving('grid', 'hukou'), AUTHORITY)).toBeUndefined();
    expect(residenceOf(person(record('grid', { currentAddress: home }, { state: 'withdrawn' })), giving('grid'), AUTHORITY)).toBeUndefined();
  });
});

describe('an address and a dwelling', () => {
  it('meet at the same door, with or without unit or road', () => {
    expect(meets(home, home)).toBe(true);
    expect(meets({ ...home, unit: undefined }, home)).toBe(true);
    expect(meets(home, { ...home, unit: undefined })).toBe(true);
    expect(meets({ ...home, road: '牡丹大道', number: '251' }, home)).toBe(true);
    expect(meets({ ...home, estate: undefined }, home)).toBe(true);
  });

  it('do not meet in another unit, building, room or estate', () => {
    for (const other of [{ unit: '2' }, { building: '5' }, { room: '103' }, { estate: '蓝湾里' }]) expect(meets({ ...home, ...other }, home)).toBe(false);
    expect(meets({ ...home, room: undefined }, home)).toBe(false);
  });

  it('meet at the code where the dwelling has no address', () => {
    expect(meets({ ...home, estate: undefined }, { raw: '' }, '9901010010010004010102000')).toBe(true);
    expect(meets({ ...home, estate: undefined, building: '5' }, { raw: '' }, '9901010010010004010102000')).toBe(false);
  });
});

describe('counts', () => {
  const residents = [{ dwellingId: 'd', provider: 'grid', household: 'h2' }, { dwellingId: 'd', provider: 'hub' }, { dwellingId: 'd', provider: 'grid', household: 'h1' }];
  it('are of residents and of their households; who is in none lives with one that is known', () => {
    expect(tellable(residents, giving('grid', 'hub')).map((m) => m.key)).toEqual(['h1', 'h1', 'h2']);
    expect(tellable([{ dwellingId: 'd', provider: 'hub' }, { dwellingId: 'd', provider: 'hub' }], giving('hub')).map((m) => m.key)).toEqual(['', '']);
  });

  it('leave out at once what an agreement lets through no more', () => {
    expect(tellable(residents, giving('hub'))).toHaveLength(1);
    expect(tellable(residents, giving())).toEqual([]);
  });
});
