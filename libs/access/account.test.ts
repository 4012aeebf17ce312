import { describe, expect, it } from '@jest/globals';
import { inCommunity, type Account } from './account.js';
import { guardedSystems, scopesOfRecord, secretSystems } from './secret-systems.js';

const account = (...communities: string[]): Account => ({ id: '1', username: 'u', displayName: 'U', role: 'worker', communities, facetScopes: [] });

describe('community scope', () => {
  it('is the whole city when empty, nowhere included', () => {
    expect(inCommunity(account(), [])).toBe(true);
  });
  it('is a prefix of the division, in any of the places', () => {
    expect(inCommunity(account('990101001'), ['990102002003', '990101001005'])).toBe(true);
    expect(inCommunity(account('990101001'), ['990102002003', '990101'])).toBe(false);
  });
  it('never covers what lies nowhere', () => {
    expect(inCommunity(account('9901'), [])).toBe(false);
  });
});

describe('secret systems', () => {
  const secret = secretSystems([
    { system: 'prison', field: 'facets.correction' }, { system: 'prison', field: 'currentAddress' },
    { system: 'members', field: 'facets.party' }, { system: 'members', field: 'facets.volunteering' },
    { system: 'hukou', field: 'name' },
  ]);
  it('are those that keep restricted facets only', () => {
    expect([...secret]).toEqual([['prison', 'correction']]);
  });
  it('are fewer than those whose light is the same for everyone', () => {
    expect([...guardedSystems([{ system: 'prison', field: 'facets.correction' }, { system: 'members', field: 'facets.party' }, { system: 'members', field: 'facets.volunteering' }])])
      .toEqual([['prison', 'correction'], ['members', 'party']]);
  });
  it('close each of their records, even one without the facet', () => {
    expect(scopesOfRecord({ system: 'prison', body: {} }, secret)).toEqual(['correction']);
    expect(scopesOfRecord({ system: 'members', body: { facets: { party: {} } } }, secret)).toEqual(['party']);
    expect(scopesOfRecord({ system: 'members', body: { facets: { volunteering: {} } } }, secret)).toEqual([]);
  });
});
