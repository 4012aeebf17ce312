import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import type { Account, Role } from './account.js';
import { OPEN_METADATA, ROLES_METADATA, type Opening } from './access-policy.js';
import { RequestRefused } from './request-refused.js';
import { SessionStore } from './session-store.js';
import { presentedToken, sameOrigin } from './session-token.js';
import { accountOf, notSignedIn, setAccount } from './signed-in.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Default deny, for every route of every room: a route is open by `@OpenTo`, or it needs an account with one of its `@Roles`;
 * a route that declares neither is refused to everyone. Registered once, globally.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionStore,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Handlers of the log receive no requests: what they are handed was published by the hub itself.
    if (context.getType() !== 'http') return true;
    const { opening, roles } = this.policyOf(context);
    if (opening !== undefined) return true;
    const account = await this.signIn(context.switchToHttp().getRequest<Request>());
    if (!roles?.includes(account.role)) throw notAllowed();
    return true;
  }

  /** For what is served beside Nest's routes (API docs): any signed-in account. */
  readonly signedInOnly = (request: Request, _response: Response, next: NextFunction): void => {
    this.signIn(request).then(() => next(), next);
  };

  private async signIn(request: Request): Promise<Account> {
    const presented = presentedToken(request);
    if (!presented) throw notSignedIn();
    if (presented.by === 'cookie' && !SAFE_METHODS.has(request.method) && !sameOrigin(request.headers.origin, request.host)) throw foreignOrigin();
    const account = await this.sessions.accountOf(presented.token);
    if (!account) throw notSignedIn();
    setAccount(request, account);
    return accountOf(request);
  }

  /** The handler's own declaration stands before its controller's. */
  private policyOf(context: ExecutionContext): { opening?: Opening; roles?: readonly Role[] } {
    for (const target of [context.getHandler(), context.getClass()]) {
      const opening = this.reflector.get<Opening | undefined>(OPEN_METADATA, target);
      const roles = this.reflector.get<readonly Role[] | undefined>(ROLES_METADATA, target);
      if (roles) return { roles };
      if (opening) return { opening };
    }
    return {};
  }
}

function notAllowed(): RequestRefused {
  return new RequestRefused(403, {
    code: 'YICI_ACCESS_NOT_ALLOWED',
    message: '您的角色没有此权限。Your role may not do this.',
    fix: 'Sign in with another account, or ask an administrator.',
  });
}

function foreignOrigin(): RequestRefused {
  return new RequestRefused(403, {
    code: 'YICI_ACCESS_FOREIGN_ORIGIN',
    message: '请求来自其他网站，已拒绝。The request came from another site and was refused.',
    fix: 'Send it from a page of this hub, or with a bearer token instead of the cookie.',
  });
}
