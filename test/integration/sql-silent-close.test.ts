import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import type { Connector } from '#libs/connector-sdk/connector';
import { openTarget } from '#libs/connector-sdk/open-target';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { SqlExchangeSource } from '#libs/connector-sdk/protocols/sql-exchange';
import { LivePoller } from '#libs/intake/live-poller';
import { systemClock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { Divisions } from '#libs/values/divisions';
import { intakeStage, type IntakeStage } from '#test/support/intake-stage';
import { MariadbServer, noMariadb } from '#test/support/mariadb-server';
import { until } from '#test/support/until';

// A database that takes a connection, or a question, and then says nothing: the hub must be able to stop all the same. Silence alone would end after 30 s.
jest.setTimeout(60_000);

const MOST_MS = 2000;
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');

let stage: IntakeStage;
let connector: Connector;
let spec: SqlExchangeSpec;
let mariadb: MariadbServer | undefined;
const urls: Record<string, string> = {};

/** Between the hub and a database; says nothing more to the hub from {@link mute} on. */
class Line {
  private readonly sockets = new Set<Socket>();
  /** Whether nothing comes back. */
  mute = false;
  /** Connections, and bytes that were asked while nothing came back. */
  callers = 0;
  unanswered = 0;

  private constructor(private readonly server: Server) {}

  /** `url`: of the database behind it; absent: nobody is behind it. */
  static async to(url?: string): Promise<Line> {
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (client) => {
      line.callers += 1;
      line.hold(client);
      const behind = url === undefined ? undefined : line.hold(connect(Number(new URL(url).port), '127.0.0.1'));
      client.on('data', (bytes) => {
        if (line.mute || behind === undefined) line.unanswered += bytes.length;
        behind?.write(bytes);
      });
      behind?.on('data', (bytes) => !line.mute && client.write(bytes));
      client.on('close', () => behind?.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  /** The same address, by this line. */
  url(of: string): string {
    return Object.assign(new URL(of), { port: String((this.server.address() as AddressInfo).port) }).href;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private hold(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
const url = (scheme: string): string => urls[scheme]!;
const poller = (at: string): LivePoller => {
  const { db, log, sealing, takeRows, states } = stage;
  return new LivePoller(connector, { ...spec, pollSeconds: 0.05 }, {
    pool: db.pool, log, sealing, unitOfWork: new UnitOfWork(db.dataSource), logger: silentLogger, takeRows, states, clock: systemClock, divisions, secret: (name) => (name === spec.urlSecret ? at : undefined),
  });
};
const target = (at: string) => openTarget(connector, { secret: (name) => (name === spec.urlSecret ? at : undefined), clock: systemClock, divisions })!;
const write = () => [{ ref: uuidv7(Date.now()), recordType: 'person' as const, naturalKey: 'P1', columns: { MARRIAGE: '1' }, plannedAt: new Date() }];

beforeAll(async () => {
  stage = await intakeStage();
  connector = stage.connectors.find((c) => c.id === 'social-assistance')!;
  spec = connector.manifest.live[0] as SqlExchangeSpec;
  urls['postgres'] = stage.db.ownerUrl;
  const tables = connector.manifest.snapshot.tables.map((t) => ({ name: t.id, columns: t.read.columns.map(String) }));
  const out = { name: 'HUB_PEOPLE_UPDATE', columns: ['PEOPLE_ID', 'field', 'old', 'new', 'FLAG', 'ERR', 'CREATED'] };
  await stage.db.asOwner(async (c) => {
    await c.query('create schema social_assistance');
    for (const t of [...tables, out]) await c.query(`create table social_assistance."${t.name}" (${t.columns.map((column) => `"${column}" text`).join(', ')})`);
  });
  if (noMariadb !== undefined) return;
  mariadb = await MariadbServer.start();
  urls['mariadb'] = await mariadb.database('exchange');
  const client = await createConnection(url('mariadb').replace(/^mariadb:/, 'mysql:'));
  for (const t of [...tables, out]) await client.query(`create table ${t.name} (${t.columns.map((column) => `\`${column}\` text`).join(', ')})`);
  await client.end();
});
afterAll(async () => {
  await mariadb?.stop();
  await stage.end();
});

describe.each([{ scheme: 'postgres', missing: undefined }, { scheme: 'mariadb', missing: noMariadb }])('while a database ($scheme) says nothing', ({ scheme, missing }) => {
  const unlessMissing = missing === undefined ? it : it.skip;

  unlessMissing('to whoever connects, reading it ends with the hub', async () => {
    const line = await Line.to();
    const one = poller(line.url(url(scheme)));
    one.start();
    await until(() => line.callers > 0);
    expect(await took(() => one.close())).toBeLessThan(MOST_MS);
    await line.stop();
  });

  unlessMissing('to a question, reading it ends with the hub, and is no trouble of the system', async () => {
    const line = await Line.to(url(scheme));
    const one = poller(line.url(url(scheme)));
    const rounds = jest.spyOn(stage.states, 'report');
    one.start();
    await until(() => rounds.mock.calls.length > 0);
    line.mute = true;
    await until(() => line.unanswered > 0);
    expect(await took(() => one.close())).toBeLessThan(MOST_MS);
    expect(rounds.mock.calls.filter(([, , trouble]) => trouble !== undefined)).toEqual([]);
    rounds.mockRestore();
    await line.stop();
  });

  unlessMissing('to a question, whoever closes its source does not wait', async () => {
    const line = await Line.to(url(scheme));
    const source = new SqlExchangeSource(connector, spec, { secret: (name) => (name === spec.urlSecret ? line.url(url(scheme)) : undefined), clock: systemClock, divisions });
    expect(await source.readOne('P1')).toBeUndefined();
    line.mute = true;
    const asked = source.readOne('P1').then(() => undefined, (error: unknown) => error);
    await until(() => line.unanswered > 0);
    expect(await took(() => source.close())).toBeLessThan(MOST_MS);
    expect(await asked).toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE' });
    await line.stop();
  });

  unlessMissing('to a write, writing to it ends with the hub; the write is known again later', async () => {
    const line = await Line.to(url(scheme));
    const channel = target(line.url(url(scheme)));
    const stop = new AbortController();
    const items = write();
    expect(await channel.write(items, stop.signal)).toEqual([{ outcome: 'accepted', token: expect.any(String) }]);
    line.mute = true;
    const written = channel.write(items, stop.signal).then(() => undefined, (error: unknown) => error);
    await until(() => line.unanswered > 0);
    expect(await took(async () => {
      stop.abort();
      expect(await written).toMatchObject({ code: 'YICI_TARGET_UNREACHABLE' });
      await channel.close!();
    })).toBeLessThan(MOST_MS);
    await line.stop();
    const again = target(url(scheme));
    expect(await again.write(items, new AbortController().signal)).toEqual([{ outcome: 'accepted', token: expect.any(String) }]);
    await again.close!();
  });

  unlessMissing('for a moment, a write that was begun when the hub closes still ends well', async () => {
    const line = await Line.to(url(scheme));
    const channel = target(line.url(url(scheme)));
    const stop = new AbortController();
    await channel.write(write(), stop.signal);
    const written = channel.write(write(), stop.signal);
    stop.abort();
    await sleep(10);
    expect(await written).toEqual([{ outcome: 'accepted', token: expect.any(String) }]);
    await channel.close!();
    await line.stop();
  });
});
