import { jest } from '@jest/globals';
import { startSocialInsurance } from '#libs/synthetic/simulators/social-insurance-simulator';
import { describeFileSystem, sayingSo } from '#test/support/file-suite';

jest.setTimeout(120_000);

describeFileSystem({
  system: 'social-insurance',
  start: startSocialInsurance,
  whom: (r) => r.recordType === 'person' && r.body.citizenId?.status === 'valid' && r.body.vitalStatus !== 'dead' && r.test !== true,
  change: { patch: { AAE005: '13800000043' }, reads: { phones: [{ number: '13800000043' }] } },
  entry: { changed: ['vitalStatus'], body: () => ({ vitalStatus: 'dead' }), columns: { AAC008: '9' } },
  // A worker's word alone is a suspicion; the household register's is a death.
  others: (body) => [sayingSo(body)],
  dropped: /^\d{10}\|AAC008\|[124]\|9\n$/,
  once: true,
});
