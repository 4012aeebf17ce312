import { describe, expect, it } from '@jest/globals';
import { generatePassword, hashPassword, LONGEST_PASSWORD, passwordMatches } from './password.js';

describe('passwords', () => {
  it('are kept as Argon2id and found again', async () => {
    const stored = await hashPassword('一个很长的口令 with words');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwordMatches(stored, '一个很长的口令 with words')).toBe(true);
    expect(await passwordMatches(stored, '一个很长的口令 with wordS')).toBe(false);
  });
  it('have a salt each', async () => {
    expect(await hashPassword('same password')).not.toBe(await hashPassword('same password'));
  });
  it('never fit an account that does not exist, and cost as much', async () => {
    expect(await passwordMatches(undefined, 'anything at all')).toBe(false);
  });
  it('of endless length are refused before any work', async () => {
    expect(await passwordMatches(await hashPassword('short enough'), 'x'.repeat(LONGEST_PASSWORD + 1))).toBe(false);
  });
  it('that are generated differ and are easy to type', () => {
    const some = Array.from({ length: 50 }, generatePassword);
    expect(new Set(some).size).toBe(50);
    for (const password of some) expect(password).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{20}$/);
  });
});
