import { jest } from '@jest/globals';
import { startDisability } from '#libs/synthetic/simulators/disability-simulator';
import { describeFileSystem } from '#test/support/file-suite';

jest.setTimeout(120_000);

describeFileSystem({
  system: 'disability',
  start: startDisability,
  whom: (r) => r.recordType === 'person' && r.body.citizenId?.status === 'valid' && r.test !== true,
  change: { patch: { JHRDH: '13800000042' }, reads: { phones: [{ number: '13800000042' }] } },
  entry: {
    changed: ['registeredAddress'], body: () => ({ registeredAddress: { raw: 'x', division: '990101001', road: '牡丹大道', number: '251', estate: '机械厂新村', building: '1', unit: '1', room: '701' } }),
    columns: { HKDZ: '牡丹大道251号机械厂新村1幢1单元701室' },
  },
  dropped: /^CJZH,XM,SFZH,XB,CJLB,CJDJ,JHRXM,JHRDH,HKDZ,ZT\r\n\d{17}[\dX]\d\d,[^,]+,,,,,,,.*牡丹大道251号机械厂新村1幢1单元701室,\r\n$/,
});
