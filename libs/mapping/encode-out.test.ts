import { describe, expect, it } from '@jest/globals';
import { compileOut, type OutEncoder } from './encode-out.js';
import type { OutColumn } from './mapping-out.js';

function encoder(columns: Record<string, OutColumn>): OutEncoder {
  const faults: string[] = [];
  const out = compileOut({ columns }, new Map(), 'person', faults);
  expect(faults).toEqual([]);
  return out;
}

describe('answers and counts', () => {
  const matches = encoder({ nameMatches: { field: 'name', as: 'matches' } });
  const name = (value: string, key = value) => ({ value, key });

  it('answers whether the names are one, by key, and never says the name', () => {
    expect(matches.changes({ name: name('買買提', '买买提') }, { name: name('买买提') }).columns).toEqual({ nameMatches: true });
    expect(matches.changes({ name: name('张伟强') }, { name: name('罗叔') }).columns).toEqual({ nameMatches: false });
    expect(matches.encode({ name: name('张伟强') }).columns).toEqual({});
  });

  it('answers nothing where either name is missing', () => {
    expect(matches.changes({}, { name: name('张伟强') }).columns).toEqual({});
    expect(matches.changes({ name: name('张伟强') }, {}).columns).toEqual({});
  });

  it('counts members and their distinct households', () => {
    const counts = encoder({ residents: { field: 'memberships', as: 'count' }, households: { field: 'memberships', as: 'householdCount' } });
    const memberships = [{ kind: 'residential', key: '1' }, { kind: 'residential', key: '1' }, { kind: 'living', key: '1' }];
    expect(counts.encode({ memberships }).columns).toEqual({ residents: 3, households: 2 });
    expect(counts.changes({ memberships: [] }, { memberships }).columns).toEqual({ residents: 0, households: 0 });
    expect(counts.changes({ memberships }, { memberships }).columns).toEqual({});
  });
});
