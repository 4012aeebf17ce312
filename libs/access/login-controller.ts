import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags, ApiTooManyRequestsResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AccessLog } from './access-log.js';
import { OpenTo, Roles } from './access-policy.js';
import type { Account } from './account.js';
import { AccountStore } from './account-store.js';
import { LoginLimiter } from './login-limiter.js';
import { AccountView, LoginRequest, PasswordRequest, SessionView } from './login-requests.js';
import { passwordMatches } from './password.js';
import { RequestRefused } from './request-refused.js';
import { SESSION_SECONDS, SessionStore } from './session-store.js';
import { presentedToken, sameOrigin, sessionCookie } from './session-token.js';
import { SignedIn } from './signed-in.js';

/** Signing in and out, and what every account may do for itself. */
@ApiTags('session')
@Controller()
@Roles('admin', 'steward', 'worker', 'statistician', 'auditor')
export class LoginController {
  constructor(
    private readonly accounts: AccountStore,
    private readonly sessions: SessionStore,
    private readonly limiter: LoginLimiter,
    private readonly log: AccessLog,
  ) {}

  @OpenTo('login')
  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign in; sets the session cookie, or answers with a bearer token when asked for' })
  @ApiOkResponse({ type: SessionView })
  @ApiUnauthorizedResponse({ description: 'User name or password is wrong; which one is not said.' })
  @ApiTooManyRequestsResponse({ description: 'Too many failed logins; see Retry-After.' })
  async login(@Body() body: LoginRequest, @Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<SessionView> {
    // A page of another site must not sign its visitor in as somebody else.
    if (request.headers.origin !== undefined && !sameOrigin(request.headers.origin, request.host)) throw loginRefused();
    const address = request.ip ?? 'unknown';
    await this.limiter.countTry(body.username, address);
    const found = await this.accounts.findForLogin(body.username);
    if (!(await passwordMatches(found?.passwordHash, body.password)) || !found) {
      await this.log.noteStranger('session.refused');
      throw loginRefused();
    }
    await this.limiter.forget(body.username, address);
    const { token, expiresAt } = await this.sessions.open(found.account.id);
    await this.log.note(found.account, 'session.open');
    if (body.bearer) return { account: found.account, expiresAt, token };
    response.setHeader('Set-Cookie', sessionCookie(token, SESSION_SECONDS, request.secure));
    return { account: found.account, expiresAt };
  }

  @Post('logout')
  @HttpCode(204)
  @ApiOperation({ summary: 'End the session' })
  @ApiNoContentResponse()
  async logout(@SignedIn() account: Account, @Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.sessions.close(presentedToken(request)!.token);
    response.setHeader('Set-Cookie', sessionCookie(undefined, 0, request.secure));
    await this.log.note(account, 'session.close');
  }

  @Get('session')
  @ApiOperation({ summary: 'Who is signed in' })
  @ApiOkResponse({ type: AccountView })
  session(@SignedIn() account: Account): AccountView {
    return account;
  }

  @Post('session/password')
  @HttpCode(204)
  @ApiOperation({ summary: 'Change the own password; ends every session of the account, this one too' })
  @ApiNoContentResponse()
  async password(@SignedIn() account: Account, @Body() body: PasswordRequest, @Req() request: Request): Promise<void> {
    await this.limiter.countTry(account.username, request.ip ?? 'unknown');
    const found = await this.accounts.findForLogin(account.username);
    if (!found || !(await passwordMatches(found.passwordHash, body.current))) throw loginRefused();
    await this.limiter.forget(account.username, request.ip ?? 'unknown');
    await this.accounts.setPassword(account.id, body.next);
    await this.log.note(account, 'account.password', account.id);
  }
}

function loginRefused(): RequestRefused {
  return new RequestRefused(401, {
    code: 'YICI_LOGIN_REFUSED',
    message: '用户名或密码不正确。User name or password is wrong.',
    fix: 'Check both; an administrator can give a new password.',
  });
}
