import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { request } from 'undici';
import { createHttpApp } from '#apps/hub/http-app';
import { openParts, type HubParts } from '#apps/hub/open-parts';
import { roleModules } from '#apps/hub/role-modules';
import { guardedOf } from '#apps/hub/start-hub';
import { AccountStore } from '#libs/access/account-store';
import type { FacetScope, Role } from '#libs/access/account';
import { encodeEvent } from '#libs/bus/cloud-event';
import { LogTransport } from '#libs/bus/log-transport';
import { systemClock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { TOPIC, type Command } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { Shutdown } from '#libs/platform/shutdown';
import { caller, type Answer, type Caller } from './http-hub.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A hub of its own over a database of its own, as the program runs it: real log, real relay, real fan-out. */
export class SecretCity {
  private made = 0;
  private readonly tokens = new Map<Caller, string>();

  private constructor(
    readonly db: TestDatabase,
    readonly app: NestExpressApplication,
    readonly parts: HubParts,
    private readonly shutdown: Shutdown,
    private readonly dataDir: string,
  ) {}

  static async open(given?: { db: TestDatabase; dataDir: string }, roles = 'intake,resolution,fanout,api', environment: Record<string, string> = {}, port = 0): Promise<SecretCity> {
    const db = given?.db ?? (await createTestDatabase());
    const dataDir = given?.dataDir ?? mkdtempSync(path.join(os.tmpdir(), 'yici-secrets-'));
    const shutdown = new Shutdown(silentLogger, 20_000);
    const config = readConfig({ DATABASE_URL: db.ownerUrl, DATABASE_POOL_SIZE: '10', YICI_DATA_DIR: dataDir, YICI_ROLES: roles, YICI_PORT: String(port), ...environment });
    const parts = await openParts(config, systemClock, silentLogger, shutdown);
    const app = await createHttpApp(roleModules(parts), { logger: silentLogger, metrics: parts.metrics, health: parts.health, guarded: guardedOf(parts), documented: true });
    app.connectMicroservice({ strategy: new LogTransport(parts.log) });
    shutdown.add('http', () => app.close());
    await app.init();
    await app.startAllMicroservices();
    await app.listen(port, '127.0.0.1');
    return new SecretCity(db, app, parts, shutdown, dataDir);
  }

  /** The same store behind a process that only answers: nothing else asks the database. */
  async answering(): Promise<SecretCity> {
    await this.shutdown.run();
    return SecretCity.open({ db: this.db, dataDir: this.dataDir }, 'api');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.app.getHttpServer().address() as AddressInfo).port}`;
  }

  async as(role: Role, facetScopes: FacetScope[] = []): Promise<Caller> {
    const username = `${role}-${++this.made}`;
    const password = 'a password for a test';
    await new AccountStore(this.parts.store.dataSource, systemClock).create({ username, displayName: role, role, facetScopes, password });
    const { body } = await caller(this.url)('POST', '/login', { body: { username, password, bearer: true } });
    const call = caller(this.url, { authorization: `Bearer ${body.token}` });
    this.tokens.set(call, body.token);
    return call;
  }

  /** The first event of a stream, as its answer; a refusal as it is. */
  async firstEvent(call: Caller, at: string): Promise<Pick<Answer, 'status' | 'text'>> {
    const answer = await request(this.url + at, { headers: { authorization: `Bearer ${this.tokens.get(call)!}` } });
    let text = '';
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (answer.statusCode === 200 && text.includes('\n\n')) break;
    }
    return { status: answer.statusCode, text };
  }

  /** What intake would have read, through the log, until everybody has worked on it. */
  async read(records: readonly AnySourceRecord[]): Promise<void> {
    const { log, store } = this.parts;
    await log.publish(TOPIC.sourceRecordAccepted, records.map((record) => ({
      // One key, one partition, one batch: what comes first must not differ between two cities.
      key: 'all',
      value: encodeEvent(store.sealing, { id: uuidv7(Date.now()), type: TOPIC.sourceRecordAccepted, source: '/intake', time: new Date().toISOString(), data: { record } }),
    })));
    await this.quiet();
  }

  async command(command: Command & { decisionId?: string }): Promise<void> {
    const { log, store } = this.parts;
    const id = command.decisionId ?? uuidv7(Date.now());
    await log.publish(TOPIC.command, [{ key: id, value: encodeEvent(store.sealing, { id, type: TOPIC.command, source: '/entries', time: new Date().toISOString(), data: command }) }]);
    await this.quiet();
  }

  /** Every group has read everything, and nothing is on its way between them. */
  async quiet(): Promise<void> {
    const { log, store, connectors } = this.parts;
    const groups: [string, string[]][] = [
      ['resolution', [TOPIC.sourceRecordAccepted, TOPIC.command, TOPIC.targetKeyMinted]], ['fanout.echo', [TOPIC.sourceRecordAccepted]], ['fanout.command', [TOPIC.command]],
      ['fanout.not-live', [TOPIC.goldenRecordChanged]], ...connectors.map((c): [string, string[]] => [`fanout.${c.id}`, [TOPIC.goldenRecordChanged]]),
    ];
    for (const end = Date.now() + 60_000; ;) {
      const waiting = Number((await store.pool.query<{ n: string }>('select count(*) as n from outbox')).rows[0]!.n);
      const behind: string[] = [];
      for (const [group, topics] of groups) {
        const positions = await log.positions(group, topics);
        // A group without readers (a live target, or none that is not) never commits anything.
        if (positions.some((p) => p.committed !== '0') && positions.some((p) => BigInt(p.committed) < BigInt(p.end))) behind.push(group);
        if (group === 'resolution' && positions.some((p) => BigInt(p.committed) < BigInt(p.end))) behind.push(group);
      }
      if (waiting === 0 && behind.length === 0) {
        await sleep(300);
        return;
      }
      if (Date.now() > end) throw new Error(`not quiet: outbox ${waiting}, behind ${behind.join(', ')}`);
      await sleep(50);
    }
  }

  async close(): Promise<void> {
    await this.shutdown.run();
    rmSync(this.dataDir, { recursive: true, force: true });
    await this.db.drop();
  }
}
