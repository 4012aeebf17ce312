import { describe, expect, it } from '@jest/globals';
import { Divisions, normaliseDivisionCode } from './divisions.js';

const divisions = Divisions.parse(`\ufeffcode,name,level,parent,valid_from,valid_to,successor\r
9901,望江市,city,,1983-07-01,,\r
990101,白石区,district,9901,2000-01-01,,\r
990102,南浦区,district,9901,2011-07-01,,\r
990121,东湖县,district,9901,1983-07-01,1999-12-31,990101\r
990122,西城区,district,9901,1983-07-01,2011-06-30,990102;990101\r
990123,老城区,district,9901,1983-07-01,1995-06-30,990121\r
990102001,彩云街道,street,990102,2011-07-01,,\r
990102001010,新村社区,community,990102001,2011-07-01,,\r
990102001011,新村北社区,community,990102001,2011-07-01,,\r
990122001,明月办事处,street,990122,1990-01-01,2011-06-30,990102001\r
990102001009,旧村社区,community,990102001,2001-01-01,2015-01-01,990102001010;990102001011\r
990198,甲区,district,9901,1983-07-01,1999-12-31,990199\r
990199,乙区,district,9901,1983-07-01,1999-12-31,990198\r
`);

describe('Divisions', () => {
  it('reads rows and successors', () => {
    expect(divisions.get('990122')).toEqual({
      code: '990122', name: '西城区', level: 'district', parent: '9901', validFrom: '1983-07-01', validTo: '2011-06-30', successors: ['990102', '990101'],
    });
    expect(divisions.nameOf('990102001000')).toBe('彩云街道');
    expect(divisions.get('110101')).toBeUndefined();
    expect(divisions.findByName('彩云街道', '990102')).toHaveLength(1);
    expect(divisions.findByName('彩云街道', '990101')).toHaveLength(0);
  });

  it.each([
    ['in force', '990101', '990101'], ['closed', '990121', '990101'], ['closed twice over', '990123', '990101'], ['closed street', '990122001', '990102001'],
    ['sub-code of a closed street, not listed', '990122001007', '990102001'], ['sub-code of a closed district, not listed', '990121003', '990101'], ['closed in two, same street', '990102001009', '990102001'],
    ['closed in two districts', '990122', undefined], ['a circle', '990198', undefined], ['another city', '995323', '995323'], ['another city, filled', '995323000000', '995323'], ['zeros cut', '99010200101', '990102001010'], ['text', '白石区', undefined],
  ])('current: %s', (_case, code, expected) => {
    expect(divisions.current(code)).toBe(expected);
  });

  it('an empty file has no divisions', () => {
    expect([...Divisions.parse('').all()]).toEqual([]);
  });
});

describe('normaliseDivisionCode', () => {
  it.each([
    ['99', '99'], ['9901', '9901'], ['990102', '990102'], ['99011', '990110'], ['990102001', '990102001'], ['99010200101', '990102001010'], ['9901020010', '990102001'], ['990102000000', '990102'], ['990102001000', '990102001'],
    ['990102001010', '990102001010'], ['990000000000', '99'], ['9', undefined], ['0101', undefined], ['9901020010101', undefined], ['', undefined],
  ])('%s → %s', (code, expected) => {
    expect(normaliseDivisionCode(code)).toBe(expected);
  });
});
