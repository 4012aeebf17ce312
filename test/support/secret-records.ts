import type { AnySourceRecord } from '#libs/model/source-record';
import { personRecord } from './resolved-records.js';

export const EAST = '990101001001';
const WEST = '990101001002';
export const ZHANG = '990101196203150315';
export const LI = '990101196408220428';
export const CHILD = '990101201809010150';
/** Known only from corrections. */
export const HIDDEN = '990101198001010014';
export const HIDDEN_NAME = '钱不知';
export const SECRET_PHONES = ['13900000777', '13900000778', '13900000779'];

const east = (room: string) => ({ raw: `花园小区5幢${room}室`, division: EAST, estate: '花园小区', building: '5', room });
const born = (date: string) => ({ date, precision: 'day' as const, calendar: 'gregorian' as const });
const at = (day: string) => ({ sourceTime: `2025-${day}T00:00:00.000Z`, observedAt: `2025-${day}T00:00:00.000Z`, order: day });
const phones = (...numbers: string[]) => numbers.map((number) => ({ number }));
const family = (relation: string) => ({ memberships: [{ kind: 'registered' as const, key: 'H1', relation }] });
const live = (relation: string) => ({ memberships: [{ kind: 'residential' as const, key: '990000001', relation }] });
const corrected = { correction: { kind: '02', from: '2025-01-01' } };
const NAMES = ['赵一鸣', '孙二娘', '周三省', '吴四海', '郑五行', '冯六顺'];

/** What everybody may see, in the order of arrival: two batches, and two people whom nothing open links. */
export const OPEN: readonly AnySourceRecord[][] = [
  [
    personRecord('hukou', 'R1', { name: '张伟强', citizenId: ZHANG, sex: '1', registeredAddress: east('101'), ...family('01') }, at('01-01')),
    personRecord('hukou', 'R2', { name: '李秀英', citizenId: LI, registeredAddress: east('101'), ...family('02') }, at('01-01')),
    personRecord('hukou', 'R3', { name: '张小宝', citizenId: CHILD, registeredAddress: east('101'), ...family('20') }, at('01-01')),
    { ...personRecord('hukou', 'H1', {}, at('01-01')), recordType: 'household', body: { kind: 'registered', number: 'H1', address: east('101') } } as unknown as AnySourceRecord,
    personRecord('grid', 'g1', { name: '张伟强', citizenId: ZHANG, currentAddress: east('102'), phones: phones('13900000001'), ...live('02') }, at('02-01')),
    personRecord('grid', 'g2', { name: '李秀英', citizenId: LI, currentAddress: east('102'), phones: phones('13900000002'), ...live('03') }, at('02-01')),
    // Without an ID and without a common witness: two, as far as anybody outside can know.
    personRecord('grid', 'g5', { name: '王大力', sex: '1', birthDate: born('1980-01-01'), phones: phones('13900000005'), currentAddress: east('105') }, at('02-01')),
    personRecord('public-health', 'h6', { name: '王大力', sex: '1', birthDate: born('1980-01-01'), phones: phones('13900000006'), currentAddress: east('206') }, at('02-01')),
    // An account of nobody: the phone is one that only a restricted record has.
    personRecord('smart-community', 'u7', { phones: phones(SECRET_PHONES[0]!), facets: { communityAccount: { consents: [] } } }, at('02-01')),
    // A phone that six people share, and one person twice who is held together by it.
    ...NAMES.map((name, i) => personRecord('grid', `n${i}`, { name, sex: '1', birthDate: born(`197${i}-05-05`), phones: phones('13900000500'), currentAddress: east(`30${i}`) }, at('02-01'))),
    personRecord('public-health', 'n9', { name: NAMES[0]!, sex: '1', birthDate: born('1970-05-05'), phones: phones('13900000500') }, at('02-01')),
    // One number under unrelated names: a review that stewards see.
    personRecord('grid', 'g8', { name: '陈大文', citizenId: LI, currentAddress: east('108') }, at('02-01')),
  ],
  [personRecord('grid', 'g1', { name: '张伟强', citizenId: ZHANG, currentAddress: east('103'), phones: phones('13900000001'), ...live('02') }, at('03-01'))],
];

/** What nobody outside may notice: before, between and after. */
export const RESTRICTED: readonly AnySourceRecord[][] = [
  [
    personRecord('corrections', 'C7', { name: '张伟强', citizenId: ZHANG, phones: phones(SECRET_PHONES[0]!), currentAddress: { raw: '西园', division: WEST }, facets: corrected }, at('01-15')),
    personRecord('corrections', 'C8', { name: HIDDEN_NAME, citizenId: HIDDEN, phones: phones('13900000500', SECRET_PHONES[1]!), currentAddress: east('101'), facets: corrected }, at('01-15')),
  ],
  [
    personRecord('party-volunteer', 'DY1', { name: '李秀英', citizenId: LI, phones: phones('13900000002', SECRET_PHONES[2]!), education: '21', politicalStatus: '01', currentAddress: east('999'), facets: { party: { branch: '一支部' } } }, at('04-01')),
    { ...personRecord('corrections', 'C9', { name: '张小宝', citizenId: CHILD, facets: corrected }, at('04-01')), state: 'withdrawn' },
    personRecord('corrections', 'C10', { name: '王大力', sex: '1', birthDate: born('1980-01-01'), phones: phones('13900000005', '13900000006'), currentAddress: east('105'), facets: corrected }, at('04-01')),
    personRecord('corrections', 'C11', { name: '欧阳无关', citizenId: ZHANG, facets: corrected }, at('04-01')),
  ],
  [personRecord('corrections', 'C7', { name: '张伟强', citizenId: ZHANG, phones: phones(SECRET_PHONES[0]!), currentAddress: { raw: '西园', division: WEST }, facets: { correction: { kind: '05' } } }, at('05-01'))],
];
