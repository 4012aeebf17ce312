import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConnectors } from '#libs/connector-sdk/load-connector';
import { proposalsOf } from '#libs/fanout/propose-agreements';
import { SharingRules, type Agreement } from '#libs/fanout/sharing-rules';
import { targetOf } from '#libs/fanout/target';
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

const RESTRICTED = RESTRICTED_FACETS.map((f) => `facets.${f}`);
const HEALTH = ['facets.healthService'];
const AID = ['facets.assistance'];
const INCOME = ['facets.assistance', 'facets.insurance'];
/** Everything that says who somebody is or how to reach them. */
const DETAILS = ['citizenId', 'name', 'sex', 'birthDate', 'ethnicGroup', 'phones', 'currentAddress', 'registeredAddress', 'relatives', 'otherIdentifiers', 'vitalStatus'];

/** "Never gets", as far as the canonical model has a field for it. Diagnoses, charges and accounts have none: they never enter. */
const NEVER: [string, string[]][] = [
  ['hukou', [...AID, ...HEALTH, ...RESTRICTED]],
  ['residence-permit', [...AID, ...HEALTH, ...RESTRICTED]],
  ['family-planning', [...RESTRICTED, ...INCOME, 'politicalStatus']],
  ['grid', [...RESTRICTED, ...INCOME, ...HEALTH]],
  ['corrections', ['citizenId', 'name', 'sex', 'birthDate', 'ethnicGroup', 'maritalStatus', 'relatives', 'registeredAddress', 'facets.party', ...AID, ...HEALTH]],
  ['social-assistance', [...RESTRICTED, ...HEALTH]],
  ['disability', [...RESTRICTED, ...INCOME]],
  ['social-insurance', [...RESTRICTED, ...HEALTH, ...AID]],
  ['public-health', [...RESTRICTED, 'politicalStatus']],
  ['smart-community', [...RESTRICTED, 'phones', 'currentAddress', 'citizenId']],
  ['housing', [...RESTRICTED, ...DETAILS]],
  ['party-volunteer', ['citizenId', 'name', 'maritalStatus', 'relatives', 'facets.correction', ...INCOME, ...HEALTH]],
];

const connectors = loadConnectors(path.join(projectRoot(), 'connectors'));
const proposals = proposalsOf(connectors);

describe('the agreements that the folders propose', () => {
  it.each(connectors.map((c) => c.id))('%s asks for no more than it may get', (target) => {
    const fields = new Set(proposals.filter((p) => p.target === target).map((p) => p.field));
    expect([...fields].filter((f) => !AT_MOST[target]?.includes(f))).toEqual([]);
  });

  // The same the other way round: what a folder could write is within what it may get, so that no agreement, whoever approves it, opens more.
  it.each(connectors.map((c) => c.id))('%s has no way to be written what it may never get', (id) => {
    const target = targetOf(connectors.find((c) => c.id === id)!);
    const taken = [...target.channels.values()].flatMap((channel) => [...channel.fields]);
    expect(taken.filter((field) => !AT_MOST[id]?.includes(field))).toEqual([]);
    // Tickets are the register's only way in.
    expect(target.ticketKinds === undefined || target.channels.size === 0).toBe(true);
  });

  it.each(NEVER)('%s is never told what it may not know', (id, fields) => {
    const everything = fields.map((field): Agreement => ({ provider: 'hub', target: id, field, condition: 'unconditional', state: 'approved', expiresOn: '2099-12-31' }));
    const target = targetOf(connectors.find((c) => c.id === id)!);
    const rules = new SharingRules(id, everything, '2026-07-01');
    // Even were all of it agreed to, no column says it.
    expect(fields.every((field) => rules.refusal({ system: 'hub', body: {} }, field) === undefined)).toBe(true);
    for (const channel of target.channels.values()) expect(channel.fields.filter((f) => fields.includes(f))).toEqual([]);
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

  it('cover all twelve', () => {
    expect(NEVER.map(([id]) => id).sort()).toEqual(connectors.map((c) => c.id).sort());
    expect(Object.keys(AT_MOST).sort()).toEqual(connectors.map((c) => c.id).sort());
  });

  it('end on a day', () => {
    expect(proposals.filter((p) => !/^\d{4}-\d\d-\d\d$/.test(p.expiresOn))).toEqual([]);
  });
});
