import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Account } from './account.js';
import { RequestRefused } from './request-refused.js';

// Beside the request instead of on it: no body or query parser can ever write an account here.
const accounts = new WeakMap<Request, Account>();

export function setAccount(request: Request, account: Account): void {
  accounts.set(request, account);
}

/** Throws RequestRefused 401 YICI_ACCESS_NOT_SIGNED_IN. */
export function accountOf(request: Request): Account {
  const account = accounts.get(request);
  if (!account) throw notSignedIn();
  return account;
}

/** The signed-in account, as a handler's parameter. */
export const SignedIn = createParamDecorator((_: unknown, context: ExecutionContext): Account => accountOf(context.switchToHttp().getRequest<Request>()));

export function notSignedIn(): RequestRefused {
  return new RequestRefused(401, {
    code: 'YICI_ACCESS_NOT_SIGNED_IN',
    message: '请先登录。Please sign in.',
    fix: 'POST /login with user name and password, then send the cookie or the bearer token.',
    headers: { 'WWW-Authenticate': 'Bearer realm="yici"' },
  });
}
