import { describe, expect, it } from '@jest/globals';
import { kindOf, searchTermOf } from './search-term.js';

describe('what was typed into the search', () => {
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
