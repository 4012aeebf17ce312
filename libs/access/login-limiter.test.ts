import { describe, expect, it } from '@jest/globals';
import { LoginLimiter } from './login-limiter.js';

const limits = { perNameAndAddress: 3, perAddress: 6, seconds: 60 };

async function tries(limiter: LoginLimiter, name: string, address: string, times: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: times }, () => limiter.countTry(name, address)));
  return results.filter((r) => r.status === 'rejected').length;
}

describe('login limiter', () => {
  it('refuses the fourth try of a name, tries at once included', async () => {
    expect(await tries(new LoginLimiter(limits), 'li', '192.0.2.1', 5)).toBe(2);
  });
  it('does not lock the worker out at another address', async () => {
    const limiter = new LoginLimiter(limits);
    await tries(limiter, 'li', '192.0.2.1', 5);
    await expect(limiter.countTry('li', '192.0.2.2')).resolves.toBeUndefined();
  });
  it('counts names written in other cases as one', async () => {
    const limiter = new LoginLimiter(limits);
    await tries(limiter, 'li', '192.0.2.1', 3);
    await expect(limiter.countTry('LI', '192.0.2.1')).rejects.toMatchObject({ status: 429, code: 'YICI_LOGIN_TOO_MANY', headers: { 'Retry-After': '60' } });
  });
  it('stops one address that tries many names', async () => {
    const limiter = new LoginLimiter(limits);
    for (let i = 0; i < 6; i++) await limiter.countTry(`name${i}`, '192.0.2.1');
    await expect(limiter.countTry('another', '192.0.2.1')).rejects.toMatchObject({ status: 429 });
  });
  it('forgets after a right password', async () => {
    const limiter = new LoginLimiter(limits);
    for (let i = 0; i < 10; i++) {
      await limiter.countTry('li', '192.0.2.1');
      await limiter.forget('li', '192.0.2.1');
    }
  });
});
