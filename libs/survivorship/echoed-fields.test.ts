import { describe, expect, it } from '@jest/globals';
import type { PersonBody } from '#libs/model/bodies';
import type { SourceRecord } from '#libs/model/source-record';
import { echoedFields } from './echoed-fields.js';
import { sameFact } from './same-fact.js';

const incoming = (body: PersonBody, legacy?: Record<string, string>): SourceRecord<'person'> => ({
  system: 'grid', recordType: 'person', naturalKey: '1', order: '2', observedAt: '2026-06-30T00:00:00+08:00', state: 'current', body, legacy, origin: { source: 't', position: 1 },
});
const home = { raw: '幸福家园3幢301', estate: '幸福家园', building: '3', room: '301' };
const projection = { fields: {
  currentAddress: { value: { ...home, floor: '3', division: '990101001001' }, columns: { residence: '990101001001', residencedetail: '幸福家园3幢301室' } },
  phones: { value: [{ number: '13000000000' }], columns: { phone: '13000000000' } },
} };

describe('an echo', () => {
  it('is recognised field by field, by its columns or by its meaning', () => {
    expect(echoedFields(incoming({ currentAddress: { ...home, raw: '幸福家园 3栋301' } }), projection)).toEqual(['currentAddress']);
    expect(echoedFields(incoming({ currentAddress: { raw: 'x' }, phones: [{ number: '13000000000', verified: true }] }, { residence: '990101001001', residencedetail: '幸福家园3幢301室' }), projection)).toEqual(['currentAddress', 'phones']);
  });
  it('is none when the system says something else or nothing', () => {
    expect(echoedFields(incoming({ currentAddress: { ...home, room: '302' }, phones: [{ number: '13000000001' }] }), projection)).toEqual([]);
    expect(echoedFields(incoming({}), projection)).toEqual([]);
  });
});

describe('the same fact', () => {
  it('does not depend on spelling', () => {
    expect(sameFact('currentAddress', home, { ...home, raw: 'other', tags: ['对面'] })).toBe(true);
    expect(sameFact('currentAddress', { ...home, division: '990101001001' }, { ...home, division: '990101001002' })).toBe(false);
    expect(sameFact('currentAddress', { ...home, road: '千山路', unit: '1' }, home)).toBe(true);
    expect(sameFact('currentAddress', home, { ...home, road: '千山路', number: '3', unit: '1' })).toBe(true);
    expect(sameFact('name', { value: '买买提艾力', key: 'x' }, { value: '买买提·艾力', key: 'x' })).toBe(true);
    expect(sameFact('name', { value: '張偉強', key: 'x' }, { value: '张伟强', key: 'x' })).toBe(false);
  });
  it('is not stated by less, or by another house with the same door', () => {
    expect(sameFact('currentAddress', { raw: '', division: '990101001001' }, { ...home, division: '990101001001' })).toBe(false);
    expect(sameFact('currentAddress', { ...home, room: undefined }, home)).toBe(false);
    expect(sameFact('currentAddress', { raw: 'x', road: '和平路', building: '3', room: '301' }, home)).toBe(false);
  });
  it('of an address that nothing was read from is its text', () => {
    expect(sameFact('currentAddress', { raw: '甲 乙' }, { raw: '甲乙' })).toBe(true);
    expect(sameFact('citizenId', { status: 'valid', value: '990101196203150315' }, { status: 'valid', value: '990101196203150315', upgraded: true })).toBe(true);
    expect(sameFact('phones', [{ number: '1' }, { number: '9', holder: 'guardian' }], [{ number: '1' }])).toBe(true);
  });
});
