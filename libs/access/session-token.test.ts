import { describe, expect, it } from '@jest/globals';
import { newSessionToken, presentedToken, sameOrigin, sessionCookie } from './session-token.js';

describe('session tokens', () => {
  it('are 32 bytes and never repeat', () => {
    expect(Buffer.from(newSessionToken(), 'base64url')).toHaveLength(32);
    expect(newSessionToken()).not.toBe(newSessionToken());
  });
  it('are read from the cookie among others, and from a bearer first', () => {
    const [one, two] = [newSessionToken(), newSessionToken()];
    const cookie = `theme=dark; yici_session=${one}; x=y`;
    expect(presentedToken({ headers: { cookie } })).toEqual({ token: one, by: 'cookie' });
    expect(presentedToken({ headers: { cookie, authorization: `Bearer ${two}` } })).toEqual({ token: two, by: 'bearer' });
  });
  it('of another shape are none', () => {
    for (const headers of [{}, { cookie: 'yici_session=short' }, { authorization: 'Basic abc' }, { cookie: 'not_yici_session=' + newSessionToken() }]) {
      expect(presentedToken({ headers })).toBeUndefined();
    }
  });
  it('travel in a cookie that scripts and other sites cannot use', () => {
    expect(sessionCookie('t', 60, true)).toBe('yici_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure');
    expect(sessionCookie(undefined, 60, false)).toContain('Max-Age=0');
  });
});

describe('origin check', () => {
  it('takes the own host only', () => {
    const check = (origin?: string) => sameOrigin(origin, 'hub.example:8080');
    expect(check('http://hub.example:8080')).toBe(true);
    for (const origin of [undefined, 'null', '', 'http://hub.example', 'http://evil.example:8080', 'http://hub.example:8080.evil.example']) {
      expect(check(origin)).toBe(false);
    }
  });
});
