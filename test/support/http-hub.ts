import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { request, type Dispatcher } from 'undici';
import { createHttpApp } from '#apps/hub/http-app';
import { AccessModule } from '#libs/access/access-module';
import type { Role, FacetScope } from '#libs/access/account';
import { AccountStore, type NewAccount } from '#libs/access/account-store';
import type { LoginLimits } from '#libs/access/login-limiter';
import type { CommandMessage } from '#libs/entries/command-sender';
import { EntriesModule } from '#libs/entries/entries-module';
import type { ReceiptLine } from '#libs/model/receipt';
import { systemClock, type Clock } from '#libs/kernel/clock';
import { Health } from '#libs/platform/health';
import { personModel } from '#libs/matching/match-model';
import { silentLogger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { Divisions } from '#libs/values/divisions';
import type { TestDatabase } from './test-database.js';

export interface Answer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  text: string;
  /** The JSON body; undefined when it is none. */
  body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** One caller: its bearer token or cookie goes with every request. */
export type Caller = (method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }) => Promise<Answer>;

export interface HttpHub {
  app: NestExpressApplication;
  url: string;
  sealing: Sealing;
  accounts: AccountStore;
  /** What was published on the command topic. */
  commands: CommandMessage[];
  receipts: Map<string, ReceiptLine[]>;
  /** Set to make the log refuse. */
  logFailure: { error?: Error };
  anyone: Caller;
  /** Makes an account and signs it in. */
  as(role: Role, options?: { communities?: string[]; facetScopes?: FacetScope[]; departments?: string[]; username?: string }): Promise<Caller>;
  close(): Promise<void>;
}

const CITY = `code,name,level,parent,valid_from,valid_to,successor
9901,望江市,city,,1983-07-01,,
990101,白石区,district,9901,2000-01-01,,
990101001,城东街道,street,990101,2000-01-01,,
990101001001,东园社区,community,990101001,2000-01-01,,
990101001002,西园社区,community,990101001,2000-01-01,,
`;

const SYSTEMS = ['corrections', 'grid', 'hukou'].map((id) => ({ id, name: id, nameEn: id, owner: id, category: id }));

/** The hub's HTTP side on a test database, with a log that only remembers. */
export async function startHttpHub(db: TestDatabase, options: { clock?: Clock; loginLimits?: LoginLimits } = {}): Promise<HttpHub> {
  const sealing = new Sealing(ephemeralSealingKeys());
  const clock = options.clock ?? systemClock;
  const commands: HttpHub['commands'] = [];
  const receipts: HttpHub['receipts'] = new Map();
  const logFailure: HttpHub['logFailure'] = {};
  const app = await createHttpApp([
    AccessModule.register({ dataSource: db.dataSource, sealing, clock, login: true, ...(options.loginLimits && { loginLimits: options.loginLimits }) }),
    EntriesModule.register({
      dataSource: db.dataSource, sealing, clock, logger: silentLogger, model: personModel(), divisions: Divisions.parse(CITY),
      publishCommand: (message) => {
        if (logFailure.error) return Promise.reject(logFailure.error);
        commands.push(message);
        return Promise.resolve();
      },
      systems: SYSTEMS,
      decisionEffects: { preview: () => Promise.resolve([]), shown: (lines) => [...lines] },
      readReceipt: (entryId: string) => Promise.resolve(receipts.get(entryId) ?? []),
    }),
  ], { logger: silentLogger, metrics: new Metrics(), health: new Health(), guarded: () => Promise.resolve(new Map()), documented: true });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const accounts = new AccountStore(db.dataSource, clock);
  let made = 0;
  return {
    app, url, sealing, accounts, commands, receipts, logFailure,
    anyone: caller(url),
    as: async (role, { communities = [], facetScopes = [], departments = [], username = `${role}${++made}` } = {}) => {
      const password = 'a password for a test';
      await accounts.create({ username, displayName: username, role, communities, facetScopes, departments, password } satisfies NewAccount);
      const { body } = await caller(url)('POST', '/login', { body: { username, password, bearer: true } });
      return caller(url, { authorization: `Bearer ${body.token}` });
    },
    close: () => app.close(),
  };
}

export function caller(url: string, own: Record<string, string> = {}): Caller {
  return async (method, path, { body, headers = {} } = {}) => {
    const answer = await request(url + path, {
      method: method as Dispatcher.HttpMethod,
      headers: { ...own, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: answer.statusCode, headers: answer.headers, text, body: json };
  };
}
