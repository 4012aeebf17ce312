import { describe, expect, it } from '@jest/globals';
import { fill, sentenceIn, thousands } from './fill.js';

describe('texts', () => {
  it('take their values, and show what is missing instead of hiding it', () => {
    expect(fill('{n} 人，{m} 户', { n: 12345, m: '三' })).toBe('12,345 人，三 户');
    expect(fill('{n} 人 {lost}', { n: 1 })).toBe('1 人 {lost}');
  });

  it('separate thousands', () => {
    expect([0, 999, 1000, 1234567].map(thousands)).toEqual(['0', '999', '1,000', '1,234,567']);
  });

  it('are cut out of what the hub says in both languages', () => {
    expect(sentenceIn('zh', '用户名或密码不正确。User name or password is wrong.')).toBe('用户名或密码不正确。');
    expect(sentenceIn('en', '用户名或密码不正确。User name or password is wrong.')).toBe('User name or password is wrong.');
    expect(sentenceIn('en', '有 3 处需要修改。3 field(s) need attention.')).toBe('3 field(s) need attention.');
    expect(sentenceIn('en', 'The exchange database does not answer.')).toBe('The exchange database does not answer.');
    expect(sentenceIn('en', '只有中文。')).toBe('只有中文。');
  });
});
