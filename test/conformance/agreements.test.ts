import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { RESTRICTED_FACETS } from '#libs/model/bodies';
import { projectRoot } from '#libs/platform/project-root';

const DEATH = ['vitalStatus', 'deathDate'];
const IDENTITY = ['citizenId', 'name', 'sex', 'birthDate', 'ethnicGroup'];
const MOVES = ['residency', 'registeredAddress', 'currentAddress'];

/** Who may get what at most. A field that a folder proposes beyond this is a fault, whoever approves it. */
const AT_MOST: Record<string, readonly string[]> = {
  // Only inside tickets.
  hukou: ['citizenId', 'name', 'currentAddress', ...DEATH],
  // What an arrival is registered with, and afterwards where it lives.
  'residence-permit': [...IDENTITY, ...MOVES, 'phones', ...DEATH],
  'family-planning': [...MOVES, 'maritalStatus', 'relatives', 'citizenId', ...DEATH],
  grid: [...IDENTITY, 'registeredAddress', 'memberships', 'currentAddress', 'dwellingCode', 'phones', ...DEATH],
  corrections: ['currentAddress', 'phones', ...DEATH],
  'social-assistance': [...MOVES, 'maritalStatus', 'facets.disability', 'facets.insurance', ...DEATH],
  disability: [...MOVES, 'citizenId', 'phones', ...DEATH],
  'social-insurance': [...MOVES, 'name', 'citizenId', ...DEATH],
  'public-health': [...IDENTITY, 'currentAddress', 'phones', ...DEATH],
  // Whether a name matches, and the house.
  'smart-community': ['name', 'dwellingCode'],
  // Counts only.
  housing: ['memberships', 'dwellingCode'],
  'party-volunteer': ['phones', 'currentAddress', ...DEATH],
};

const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
const proposals = proposalsOf(connectors);

describe('the agreements that the folders propose', () => {
  it.each(connectors.map((c) => c.id))('%s asks for no more than it may get', (target) => {
    const fields = new Set(proposals.filter((p) => p.target === target).map((p) => p.field));
    expect([...fields].filter((f) => !AT_MOST[target]?.includes(f))).toEqual([]);
  });

  it('let no restricted fact go anywhere, and nothing at all out of a system whose records are secret', () => {
    expect(proposals.filter((p) => RESTRICTED_FACETS.some((f) => p.field.startsWith(`facets.${f}`)))).toEqual([]);
    expect(proposals.filter((p) => p.provider === 'corrections')).toEqual([]);
  });

  it('ask for consent wherever a resident account gives its profile', () => {
    const profile = proposals.filter((p) => p.provider === 'smart-community' && ['phones', 'currentAddress'].includes(p.field));
    expect(profile.length).toBeGreaterThan(0);
    expect(profile.filter((p) => !/consent:share-profile/.test(p.conditionText ?? ''))).toEqual([]);
  });

  it('bring every witness of a death to the register, as a ticket', () => {
    const witnesses = proposals.filter((p) => p.target === 'hukou' && p.field === 'vitalStatus').map((p) => p.provider).sort();
    expect(witnesses).toEqual(['disability', 'hub', 'public-health', 'social-assistance', 'social-insurance']);
  });

  it('end on a day', () => {
    expect(proposals.filter((p) => !/^\d{4}-\d\d-\d\d$/.test(p.expiresOn))).toEqual([]);
  });
});
