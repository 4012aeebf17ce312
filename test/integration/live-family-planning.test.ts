import { jest } from '@jest/globals';
import { startFamilyPlanning } from '#libs/synthetic/simulators/family-planning-simulator';
import { describeFileSystem } from '#test/support/file-suite';

jest.setTimeout(120_000);

describeFileSystem({
  system: 'family-planning',
  start: startFamilyPlanning,
  whom: (r) => r.recordType === 'person' && r.body.maritalStatus === '10' && r.body.citizenId?.status === 'valid' && r.test !== true,
  change: { patch: { LXDH: '13800000041' }, reads: { phones: [{ number: '13800000041' }] } },
  entry: {
    changed: ['registeredAddress'], body: () => ({ registeredAddress: { raw: 'x', division: '990101001', road: '牡丹大道', number: '251', estate: '机械厂新村', building: '1', unit: '1', room: '701' } }),
    columns: { DZ: '牡丹大道251号机械厂新村1幢1单元701室' },
  },
  // The table's own header, one row, its key and the name that identifies it.
  dropped: /^\u0003[\s\S]*HBM[\s\S]*RBM[\s\S]*DZ[\s\S]* \d{18}\d{20}\S+ +牡丹大道251号机械厂新村1幢1单元701室 +\u001a$/,
});
