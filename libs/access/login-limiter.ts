import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RequestRefused } from './request-refused.js';

export interface LoginLimits {
  /** Failed logins of one user name from one address before it must wait. */
  perNameAndAddress: number;
  /** Failed logins from one address, whatever the names. */
  perAddress: number;
  /** Seconds the failures are remembered and a blocked caller waits. */
  seconds: number;
}

export const DEFAULT_LOGIN_LIMITS: LoginLimits = { perNameAndAddress: 5, perAddress: 50, seconds: 900 };

/**
 * Slows down guessing. A name is counted together with the address it comes from, so that a stranger cannot lock a worker
 * out. Counted in the memory of one process: with several api processes a guesser gets as many times more tries.
 */
export class LoginLimiter {
  private readonly byName: RateLimiterMemory;
  private readonly byAddress: RateLimiterMemory;

  constructor(limits: LoginLimits = DEFAULT_LOGIN_LIMITS) {
    const { seconds } = limits;
    this.byName = new RateLimiterMemory({ points: limits.perNameAndAddress, duration: seconds, blockDuration: seconds });
    this.byAddress = new RateLimiterMemory({ points: limits.perAddress, duration: seconds, blockDuration: seconds });
  }

  /**
   * Counts a try before the password is looked at, so that many tries at once are all counted.
   * Throws RequestRefused 429 YICI_LOGIN_TOO_MANY when it is one too many.
   */
  async countTry(username: string, address: string): Promise<void> {
    try {
      await this.byAddress.consume(address);
      await this.byName.consume(nameKey(username, address));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw new RequestRefused(429, {
        code: 'YICI_LOGIN_TOO_MANY',
        message: '登录失败次数过多，请稍后再试。Too many failed logins.',
        fix: `Wait ${seconds} seconds, or ask an administrator for a new password.`,
        headers: { 'Retry-After': String(seconds) },
      });
    }
  }

  /** Forgets the tries of a caller who proved to be the one. */
  async forget(username: string, address: string): Promise<void> {
    await this.byName.delete(nameKey(username, address));
    await this.byAddress.reward(address);
  }
}

function nameKey(username: string, address: string): string {
  return `${username.toLowerCase()} ${address}`;
}
