import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const SESSION_COOKIE = 'yici_session';

/** How a request proves who sends it. A cookie is sent by the browser unasked, so it needs the origin check; a bearer does not. */
export interface PresentedToken {
  token: string;
  by: 'cookie' | 'bearer';
}

/** 32 random bytes, base64url. Only its blind index is stored. */
export function newSessionToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The session token of a request; a bearer goes before a cookie. Undefined when there is none of the right shape. */
export function presentedToken(request: Pick<IncomingMessage, 'headers'>): PresentedToken | undefined {
  const bearer = /^Bearer ([\w-]{43})$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer) return { token: bearer, by: 'bearer' };
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && /^[\w-]{43}$/.test(value)) return { token: value, by: 'cookie' };
  }
  return undefined;
}

/** Set-Cookie value for a session, or for its end when there is no token. */
export function sessionCookie(token: string | undefined, maxAgeSeconds: number, secure: boolean): string {
  const age = token === undefined ? 0 : maxAgeSeconds;
  return `${SESSION_COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure ? '; Secure' : ''}`;
}

/**
 * May a request that changes something be sent with a cookie from where it comes from? SameSite=Strict already keeps other
 * sites out; the origin check also holds for a sibling host on the same site and for old browsers.
 * @param host name and port the request was sent to, as a trusted proxy says where there is one
 */
export function sameOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined) return false;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
