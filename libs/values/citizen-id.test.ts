import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkDigit, citizenIdBirthDate, citizenIdSex, isTestCitizenId, readCitizenId } from './citizen-id.js';

const VALID = '990101196203150315';
/** Put together here, so that a search for 18 digits of real regions finds nothing in the repository. */
const PERMIT = `${'810000'}199001010014`;
const ASCENDING = '1234567890'.repeat(2).slice(0, 18);

describe('readCitizenId: valid', () => {
  it.each([
    ['as it stands', VALID], ['full-width digits', '９９０１０１１９６２０３１５０３１５'], ['inner spaces', '990101 19620315 0315'], ['ideographic space', '990101　196203150315'], ['leading apostrophe', `'${VALID}`],
    ['typographic apostrophe', `’${VALID}`], ['outer spaces', `\t ${VALID} `], ['hyphens', '990101-19620315-0315'], ['a byte order mark', `\ufeff${VALID}`], ['its label', `身份证号：${VALID}`], ['quotes', `"${VALID}"`],
  ])('%s', (_form, raw) => {
    expect(readCitizenId(raw)).toEqual({ status: 'valid', value: VALID });
  });

  it('with a small or full-width x', () => {
    expect(readCitizenId('99052519710628479x')).toEqual({ status: 'valid', value: '99052519710628479X' });
    expect(readCitizenId('99052519710628479Ｘ')).toEqual({ status: 'valid', value: '99052519710628479X' });
  });

  it('upgrades 15 digits with century 19 and says so', () => {
    expect(readCitizenId('990101620315031')).toEqual({ status: 'valid', value: VALID, upgraded: true });
  });
});

describe('readCitizenId: not valid', () => {
  it.each([
    ['wrong check digit', '990101196203150316', 'checksum', '990101196203150316'],
    ['transposed birth digits', '990101192603150315', 'checksum', '990101192603150315'],
    ['impossible date', '990101196213150315', 'checksum', '990101196213150315'],
    ['spreadsheet zeros', '990101196203150000', 'truncated', '990101196203150000'],
    ['scientific', '9.901E+17', 'truncated', '9.901E+17'],
    ['scientific, long', '9.90101196203150e+17', 'truncated', '9.90101196203150E+17'],
    ['masked', '9901**********0315', 'masked', '9901**********0315'],
    ['masked, X at the end', '9901**********845x', 'masked', '9901**********845X'],
    ['masked, fewer stars', '9901****0315', 'masked', '9901**********0315'],
    ['masked with X', '9901XXXXXXXXXX0315', 'masked', '9901**********0315'],
    ['masked, full-width stars', '9901＊＊＊＊＊＊＊＊＊＊0315', 'masked', '9901**********0315'],
    ['masked in two places', '990101********03**', 'masked', '990101********03**'],
    ['masked 15 digits', '990101******031', 'masked', '990101******031'],
    ['17 digits', '99010119620315031', 'partial', '99010119620315031'],
    ['19 digits', '9901011962031503155', 'partial', '9901011962031503155'],
    ['15 digits without a date', '990101629915031', 'partial', '990101629915031'],
    ['a letter among the digits', '99010119620315O315', 'partial', '99010119620315O315'],
    ['somebody else’s, said in a note', `${VALID}(母亲)`, 'partial', `${VALID}(母亲)`],
    ['temporary', 'LS9901011962031501', 'temporary', 'LS9901011962031501'],
    ['pseudo', 'CAN0QE520695', 'pseudo', 'CAN0QE520695'],
    ['permit number', 'JZ990198497191', 'pseudo', 'JZ990198497191'],
    ['residence permit of 港澳台', PERMIT, 'residencePermit', PERMIT],
    ['passport', 'e12345678', 'passport', 'E12345678'],
    ['passport, two letters', 'EA1234567', 'passport', 'EA1234567'],
    ['home return permit', 'H12345678', 'passport', 'H12345678'],
  ])('%s', (_form, raw, status, value) => {
    expect(readCitizenId(raw)).toEqual({ status, value });
  });

  it.each(['1'.repeat(18), '0'.repeat(18), '123456', ASCENDING, `${ASCENDING.slice(0, 17)}X`, '123456789012345', `${'9876543210'}98765432`, '990101000000000000', '990101190001010000',
    '不详', '无', '待补', '-', '暂无', 'null', '无身份证', '1', '******', '123'])('%s is a placeholder', (raw) => {
    expect(readCitizenId(raw)).toEqual({ status: 'placeholder', value: '' });
  });

  it.each(['', ' ', '　', "'", '\ufeff'])('%j is empty', (raw) => {
    expect(readCitizenId(raw)).toBeUndefined();
  });

  it('never takes the mother’s number for the child’s own shape: a mask keeps what is visible', () => {
    expect(citizenIdBirthDate('9901**********0315')).toBeUndefined();
    expect(citizenIdSex('9901**********0315')).toBe('1');
    expect(citizenIdSex('9901**************')).toBeUndefined();
  });
});

describe('what a citizen ID says', () => {
  it('birth date and sex', () => {
    expect(citizenIdBirthDate(VALID)).toBe('1962-03-15');
    expect(citizenIdSex(VALID)).toBe('1');
    expect(citizenIdSex('990101196408220428')).toBe('2');
    expect(citizenIdBirthDate('990101196202300315')).toBeUndefined();
  });

  it.each(['990101196408220428', '990101201809010150', '990101196203150331', '990101196204080312', '990101198811200178'])('check digit of %s', (id) => {
    expect(checkDigit(id)).toBe(id[17]);
  });
});

describe('isTestCitizenId', () => {
  it.each(['1'.repeat(18), '123456', '１１１１１１', '测试'])('%s is one', (raw) => expect(isTestCitizenId(raw)).toBe(true));
  it.each([VALID, '', '不详', 'LS9901011962031501'])('%s is none', (raw) => expect(isTestCitizenId(raw)).toBe(false));
});

const first17 = fc.tuple(fc.integer({ min: 990000, max: 999999 }), fc.date({ min: new Date('1900-01-02'), max: new Date('2099-12-31'), noInvalidDate: true }), fc.integer({ min: 1, max: 999 }))
  .map(([region, date, sequence]) => `${region}${date.toISOString().slice(0, 10).replaceAll('-', '')}${String(sequence).padStart(3, '0')}`);

describe('properties', () => {
  it('any first 17 with its check digit is valid, with any other it is not', () => {
    fc.assert(fc.property(first17, (head) => {
      const right = checkDigit(head);
      for (const c of '0123456789X') expect(readCitizenId(head + c)?.status === 'valid').toBe(c === right);
    }));
  });

  it('one wrong digit or one transposition is always noticed (MOD 11-2)', () => {
    fc.assert(fc.property(first17, fc.integer({ min: 0, max: 16 }), fc.integer({ min: 1, max: 9 }), (head, at, add) => {
      const id = head + checkDigit(head);
      const wrong = id.slice(0, at) + ((Number(id[at]) + add) % 10) + id.slice(at + 1);
      expect(readCitizenId(wrong)?.status).not.toBe('valid');
      const [a, b] = [id.charAt(at), id.charAt(at + 1)];
      if (a !== b && at < 16) expect(readCitizenId(id.slice(0, at) + b + a + id.slice(at + 2))?.status).not.toBe('valid');
    }));
  });

  it('15 digits of a birth in the twentieth century upgrade to their own 18', () => {
    fc.assert(fc.property(first17, (head) => {
      fc.pre(head.slice(6, 8) === '19');
      expect(readCitizenId(head.slice(0, 6) + head.slice(8))).toEqual({ status: 'valid', value: head + checkDigit(head), upgraded: true });
    }));
  });

  it('reading a canonical value gives itself', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789Xx*LSE. 　\'９-+'), maxLength: 20 }), (raw) => {
      const once = readCitizenId(raw);
      if (once === undefined || once.value === '') return;
      expect(readCitizenId(once.value)).toEqual({ status: once.status, value: once.value });
    }));
  });

  it('never throws, whatever stands there', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => void readCitizenId(raw)));
  });
});
