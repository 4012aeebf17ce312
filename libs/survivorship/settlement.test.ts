import { describe, expect, it } from '@jest/globals';
import type { PersonBody } from '#libs/model/bodies';
import type { SourceRecord } from '#libs/model/source-record';
import { authorityTable } from './authority.js';
import { goldenPerson } from './survive.js';

const authority = authorityTable([
  { system: 'grid', field: 'currentAddress', rank: 2 }, { system: 'hub', field: 'currentAddress', rank: 1, condition: 'dated' },
  { system: 'smart-community', field: 'phones', rank: 1, condition: 'verified' }, { system: 'hukou', field: 'vitalStatus', rank: 1, condition: 'deathAlone' },
  { system: 'hukou', field: 'citizenId', rank: 1 },
]);

function record(system: string, key: string, time: string, body: PersonBody, more: Partial<SourceRecord<'person'>> = {}): SourceRecord<'person'> {
  return { system, recordType: 'person', naturalKey: key, order: time, sourceTime: `${time}T00:00:00+08:00`, observedAt: `${time}T00:00:00Z`, state: 'current', body, origin: { source: 't', position: 1 }, ...more };
}
const home = (room: string) => ({ raw: room, division: '990101001001', estate: '花园小区', building: '5', room });
const settled = (time: string, field: string, system: string, body: PersonBody, over: unknown) => record('hub', `s-${time}`, time, body, { settles: { dispute: 'D1', field, system, over } });
const golden = (...members: SourceRecord<'person'>[]) => goldenPerson({ members, authority });

describe('the answer to a dispute', () => {
  const entry = record('hub', 'e1', '2026-05-01', { currentAddress: home('101') });
  const grid = record('grid', 'g1', '2026-01-01', { currentAddress: home('102') });
  const answer = settled('2026-06-01', 'currentAddress', 'grid', { currentAddress: home('103') }, home('101'));

  it('wins its field over every other source, whatever they say later, and says whose answer it is', () => {
    const later = record('hub', 'e2', '2026-07-01', { currentAddress: home('101') });
    for (const members of [[entry, grid, answer], [answer, grid, later, entry]]) {
      expect(golden(...members)['currentAddress']).toMatchObject({ value: { room: '103' }, provenance: { record: 'hub:person:s-2026-06-01', reason: 'settled', dispute: 'D1' } });
    }
  });

  it('yields when the department exports another value than the one taken back, and later', () => {
    expect(golden(answer, record('grid', 'g1', '2026-08-01', { currentAddress: home('104') }))['currentAddress']!.value).toMatchObject({ room: '104' });
    expect(golden(answer, record('grid', 'g1', '2026-05-30', { currentAddress: home('104') }))['currentAddress']!.value).toMatchObject({ room: '103' });
    // The value found wrong, exported once more: the answer stands.
    expect(golden(answer, record('grid', 'g1', '2026-08-01', { currentAddress: home('101') }))['currentAddress']!.value).toMatchObject({ room: '103' });
  });

  it('says nothing of any other field', () => {
    const both = settled('2026-06-01', 'currentAddress', 'grid', { currentAddress: home('103'), residency: 'left' }, home('101'));
    expect(golden(both)['residency']).toBeUndefined();
  });

  it('takes a phone back from everybody', () => {
    const wrong = { number: '13900000001' };
    const fields = golden(
      record('smart-community', 'u1', '2026-05-01', { phones: [{ ...wrong, verified: true }] }), record('grid', 'g1', '2026-05-01', { phones: [wrong, { number: '13900000003' }] }),
      settled('2026-06-01', 'phones', 'smart-community', { phones: [{ number: '13900000002' }] }, [wrong]));
    expect(fields['phones']!.value).toEqual([{ number: '13900000002' }, { number: '13900000003' }]);
  });

  it('brings somebody back to life, or says that a death is one', () => {
    const dead = record('hukou', 'R1', '2026-05-01', { vitalStatus: 'dead' });
    expect(golden(dead, settled('2026-06-01', 'vitalStatus', 'hukou', { vitalStatus: 'alive' }, 'dead'))['vitalStatus']).toMatchObject({ value: 'alive', provenance: { reason: 'settled' } });
    const alive = record('hukou', 'R1', '2026-05-01', { vitalStatus: 'alive' });
    expect(golden(alive, settled('2026-06-01', 'vitalStatus', 'hukou', { vitalStatus: 'dead' }, 'alive'))['vitalStatus']).toMatchObject({ value: 'dead', provenance: { reason: 'settled' } });
  });
});
