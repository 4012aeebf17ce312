import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Connector } from '#libs/connector-sdk/connector';
import type { PolledSpec } from '#libs/connector-sdk/open-source';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { LivePoller } from '#libs/intake/live-poller';
import { systemClock } from '#libs/kernel/clock';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { Divisions } from '#libs/values/divisions';
import { intakeStage, type IntakeStage } from '#test/support/intake-stage';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

let stage: IntakeStage;
let silent: Server;
let asked = 0;

beforeAll(async () => {
  stage = await intakeStage();
  // Takes a request and never answers it.
  silent = createServer(() => (asked += 1));
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  silent.closeAllConnections();
  await new Promise((done) => silent.close(done));
  await stage.end();
});
beforeEach(() => stage.db.asOwner(async (c) => { await c.query('truncate connector_state'); }));

const folder = (id: string): Connector => stage.connectors.find((c) => c.id === id)!;
const state = (system: string) => stage.one<{ state: string; code: string | null } | undefined>('select state, code from connector_state where system = $1', [system]);
function poller(connector: Connector, spec: PolledSpec, secrets: Readonly<Record<string, string>>): LivePoller {
  const { db, log, sealing, takeRows, states } = stage;
  return new LivePoller(connector, spec, {
    pool: db.pool, log, sealing, unitOfWork: new UnitOfWork(db.dataSource), logger: silentLogger, takeRows, states, clock: systemClock,
    divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'), secret: (name) => secrets[name],
  });
}

describe('a system that is asked', () => {
  it('is in no trouble because the hub stops while it answers', async () => {
    const connector = folder('smart-community');
    const spec = connector.manifest.live.find((l) => l.protocol === 'rest-list')!;
    const { port } = silent.address() as AddressInfo;
    const one = poller(connector, { ...spec, timeoutSeconds: 60 }, { YICI_SMART_COMMUNITY_URL: `http://127.0.0.1:${port}`, YICI_SMART_COMMUNITY_API_TOKEN: 'x' });
    one.start();
    await until(() => asked > 0);
    await one.close();
    expect(await state('smart-community')).toBeUndefined();
  });

  it('keeps the trouble of one of its streams, however well another of the same protocol is read', async () => {
    const connector = folder('social-assistance');
    const spec = connector.manifest.live[0] as SqlExchangeSpec;
    for (const table of connector.manifest.snapshot.tables) {
      await stage.db.asOwner(async (c) => {
        await c.query(`create schema if not exists social_assistance; create table social_assistance."${table.id}" (${table.read.columns.map((column) => `"${String(column)}" text`).join(', ')})`);
      });
    }
    const [families, people] = spec.tables.map((table) => ({ ...spec, pollSeconds: 0.05, tables: [table] }));
    const secrets = { [spec.urlSecret]: stage.db.ownerUrl, DEAD: 'postgres://127.0.0.1:1/none' };
    const [dead, good] = [poller(connector, { ...families!, urlSecret: 'DEAD' }, secrets), poller(connector, people!, secrets)];
    dead.start();
    await until(async () => (await state('social-assistance'))?.state === 'disabled');
    const rounds = jest.spyOn(stage.states, 'report');
    good.start();
    await until(() => rounds.mock.calls.filter(([, , trouble]) => trouble === undefined).length >= 3);
    expect(await state('social-assistance')).toEqual({ state: 'disabled', code: 'YICI_SOURCE_UNREACHABLE' });
    rounds.mockRestore();
    await Promise.all([dead.close(), good.close()]);
  });
});
