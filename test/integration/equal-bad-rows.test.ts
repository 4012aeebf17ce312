import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Connector } from '#libs/connector-sdk/connector';
import { LivePoller } from '#libs/intake/live-poller';
import { systemClock } from '#libs/kernel/clock';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { Divisions } from '#libs/values/divisions';
import { intakeStage, type IntakeStage } from '#test/support/intake-stage';
import { until } from '#test/support/until';

jest.setTimeout(60_000);

let stage: IntakeStage;
let grid: Connector;
let server: Server;

beforeAll(async () => {
  stage = await intakeStage();
  grid = stage.connectors.find((c) => c.id === 'grid')!;
  const columns = grid.manifest.snapshot.tables[0]!.read.columns.map(String);
  const row = (id: string, more: object): string => JSON.stringify({ ...Object.fromEntries(columns.map((c) => [c, null])), id, name: '张伟强', delFlag: '0', updateTime: '2026-06-01 10:00:00', ...more });
  const bad = row('2', { more: 1 });
  server = createServer((request, response) => {
    const second = new URL(request.url ?? '/', 'http://grid').searchParams.has('cursor');
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"items":[${bad},${row(second ? '3' : '1', {})},${bad}],"cursor":${second ? 'null' : '"second"'}}`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await stage.end();
});

it('equal bad rows of a list are a dead letter each, and what was read is what became of it', async () => {
  const { db, log, sealing, takeRows, states } = stage;
  const secrets: Record<string, string> = { YICI_GRID_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, YICI_GRID_SYNC_SECRET: 'sync' };
  const poller = new LivePoller(grid, { ...grid.manifest.live.find((l) => l.protocol === 'rest-list')!, pollSeconds: 0.05 }, {
    pool: db.pool, log, sealing, unitOfWork: new UnitOfWork(db.dataSource), logger: silentLogger, takeRows, states, clock: systemClock,
    divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'), secret: (name) => secrets[name],
  });
  poller.start();
  const letters = () => stage.one<{ letters: number; places: number; alike: number }>('select count(*)::int as letters, count(distinct origin_position)::int as places, count(distinct code)::int as alike from dead_letter');
  await until(letters, (now) => now.letters >= 4);
  const rounds = jest.spyOn(states, 'report');
  await until(() => Promise.resolve(rounds.mock.calls.length), (n) => n >= 3);
  rounds.mockRestore();
  await poller.close();
  expect(await letters()).toEqual({ letters: 4, places: 4, alike: 1 });
  expect(await stage.one('select rows_read::int, rows_accepted::int, rows_void::int, rows_dead::int from stream_rows')).toEqual({ rows_read: 6, rows_accepted: 2, rows_void: 0, rows_dead: 4 });
});
