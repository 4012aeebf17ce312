import 'reflect-metadata';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHttpApp } from '#apps/hub/http-app';
import { AccessModule } from '#libs/access/access-module';
import { AccountStore } from '#libs/access/account-store';
import { encodeEvent, type EventData } from '#libs/bus/cloud-event';
import { LogTransport } from '#libs/bus/log-transport';
import { PostgresLog } from '#libs/bus/postgres-log';
import { decodeEvent } from '#libs/bus/cloud-event';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { Fanout } from '#libs/fanout/fanout';
import { FanoutModule } from '#libs/fanout/fanout-module';
import { FanoutStore } from '#libs/fanout/fanout-store';
import { Receipts } from '#libs/fanout/receipts';
import { systemClock } from '#libs/kernel/clock';
import { TOPIC, type TargetKeyMinted } from '#libs/model/events';
import { Health } from '#libs/platform/health';
import { silentLogger } from '#libs/platform/logger';
import { Metrics } from '#libs/platform/metrics';
import { PostgresListener } from '#libs/platform/postgres-listener';
import { projectRoot } from '#libs/platform/project-root';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { Divisions } from '#libs/values/divisions';
import { fanoutStage, nameOf, personRecord, TinyGrid, type FanoutStage } from '#test/support/fanout-stage';
import { caller, type Caller } from '#test/support/http-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);
const SECRETS: Record<string, string> = { YICI_GRID_PUSH_SECRET: 'push', YICI_GRID_SYNC_SECRET: 'sync', YICI_HUKOU_DATABASE_URL: 'postgres://none/none' };
const ID = { status: 'valid' as const, value: '990101196203150315' };
const BORN = { date: '1962-03-15', precision: 'day' as const, calendar: 'gregorian' as const };
const home = (division: string, room: string) => ({ raw: room, division, estate: '幸福家园', building: '3', room });

let stage: FanoutStage;
let grid: TinyGrid;
let folder: string;
let listener: PostgresListener;
let log: PostgresLog;
let app: NestExpressApplication;
let store: FanoutStore;
let fanout: Fanout;
let receipts: Receipts;
let steward: Caller;
let admin: Caller;
let worker: Caller;

/** The whole of fan-out: log, Nest transport, both channels over their real protocols. */
beforeAll(async () => {
  stage = await fanoutStage();
  grid = await TinyGrid.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'yici-tickets-'));
  listener = new PostgresListener(stage.db.pool, silentLogger);
  log = new PostgresLog({ pool: stage.db.pool, listener, logger: silentLogger });
  await log.ensureTopics(Object.values(TOPIC).map((topic) => ({ topic, partitions: 2 })));
  store = new FanoutStore(stage.db.pool, new UnitOfWork(stage.db.dataSource), stage.sealing, systemClock);
  const secrets: Record<string, string> = { ...SECRETS, YICI_GRID_URL: grid.url, YICI_HUKOU_TICKET_FOLDER: folder };
  fanout = new Fanout({
    store, log, sealing: stage.sealing, logger: silentLogger, secret: (name) => secrets[name],
    connectors: ['grid', 'hukou', 'disability'].map((id) => loadConnector(path.join(projectRoot(), 'connectors', id))),
    divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'),
  });
  receipts = new Receipts(store, fanout.targets);
  app = await createHttpApp([
    AccessModule.register({ dataSource: stage.db.dataSource, sealing: stage.sealing, clock: systemClock, login: true }),
    FanoutModule.register(fanout, store, ['fanout', 'api']),
  ], { logger: silentLogger, metrics: new Metrics(), health: new Health(), guarded: () => Promise.resolve(new Map()), documented: true });
  app.connectMicroservice({ strategy: new LogTransport(log) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const accounts = new AccountStore(stage.db.dataSource, systemClock);
  const signIn = async (role: 'steward' | 'worker' | 'admin', communities: string[]) => {
    await accounts.create({ username: role, displayName: role, role, communities, facetScopes: [], password: 'a password for a test' });
    const { body } = await caller(url)('POST', '/login', { body: { username: role, password: 'a password for a test', bearer: true } });
    return caller(url, { authorization: `Bearer ${body.token}` });
  };
  steward = await signIn('steward', []);
  admin = await signIn('admin', []);
  worker = await signIn('worker', ['990101002']);
}, 120_000);
afterAll(async () => {
  await app.close();
  await log.close();
  await listener.close();
  await grid.close();
  rmSync(folder, { recursive: true, force: true });
  await stage.close();
}, 60_000);

async function publish<T extends keyof EventData>(topic: T, id: string, data: EventData[T]): Promise<void> {
  await log.publish(topic, [{ key: id, value: encodeEvent(stage.sealing, { id, type: topic, source: '/test', time: new Date().toISOString(), data }) }]);
}

/** A person living apart from the hukou moves, by an entry. */
async function moves(n: number): Promise<{ entry: string; key: string }> {
  const [id, entry, key] = [`p-hub-${n}`, `entry-hub-${n}`, `gh${n}`];
  await stage.person(id,
    personRecord('hukou', `RH${n}`, { name: nameOf('张伟强'), citizenId: ID, birthDate: BORN, registeredAddress: home('990101001001', '301') }),
    personRecord('grid', key, { name: nameOf('张伟强'), citizenId: ID, currentAddress: home('990101001001', '301') }),
    personRecord('hub', entry, { currentAddress: home('990101001002', '102') }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
  await stage.db.pool.query(
    `insert into entry (id, kind, account_id, community, state, sealed_entry, submitted_at) values ($1, 'move', 'someone', '990101001002', 'accepted', '', now())`, [entry]);
  await publish(TOPIC.goldenRecordChanged, `event-${n}`, stage.change(id, 1, ['currentAddress'], [`hub:person:${entry}`]).data);
  return { entry, key };
}

describe('an entry on the log', () => {
  it('reaches the grid and the hukou, and its receipt fills', async () => {
    const { entry, key } = await moves(1);
    await until(async () => (await receipts.receiptFor(entry)).filter((l) => l.state === 'written').length === 2);
    expect(grid.rows.get(key)!.columns).toMatchObject({ residence: '990101001002', residencedetail: '幸福家园3幢102室' });
    const files = readdirSync(folder);
    expect(files).toEqual([expect.stringMatching(/^GD_\d{17}_\d{3}\.csv$/)]);
    const ticket = new TextDecoder('gb18030').decode(readFileSync(path.join(folder, files[0]!)));
    expect(ticket.split('\r\n')).toEqual(['GDBH,GDLX,GMSFHM,XM,SM', expect.stringMatching(/^[\w-]{35},03,990101196203150315,张伟强,人户分离/), '']);
    expect((await receipts.receiptFor(entry)).find((l) => l.target === 'disability')).toMatchObject({ state: 'notShared' });
    rmSync(path.join(folder, files[0]!));
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'hukou' && l.state === 'pickedUp'));
  });

  it('is confirmed by the record that the grid sends back', async () => {
    const { entry, key } = await moves(2);
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'grid' && l.state === 'written'));
    const body = { currentAddress: home('990101001002', '102'), registeredAddress: home('990101001001', '301'), birthDate: BORN };
    await publish(TOPIC.sourceRecordAccepted, 'echo-2', { record: personRecord('grid', key, body, { order: '2' }) });
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'grid' && l.state === 'confirmed'));
  });

  it('tells the minted key of a person created there', async () => {
    await stage.person('p-new', personRecord('hub', 'entry-new', { name: nameOf('李秀英'), currentAddress: home('990101001002', '201') }));
    const minted: TargetKeyMinted[] = [];
    const reading = await log.subscribe({
      topics: [TOPIC.targetKeyMinted], group: 'test', handler: (batch) => {
        minted.push(...batch.messages.map((m) => decodeEvent(stage.sealing, TOPIC.targetKeyMinted, m.value).data));
        return Promise.resolve();
      },
    });
    await publish(TOPIC.goldenRecordChanged, 'event-new', stage.change('p-new', 1, ['name'], ['hub:person:entry-new']).data);
    await until(() => minted.length === 1);
    expect(minted[0]).toMatchObject({ system: 'grid', entityId: 'p-new', record: { body: { name: { value: '李秀英' } } } });
    await reading.close();
  });

  it('is sent again by a replay of its dead letter', async () => {
    grid.codes.set('gh3', 422);
    const { entry } = await moves(3);
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'grid' && l.state === 'rejected'));
    grid.codes.delete('gh3');
    const [letter] = (await stage.db.pool.query<{ id: string }>(`select id from dead_letter where system = 'grid' order by id desc limit 1`)).rows;
    await publish(TOPIC.command, 'replay-1', { kind: 'replay', deadLetterId: letter!.id, actor: 'test' });
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'grid' && l.state === 'written'));
  });

  it('is not held up by a message that is no event', async () => {
    await log.publish(TOPIC.goldenRecordChanged, [{ key: 'x', value: Buffer.from('no event') }]);
    const { entry } = await moves(4);
    await until(async () => (await receipts.receiptFor(entry)).some((l) => l.target === 'grid' && l.state === 'written'));
  });

  it('is delivered to the grid one after the other; how long it takes is told, not tested', async () => {
    const times: number[] = [];
    for (let n = 100; n < 140; n++) {
      const started = performance.now();
      const { key } = await moves(n);
      while (!grid.rows.has(key)) await new Promise((r) => setTimeout(r, 2));
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    process.stdout.write(`change → written to the grid: p50 ${times[20]!.toFixed(0)} ms, p95 ${times[37]!.toFixed(0)} ms, max ${times.at(-1)!.toFixed(0)} ms\n`);
    expect(times).toHaveLength(40);
  });
});

describe('the pages', () => {
  it('show receipts to whom the community belongs, and deliveries page by page', async () => {
    expect((await steward('GET', '/receipts/entry-hub-1')).body).toHaveLength(3);
    expect((await worker('GET', '/receipts/entry-hub-1')).status).toBe(404);
    expect((await steward('GET', '/receipts/none')).status).toBe(404);
    const first = (await steward('GET', '/deliveries?target=grid&limit=2')).body;
    expect(first.items).toHaveLength(2);
    const second = (await steward('GET', `/deliveries?target=grid&limit=2&after=${first.next}`)).body;
    expect(second.items[0].id > first.items[1].id).toBe(true);
    expect(JSON.stringify(first)).not.toContain('张伟强');
    expect((await worker('GET', '/deliveries')).status).toBe(403);
    expect((await steward('POST', '/agreements/approve', { body: {} })).status).toBe(403);
    for (const decision of ['approve', 'revoke']) expect((await admin('POST', `/agreements/${decision}`, { body: {} })).status).toBe(400);
  });
});
