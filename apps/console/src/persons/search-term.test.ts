import { describe, expect, it } from '@jest/globals';
import { kindOf, searchTermOf } from './search-term.js';

describe('what was typed into the search', () => {
  it('is an address when it ends like a place or mixes hanzi and digits, a name otherwise, and what the clerk says in doubt', () => {
    for (const text of ['幸福小区', '幸福小区3幢', '中山路', '中山路153号', '马家村6组', '幸福三幢', '北苑3-2-301', '船厂社区', '人民大道', '解放新村']) expect(searchTermOf(text)).toEqual({ address: text });
    for (const text of ['李秀英', '王村', '李路', '拉姆达瓦', '热合曼里', '欧阳小苑'.slice(0, 3), 'Anna 2']) expect(searchTermOf(text)).toEqual({ name: text });
    expect([searchTermOf('幸福', 'address'), searchTermOf('王新村', 'name'), searchTermOf('13900000001', 'address')]).toEqual([{ address: '幸福' }, { name: '王新村' }, { phone: '13900000001' }]);
    expect(kindOf({ address: 'x' })).toBe('address');
  });

  it('is an ID, a phone or a name', () => {
    expect(searchTermOf(' 990101 19640822 042x ')).toEqual({ citizenId: '99010119640822042X' });
    expect(searchTermOf('990101640822042')).toEqual({ citizenId: '990101640822042' });
    expect(searchTermOf('E12345678')).toEqual({ citizenId: 'E12345678' });
    expect(searchTermOf('139 0000 0001')).toEqual({ phone: '13900000001' });
    expect(searchTermOf('0999-8765432')).toEqual({ phone: '09998765432' });
    expect(searchTermOf('１３９００００００01')).toEqual({ phone: '13900000001' });
    expect(searchTermOf('李秀英')).toEqual({ name: '李秀英' });
    expect(searchTermOf('Anna Müller')).toEqual({ name: 'Anna Müller' });
    expect(searchTermOf('  ')).toBeUndefined();
    expect(kindOf({ name: 'x' })).toBe('name');
  });
});
