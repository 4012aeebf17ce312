import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { authorityRows } from '#libs/connector-sdk/authority-rows';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { projectRoot } from '#libs/platform/project-root';
import { authorityTable, isCondition } from '#libs/survivorship/authority';
import { HUB_AUTHORITY } from '#libs/survivorship/hub-authority';

const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
const rows = [...HUB_AUTHORITY, ...connectors.flatMap(authorityRows)];
const table = authorityTable(rows);

/** Whether a system says anything about a field: a folder need not rank what its system does not know. */
function says(system: string, field: string): boolean {
  if (system === 'hub') return table.get(field)?.has('hub') ?? false;
  const connector = connectors.find((c) => c.id === system);
  if (field === 'dwelling') return connector?.manifest.records.some((r) => r.type === 'dwelling') === true || (table.get(field)?.has(system) ?? false);
  return Object.values(connector?.mappingIn ?? {}).some((section) => field.replace(/^memberships\..*/, 'memberships') in section.fields);
}

/** Sources in the order they are believed; those of one inner list are equals, the newest of them wins. */
const ORDER: Record<string, (string | string[])[]> = {
  citizenId: ['hukou', 'social-insurance', 'social-assistance'],
  name: ['hukou', 'social-insurance', 'social-assistance'],
  birthDate: ['hukou', 'social-insurance', 'social-assistance'],
  sex: ['hukou', 'social-insurance', 'social-assistance'],
  ethnicGroup: ['hukou', 'social-insurance', 'social-assistance'],
  registeredAddress: ['hukou', 'family-planning'],
  'memberships.registered': ['hukou', 'family-planning'],
  'memberships.living': ['social-assistance'],
  currentAddress: ['hub', 'grid', 'residence-permit', 'smart-community', 'public-health'],
  phones: ['smart-community', 'hub', 'grid'],
  maritalStatus: ['social-assistance', 'family-planning', 'hukou'],
  education: [['grid', 'party-volunteer'], 'hukou'],
  politicalStatus: ['party-volunteer', 'grid'],
  dwelling: ['housing', 'grid'],
};

/** Only the department itself is believed. */
const OWN: Record<string, string> = {
  'facets.insurance': 'social-insurance', 'facets.disability': 'disability', 'facets.correction': 'corrections', 'facets.party': 'party-volunteer',
};

describe('the table of authority that the folders state', () => {
  it.each(Object.entries(ORDER))('%s is believed in the agreed order', (field, order) => {
    const ranked = [...(table.get(field) ?? [])].sort((a, b) => a[1].rank - b[1].rank);
    const groups: string[][] = [];
    for (const [system, { rank }] of ranked) {
      if (groups.length > 0 && table.get(field)!.get(groups.at(-1)![0]!)!.rank === rank) groups.at(-1)!.push(system);
      else groups.push([system]);
    }
    const expected = order.map((o) => [o].flat().filter((s) => says(s, field)).sort()).filter((o) => o.length > 0);
    expect(groups.map((g) => g.sort())).toEqual(expected);
  });

  it.each(Object.entries(OWN))('%s is believed of its department alone', (field, system) => {
    expect([...(table.get(field)?.keys() ?? [])].filter((s) => s !== system)).toEqual([]);
  });

  it('believes a death of the hukou at once and of the agreed witnesses in twos', () => {
    const words = Object.fromEntries([...(table.get('vitalStatus') ?? [])].map(([system, { condition }]) => [system, condition]));
    const witnesses = ['family-planning', 'social-assistance', 'disability', 'social-insurance', 'public-health', 'hub'].filter((s) => says(s, 'vitalStatus'));
    expect(words).toEqual({ hukou: 'deathAlone', ...Object.fromEntries(witnesses.map((s) => [s, 'deathWitness'])) });
  });

  it('trusts the phones of resident accounts only when verified, and births before the register only until then', () => {
    expect(table.get('phones')?.get('smart-community')?.condition).toBe('verified');
    expect(table.get('registeredAddress')?.get('family-planning')?.condition).toBe('birthBeforeRegister');
  });

  it('uses no condition that nobody knows', () => {
    expect(rows.filter((r) => r.condition !== undefined && r.condition !== null && !isCondition(r.condition))).toEqual([]);
  });
});
