import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { openTarget } from '#libs/connector-sdk/open-target';
import type { OutgoingItem, TargetChannel } from '#libs/connector-sdk/target-channel';
import { systemClock } from '#libs/kernel/clock';
import type { AnySourceRecord } from '#libs/model/source-record';
import { contentText } from '#libs/store/record-content';
import type { Fault } from '#libs/synthetic/simulators/faults';
import { startHousing } from '#libs/synthetic/simulators/housing-simulator';
import type { Simulator, StartSimulator } from '#libs/synthetic/simulators/simulator';
import { Divisions } from '#libs/values/divisions';
import { liveHub, type LiveHub } from '#test/support/live-hub';
import { MariadbServer, noMariadb } from '#test/support/mariadb-server';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const SYSTEM = 'housing';
const signal = new AbortController().signal;

/** What a record says, and its ID within the order: when it was noticed differs from a snapshot's date. */
function sayings(records: ReadonlyMap<string, AnySourceRecord>): string[] {
  return [...records].map(([key, r]) => `${key} ${r.order.split('|').at(-1)!} ${r.state} ${contentText(r)}`).sort();
}

const databases = [{ database: 'PostgreSQL', missing: undefined }, { database: 'MariaDB', missing: noMariadb }] as const;

// The same on both; a database that is not installed is reported skipped, with its reason.
for (const { database, missing } of databases) {
  (missing === undefined ? describe : describe.skip)(`housing on ${database}${missing === undefined ? '' : `: ${missing}`}`, () => {
    let live: LiveHub<{ housing: StartSimulator }>;
    let bureau: Simulator;
    let mariadb: MariadbServer | undefined;
    let titles: DataSource;
    let target: TargetChannel;

    const record = async (key: string) => (await live.records(SYSTEM)).get(`${SYSTEM}:${key.includes('#') ? 'person' : 'dwelling'}:${key}`);
    const wait = (key: string, holds: (r: AnySourceRecord | undefined) => boolean) => until(() => record(key), holds);
    const item = (naturalKey: string, residents: number | undefined, more: Partial<OutgoingItem> = {}): OutgoingItem => ({
      ref: `ref-${naturalKey}-${residents}`, recordType: 'dwelling', naturalKey, columns: { ...(residents !== undefined && { residents }), households: 1 }, plannedAt: new Date(), ...more,
    });

    beforeAll(async () => {
      mariadb = database === 'MariaDB' ? await MariadbServer.start() : undefined;
      const url = await mariadb?.database('housing');
      live = await liveHub({ simulators: { housing: (context) => startHousing(url === undefined ? context : { ...context, databaseUrl: url }) }, quick: true });
      bureau = live.simulators.housing;
      titles = new DataSource(url === undefined ? { type: 'postgres', url: live.db.ownerUrl, schema: 'housing' } : { type: 'mysql', url: url.replace('mariadb:', 'mysql:') });
      await titles.initialize();
      const connector = loadConnector(path.join(live.dir, 'connectors', SYSTEM));
      target = openTarget(connector, { secret: (name) => bureau.environment[name], clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n') })!;
    }, 150_000);
    afterAll(async () => {
      await target.close?.();
      await titles.destroy();
      await live.close();
      await mariadb?.stop();
    }, 60_000);

    const remove = (key: string): Promise<unknown> => titles.query(database === 'MariaDB' ? 'delete from `T_FWCQ` where `FWBM` = ?' : 'delete from "housing"."T_FWCQ" where "FWBM" = $1', [key]);

    it('brings at first the very records of the snapshot', async () => {
      const { records, dead } = await live.arrived(SYSTEM);
      expect(sayings(await live.records(SYSTEM))).toEqual(sayings(records));
      // Of the dead rows of the file SQL carries the one that only lacks its house code.
      expect(await live.letters(SYSTEM)).toEqual(dead.filter((code) => code === 'YICI_ROW_KEY_MISSING'));
      expect(await until(() => live.state(SYSTEM), (s) => s?.state === 'running')).toEqual({ state: 'running', code: null });
    });

    it('brings a sale, and withdraws the second seller', async () => {
      const sold = [...(await live.records(SYSTEM)).keys()].find((k) => k.endsWith('#2'))!.split(':')[2]!.split('#')[0]!;
      await bureau.add({ FWBM: sold, CQRXM: '钱大成', CQRZJH: '9901**********0011' });
      await wait(`${sold}#1`, (r) => JSON.stringify(r?.body).includes('钱大成'));
      await wait(`${sold}#2`, (r) => r?.state === 'withdrawn');
      await bureau.add({ FWBM: sold, CQRXM: '钱大成、孙小美', CQRZJH: '9901**********0011;9901**********0022' });
      await wait(`${sold}#2`, (r) => r?.state === 'current' && JSON.stringify(r.body).includes('孙小美'));
    });

    it('finds a row that was rewritten without a trace, also back to what it was', async () => {
      const key = (await bureau.keys())[4]!;
      const before = (await bureau.record(key))!;
      await bureau.change(key, { CQRXM: '李秀英', MJ: '88.88' });
      await wait(key, (r) => JSON.stringify(r?.body).includes('88.88'));
      await wait(`${key}#1`, (r) => JSON.stringify(r?.body).includes('李秀英'));
      await bureau.change(key, { CQRXM: before['CQRXM'], MJ: before['MJ'] });
      await wait(key, (r) => !JSON.stringify(r?.body).includes('88.88'));
    });

    it('withdraws a house that is gone with its owners, and takes it back when it returns, over a restart of the hub', async () => {
      const key = (await bureau.keys())[7]!;
      const row = (await bureau.record(key))!;
      await remove(key);
      await wait(key, (r) => r?.state === 'withdrawn');
      await wait(`${key}#1`, (r) => r?.state === 'withdrawn');
      await live.restart();
      await live.drained();
      const published = async (): Promise<number> => Number((await live.db.pool.query<{ n: string }>(`select coalesce(sum(rows_read), 0) as n from stream_rows where system = $1`, [SYSTEM])).rows[0]!.n);
      await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
      const before = await published();
      await bureau.add({ ...row, FWBM: key });
      await wait(key, (r) => r?.state === 'current');
      await wait(`${key}#1`, (r) => r?.state === 'current');
      // A restart does not hand out the whole view again.
      expect((await published()) - before).toBeLessThan(20);
    });

    it('withdraws nothing when far too much is missing at once, and says so', async () => {
      // Another owner of the house that came back may still be on the log.
      await live.drained();
      const held = [...(await live.records(SYSTEM)).values()].filter((r) => r.state === 'current').length;
      await titles.query(database === 'MariaDB' ? 'rename table `T_FWCQ` to `T_FWCQ_GONE`' : 'alter table "housing"."T_FWCQ" rename to "T_FWCQ_GONE"');
      await titles.query(database === 'MariaDB' ? 'create table `T_FWCQ` like `T_FWCQ_GONE`' : 'create table "housing"."T_FWCQ" (like "housing"."T_FWCQ_GONE")');
      await titles.query(database === 'MariaDB' ? 'create or replace view `V_FWCQ` as select * from `T_FWCQ`' : 'create or replace view "housing"."V_FWCQ" as select * from "housing"."T_FWCQ"');
      await until(() => live.state(SYSTEM), (s) => s?.code === 'YICI_SOURCE_SHRUNK');
      expect([...(await live.records(SYSTEM)).values()].filter((r) => r.state === 'current')).toHaveLength(held);
      await titles.query(database === 'MariaDB' ? 'create or replace view `V_FWCQ` as select * from `T_FWCQ_GONE`' : 'create or replace view "housing"."V_FWCQ" as select * from "housing"."T_FWCQ_GONE"');
      await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
      await titles.query(database === 'MariaDB' ? 'drop table `T_FWCQ`' : 'drop table "housing"."T_FWCQ"');
      await titles.query(database === 'MariaDB' ? 'rename table `T_FWCQ_GONE` to `T_FWCQ`' : 'alter table "housing"."T_FWCQ_GONE" rename to "T_FWCQ"');
      await titles.query(database === 'MariaDB' ? 'create or replace view `V_FWCQ` as select * from `T_FWCQ`' : 'create or replace view "housing"."V_FWCQ" as select * from "housing"."T_FWCQ"');
    });

    it('takes both counts of a house, once, and nobody\'s name', async () => {
      const [first, second] = (await bureau.keys()) as [string, string];
      const one = item(first, 3);
      expect(await target.write([one, item('9'.repeat(25), 2), item(second, undefined, { held: { residents: '4' } })], signal)).toEqual([
        { outcome: 'accepted' }, { outcome: 'noRecord' }, { outcome: 'accepted' }]);
      expect(await target.write([one], signal)).toEqual([{ outcome: 'accepted' }]);
      expect((await bureau.written()).map(({ key, columns, answer }) => ({ key, columns, answer }))).toEqual(expect.arrayContaining([
        { key: first, columns: { residents: 3, households: 1 }, answer: 'taken' }, { key: second, columns: { residents: 4, households: 1 }, answer: 'taken' }]));
      expect(await bureau.written()).toHaveLength(2);
      expect(await target.write([item(first, -1), one], signal)).toEqual([{ outcome: 'refused', detail: 'HTTP 422: residents' }, { outcome: 'accepted' }]);
    });

    it.each<[string, Fault, string]>([
      ['HTTP 500', { kind: 'error' }, 'YICI_TARGET_UNREACHABLE'], ['busy', { kind: 'busy' }, 'YICI_TARGET_UNREACHABLE'], ['a cut connection', { kind: 'disconnect' }, 'YICI_TARGET_UNREACHABLE'],
      ['a page of HTML with HTTP 200', { kind: 'html' }, 'YICI_TARGET_UNREACHABLE'], ['a redirect', { kind: 'redirect', to: 'http://example.org/' }, 'YICI_REDIRECT_REFUSED'],
      ['a lost answer', { kind: 'lost-answer' }, 'YICI_TARGET_UNREACHABLE'],
    ])('%s is tried again, to one effect', async (_what, fault, code) => {
      const before = (await bureau.written()).length;
      const key = (await bureau.keys())[9]!;
      const write = item(key, 10 + before);
      bureau.faults.fail(fault, 1);
      await expect(target.write([write], signal)).rejects.toMatchObject({ code, retriable: true });
      expect(await target.write([write], signal)).toEqual([{ outcome: 'accepted' }]);
      expect(await bureau.written()).toHaveLength(before + 1);
    });

    it('a database that cuts its connections shows on its card, and is read again after', async () => {
      const key = (await bureau.keys())[11]!;
      bureau.faults.fail({ kind: 'disconnect' });
      await until(() => live.state(SYSTEM), (s) => s?.code === 'YICI_SOURCE_UNREACHABLE');
      bureau.faults.clear();
      await bureau.change(key, { MJ: '77.77' });
      await wait(key, (r) => JSON.stringify(r?.body).includes('77.77'));
      // Said when the whole reading has come to its end.
      expect(await until(() => live.state(SYSTEM), (s) => s?.state === 'running')).toEqual({ state: 'running', code: null });
    });
  });
}
