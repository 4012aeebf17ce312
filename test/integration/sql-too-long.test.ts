import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createConnection, type Connection } from 'mysql2/promise';
import pg from 'pg';
import type { Connector } from '#libs/connector-sdk/connector';
import { openSqlSource } from '#libs/connector-sdk/protocols/sql-source';
import { sqlError } from '#libs/connector-sdk/protocols/sql-fault';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { LivePoller } from '#libs/intake/live-poller';
import { systemClock } from '#libs/kernel/clock';
import { silentLogger } from '#libs/platform/logger';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { Divisions } from '#libs/values/divisions';
import { intakeStage, type IntakeStage } from '#test/support/intake-stage';
import { MariadbServer, noMariadb } from '#test/support/mariadb-server';
import { until } from '#test/support/until';

// A cell of 100 MB, as a careless job writes one, and a server that answers without end: neither may be held in memory, and what lies beside it is read.
jest.setTimeout(240_000);

const MIB = 1024 * 1024;
const HUGE = 100 * MIB;
/** Rows beside the huge ones. */
const GOOD = 600;
const databases = [{ database: 'PostgreSQL', missing: undefined }, { database: 'MariaDB', missing: noMariadb }] as const;

let stage: IntakeStage;
let mariadb: MariadbServer | undefined;

/** The most memory of this process at once while `work` runs, beyond what it began with. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  // The kernel keeps the peak; 5 begins it anew.
  const status = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
  writeFileSync('/proc/self/clear_refs', '5');
  const before = status('VmRSS');
  await work();
  return status('VmHWM') - before;
}

beforeAll(async () => {
  stage = await intakeStage();
  if (noMariadb === undefined) mariadb = await MariadbServer.start();
});
afterAll(async () => {
  await mariadb?.stop();
  await stage.end();
});

interface Exchange {
  url: string;
  run(sql: string): Promise<void>;
  quote: string;
  end(): Promise<void>;
}
async function exchange(database: string): Promise<Exchange> {
  if (database === 'PostgreSQL') {
    const client = new pg.Client({ connectionString: stage.db.ownerUrl });
    await client.connect();
    await client.query('create schema exchange');
    return { url: stage.db.ownerUrl, run: async (sql) => void (await client.query(sql)), quote: '"', end: () => client.end() };
  }
  const url = await mariadb!.database('exchange');
  const client: Connection = await createConnection(url.replace(/^mariadb:/, 'mysql:'));
  return { url, run: async (sql) => void (await client.query(sql)), quote: '`', end: () => client.end() };
}

describe.each(databases)('in $database', ({ database, missing }) => {
  const unlessMissing = missing === undefined ? it : it.skip;
  let there: Exchange;
  let connector: Connector;
  let spec: SqlExchangeSpec;
  const name = (text: string): string => `${there.quote}${text}${there.quote}`;
  const table = (text: string): string => (database === 'PostgreSQL' ? `exchange.${name(text)}` : name(text));
  const [people, families] = ['BASEINFO_PEOPLE', 'BASEINFO_FAMILY'];

  beforeAll(async () => {
    if (missing !== undefined) return;
    there = await exchange(database);
    connector = stage.connectors.find((c) => c.id === 'social-assistance')!;
    spec = { ...(connector.manifest.live[0] as SqlExchangeSpec), schema: 'exchange', pollSeconds: 0.05 };
    const text = database === 'PostgreSQL' ? 'text' : 'longtext';
    for (const t of connector.manifest.snapshot.tables) await there.run(`create table ${table(t.id)} (${t.read.columns.map((c) => `${name(String(c))} ${text}`).join(', ')})`);
    const insert = (t: string, row: Record<string, string>): Promise<void> => there.run(`insert into ${table(t)} (${Object.keys(row).map(name).join(', ')}) values (${Object.values(row).join(', ')})`);
    await insert(families!, { FAMILY_ID: "'F1'", UPDATE_TIME: "'20260101000000'" });
    const row = (id: string, more: Record<string, string> = {}) => insert(people!, { PEOPLE_ID: `'${id}'`, FAMILY_ID: "'F1'", NAME: "'张伟强'", UPDATE_TIME: "'20260102000000'", ...more });
    for (let i = 0; i < GOOD; i++) await row(`P${i}`);
    const huge = `repeat('x', ${HUGE})`;
    await row('H1', { NAME: huge });
    await row('H2', { PEOPLE_ID: huge });
    await row('H3', { UPDATE_TIME: huge });
  });
  afterAll(async () => {
    await there?.end();
    await stage.db.asOwner(async (c) => void (await c.query('truncate connector_state, dead_letter, stream_rows, watermark')));
    stage.log.published.length = 0;
  });

  unlessMissing('rows with a cell of 100 MB are dead letters, each once, and all others are read; the memory stays flat', async () => {
    const { db, log, sealing, takeRows, states } = stage;
    const poller = new LivePoller(connector, spec, {
      pool: db.pool, log, sealing, unitOfWork: new UnitOfWork(db.dataSource), logger: silentLogger, takeRows, states, clock: systemClock,
      divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'), secret: (variable) => (variable === spec.urlSecret ? there.url : undefined),
    });
    const rows = () => stage.one<{ read: number; accepted: number; dead: number } | undefined>(
      "select rows_read::int as read, rows_accepted::int as accepted, rows_dead::int as dead from stream_rows where stream = 'sql:BASEINFO_PEOPLE'");
    const peak = await peakOf(async () => {
      poller.start();
      await until(rows, (now) => now !== undefined && now.dead >= 3);
      const rounds = jest.spyOn(states, 'report');
      await until(() => rounds.mock.calls.length, (n) => n >= 2);
      rounds.mockRestore();
    });
    await poller.close();
    expect(await rows()).toEqual({ read: GOOD + 3, accepted: GOOD, dead: 3 });
    expect(await stage.one("select count(*)::int as letters, count(distinct origin_position)::int as places, min(code) as code, max(length(sealed_bytes)) < 4096 as small from dead_letter"))
      .toEqual({ letters: 3, places: 3, code: 'YICI_ROW_TOO_LONG', small: true });
    // Trouble of three rows is no trouble of the system.
    expect(await stage.one("select count(*)::int as troubled from connector_state where state <> 'running'")).toEqual({ troubled: 0 });
    expect(peak).toBeLessThan(HUGE);
  });

  unlessMissing('what is kept of such a row is never read as if it were the row', async () => {
    const letter = await stage.one<{ id: string }>("select id from dead_letter where code = 'YICI_ROW_TOO_LONG' limit 1");
    const before = stage.log.published.length;
    await stage.replays.replay(letter.id).catch(() => undefined);
    expect(stage.log.published.length).toBe(before);
    expect(await stage.one('select replayed_at from dead_letter where id = $1', [letter.id])).toEqual({ replayed_at: null });
  });

  unlessMissing('an answer without end is cut while it comes, and the next question is answered', async () => {
    const source = await openSqlSource({ url: there.url, schema: 'exchange', allowedHosts: ['127.0.0.1'], as: 'source' });
    try {
      for (const text of [`select repeat('x', ${3 * HUGE / 2}) as a`, `select x.a from (select repeat('x', 1000) as a) x, (${numbers(database)}) n`]) {
        let error: unknown;
        const peak = await peakOf(async () => {
          error = await source.read({ text, values: [] }).then(() => undefined, (e: unknown) => sqlError(e, 'source'));
        });
        expect(error).toMatchObject({ code: 'YICI_ANSWER_TOO_LARGE', retriable: true });
        expect(peak).toBeLessThan(1.5 * HUGE);
      }
      expect(await source.read({ text: 'select 1 as n', values: [] })).toEqual([{ n: '1' }]);
    } finally {
      await source.close();
    }
  });
});

/** A million rows and more. */
function numbers(database: string): string {
  return database === 'PostgreSQL' ? 'select generate_series(1, 1000000) as n' : 'select seq as n from seq_1_to_1000000';
}
