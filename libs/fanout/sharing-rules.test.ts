import { describe, expect, it } from '@jest/globals';
import { SharingRules, type Agreement } from './sharing-rules.js';

const agreement = (more: Partial<Agreement> = {}): Agreement => ({ provider: 'hub', target: 'grid', field: 'phones', condition: 'unconditional', state: 'approved', ...more });
const rules = (...agreements: Agreement[]) => new SharingRules('grid', agreements, '2026-07-01');
const record = (system: string, facets?: object) => ({ system, body: { phones: [{ number: '1' }], ...(facets && { facets }) } });

describe('what a target may get', () => {
  it('is nothing by default', () => {
    expect(rules().refusal(record('hub'), 'phones')).toBe('noAgreement');
    expect(rules(agreement()).refusal(record('hub'), 'name')).toBe('noAgreement');
    expect(rules(agreement({ target: 'hukou' })).refusal(record('hub'), 'phones')).toBe('noAgreement');
    expect(rules(agreement({ provider: 'hukou' })).refusal(record('hub'), 'phones')).toBe('noAgreement');
  });
  it('is what an approved agreement lists, as long as it holds', () => {
    expect(rules(agreement()).allows(record('hub'), 'phones')).toBe(true);
    expect(rules(agreement({ state: 'proposed' })).refusal(record('hub'), 'phones')).toBe('agreementProposed');
    expect(rules(agreement({ state: 'revoked' })).refusal(record('hub'), 'phones')).toBe('agreementRevoked');
    expect(rules(agreement({ condition: 'none' })).refusal(record('hub'), 'phones')).toBe('conditionNone');
    expect(rules(agreement({ expiresOn: '2026-06-30' })).refusal(record('hub'), 'phones')).toBe('agreementExpired');
    expect(rules(agreement({ expiresOn: '2026-07-01' })).allows(record('hub'), 'phones')).toBe(true);
  });
  it('is its own values always', () => {
    expect(rules().allows(record('grid'), 'phones')).toBe(true);
  });
  it('needs the consent that the agreement names', () => {
    const asks = rules(agreement({ condition: 'conditional', conditionText: '经办人核实; consent:share-profile' }));
    expect(asks.refusal(record('hub'), 'phones')).toBe('consentMissing');
    expect(asks.allows(record('hub', { communityAccount: { consents: ['share-profile'] } }), 'phones')).toBe(true);
  });
  it('needs share-profile for the profile of a resident account even when the agreement forgot it', () => {
    const open = rules(agreement({ provider: 'smart-community' }), agreement({ provider: 'smart-community', field: 'name' }));
    expect(open.refusal(record('smart-community', { communityAccount: {} }), 'phones')).toBe('consentMissing');
    expect(open.allows(record('smart-community', { communityAccount: {} }), 'name')).toBe(true);
  });
  it('covers the kinds of membership by one agreement, and no facet by another', () => {
    const some = rules(agreement({ field: 'memberships' }), agreement({ field: 'facets' }));
    expect(some.allows(record('hub'), 'memberships.registered')).toBe(true);
    expect(some.allows(record('hub'), 'facets.assistance')).toBe(false);
  });
});
