import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags, ApiTooManyRequestsResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AccessLog } from './access-log.js';
import { OpenTo, Roles } from './access-policy.js';
import type { Account } from './account.js';
import { AccountStore } from './account-store.js';
import { LoginLimiter } from './login-limiter.js';
import { AccountView, LoginRequest, OneTimeLoginRequest, PasswordRequest, SessionView } from './login-requests.js';
import { OneTimeCodes } from './one-time-codes.js';
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
    private readonly codes: OneTimeCodes,
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
    if (fromElsewhere(request)) throw loginRefused();
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

  @OpenTo('login')
  @Post('login/one-time')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign in with a code that the process printed; sets the session cookie' })
  @ApiOkResponse({ type: SessionView })
  @ApiUnauthorizedResponse({ description: 'The code is unknown, used or older than ten minutes; which one is not said.' })
  @ApiTooManyRequestsResponse({ description: 'Too many failed logins; see Retry-After.' })
  async oneTimeLogin(@Body() body: OneTimeLoginRequest, @Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<SessionView> {
    if (fromElsewhere(request)) throw codeRefused();
    const address = request.ip ?? 'unknown';
    await this.limiter.countTry(ONE_TIME, address);
    const username = this.codes.take(body.code);
    const found = username === undefined ? undefined : await this.accounts.findForLogin(username);
    if (!found) {
      await this.log.noteStranger('session.refused');
      throw codeRefused();
    }
    await this.limiter.forget(ONE_TIME, address);
    const { token, expiresAt } = await this.sessions.open(found.account.id);
    await this.log.note(found.account, 'session.open');
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

/** Stands for the user name where tries with codes are counted; no account can have it. */
const ONE_TIME = '(one-time code)';

function fromElsewhere(request: Request): boolean {
  return request.headers.origin !== undefined && !sameOrigin(request.headers.origin, request.host);
}

function codeRefused(): RequestRefused {
  return new RequestRefused(401, {
    code: 'YICI_LOGIN_CODE_REFUSED', message: '登录链接已失效。This sign-in link was used or is too old.', fix: 'Sign in with user name and password.',
  });
}

function loginRefused(): RequestRefused {
  return new RequestRefused(401, {
    code: 'YICI_LOGIN_REFUSED',
    message: '用户名或密码不正确。User name or password is wrong.',
    fix: 'Check both; an administrator can give a new password.',
  });
}
