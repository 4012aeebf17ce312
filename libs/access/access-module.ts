import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import type { Clock } from '#libs/kernel/clock';
import type { Sealing } from '#libs/platform/sealing';
import { AuditStore } from '#libs/store/audit-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { AccessLog } from './access-log.js';
import { AccountController } from './account-controller.js';
import { AccountStore } from './account-store.js';
import { AuditController } from './audit-controller.js';
import { LoginController } from './login-controller.js';
import { DEFAULT_LOGIN_LIMITS, LoginLimiter, type LoginLimits } from './login-limiter.js';
import { OneTimeCodes } from './one-time-codes.js';
import { requestValidation } from './request-validation.js';
import { SessionGuard } from './session-guard.js';
import { SessionStore } from './session-store.js';

export interface AccessParts {
  dataSource: DataSource;
  sealing: Sealing;
  clock: Clock;
  /** Whether this process lets people sign in; the guard stands in every process. */
  login: boolean;
  loginLimits?: LoginLimits;
  /** Codes this process prints for its own user; none by default. */
  oneTimeCodes?: OneTimeCodes;
}

/** The guard over every route, and what it needs. Global: import once, at the root. */
@Module({})
export class AccessModule {
  static register(parts: AccessParts): DynamicModule {
    const { dataSource, sealing, clock } = parts;
    const sessions = new SessionStore(dataSource, sealing, clock);
    const providers: Provider[] = [
      { provide: AccountStore, useValue: new AccountStore(dataSource, clock) },
      { provide: SessionStore, useValue: sessions },
      { provide: LoginLimiter, useValue: new LoginLimiter(parts.loginLimits ?? DEFAULT_LOGIN_LIMITS) },
      { provide: OneTimeCodes, useValue: parts.oneTimeCodes ?? new OneTimeCodes(clock) },
      { provide: AccessLog, useValue: new AccessLog(new UnitOfWork(dataSource), new AuditStore(sealing, clock)) },
      SessionGuard,
      { provide: APP_GUARD, useExisting: SessionGuard },
      { provide: APP_PIPE, useFactory: requestValidation },
    ];
    return {
      module: AccessModule,
      global: true,
      controllers: parts.login ? [LoginController, AccountController, AuditController] : [],
      providers,
      exports: [AccessLog, SessionGuard],
    };
  }
}
