import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { openTarget } from '#libs/connector-sdk/open-target';
import type { OutgoingItem, TargetChannel } from '#libs/connector-sdk/target-channel';
import { systemClock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { projectRoot } from '#libs/platform/project-root';
import { Divisions } from '#libs/values/divisions';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

jest.setTimeout(180_000);

let db: TestDatabase;
let owner: pg.Client;
const open: TargetChannel[] = [];

const target = (system: string, url = db.ownerUrl): TargetChannel => {
  const connector = loadConnector(path.join(projectRoot(), 'connectors', system));
  const made = openTarget(connector, { secret: (name) => (name.endsWith('_URL') ? url : undefined), clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n') })!;
  open.push(made);
  return made;
};
const signal = new AbortController().signal;
const item = (naturalKey: string, columns: OutgoingItem['columns'], more: Partial<OutgoingItem> = {}): OutgoingItem =>
  ({ ref: uuidv7(Date.now()), recordType: 'person', naturalKey, columns, plannedAt: new Date(), ...more });
const all = async (table: string, order: string): Promise<Record<string, string | null>[]> => (await owner.query(`select * from ${table} order by "${order}"`)).rows as Record<string, string | null>[];

beforeAll(async () => {
  db = await createTestDatabase();
  owner = new pg.Client({ connectionString: db.ownerUrl });
  await owner.connect();
  await owner.query(`create schema corrections; create table corrections."T_HUB_OUT" ("ID" bigint primary key, "RECTNUM" text not null, "XZZ" varchar(20), "LXDH" text, "SWBZ" text, "TBBZ" text not null, "TBXX" text, "GXSJ" timestamp)`);
  await owner.query(`create schema social_assistance; create table social_assistance."HUB_PEOPLE_UPDATE" ("PEOPLE_ID" text, field text, old text, "new" text, "FLAG" char(1) not null, "ERR" text, "CREATED" char(17), primary key ("PEOPLE_ID", field, "CREATED"))`);
});
afterAll(async () => {
  for (const channel of open) await channel.close?.();
  await owner.end();
  await db.drop();
});

describe('one row a write', () => {
  const table = 'corrections."T_HUB_OUT"';

  it('repeated changes nothing, and later writes have higher numbers', async () => {
    const channel = target('corrections');
    const items = [item('K1', { LXDH: '13900000001' }), item('K1', { LXDH: '13900000002', XZZ: '幸福家园3幢102室' }), item('K2', { SWBZ: '1' })];
    const answers = await channel.write(items, signal);
    expect(await channel.write(items, signal)).toEqual(answers);
    const rows = await all(table, 'ID');
    expect(rows.map((r) => [r['RECTNUM'], r['LXDH'], r['XZZ'], r['SWBZ'], r['TBBZ']])).toEqual([
      ['K1', '13900000001', null, null, '0'], ['K1', '13900000002', '幸福家园3幢102室', null, '0'], ['K2', null, null, '1', '0']]);
    expect(answers.map((a) => (a.outcome === 'accepted' ? a.token : a))).toEqual(rows.map((r) => r['ID']));
  });

  it('is acknowledged by its flag, in words without a value; what is gone was taken', async () => {
    const channel = target('corrections');
    const [taken, failed, waiting, gone] = (await channel.write(['A1', 'A2', 'A3', 'A4'].map((k) => item(k, { LXDH: '13900000003' })), signal)).map((a) => (a.outcome === 'accepted' ? a.token! : ''));
    await owner.query(`update ${table} set "TBBZ" = '1' where "ID" = $1`, [taken]);
    await owner.query(`update ${table} set "TBBZ" = '2', "TBXX" = '李秀英 LXDH 13900000003 XZZ 有误' where "ID" = $1`, [failed]);
    await owner.query(`delete from ${table} where "ID" = $1`, [gone]);
    expect(await channel.acknowledged!([taken!, failed!, waiting!, gone!], signal)).toEqual(new Map<string, unknown>([
      [taken!, { outcome: 'pickedUp' }], [failed!, { outcome: 'refused', detail: 'TBBZ 2: XZZ, LXDH' }], [gone!, { outcome: 'pickedUp' }]]));
  });

  it('is offered anew after a failure, and with newer values; taken once it is left alone', async () => {
    const channel = target('corrections');
    const write = item('B1', { LXDH: '13900000004' });
    await channel.write([write], signal);
    const state = async (): Promise<unknown[]> => (await all(table, 'ID')).filter((r) => r['RECTNUM'] === 'B1').map((r) => [r['LXDH'], r['TBBZ'], r['TBXX']]);
    await owner.query(`update ${table} set "TBBZ" = '9', "TBXX" = '有误' where "RECTNUM" = 'B1'`);
    await channel.write([write], signal);
    expect(await state()).toEqual([['13900000004', '0', null]]);
    await owner.query(`update ${table} set "TBBZ" = '1' where "RECTNUM" = 'B1'`);
    await channel.write([write], signal);
    expect(await state()).toEqual([['13900000004', '1', null]]);
    await channel.write([{ ...write, columns: { LXDH: '13900000005' } }], signal);
    expect(await state()).toEqual([['13900000005', '0', null]]);
  });

  it('steps over a number that another record has, and is refused alone when the table cannot hold it', async () => {
    const channel = target('corrections');
    const first = item('C1', { LXDH: '13900000006' });
    const other = { ...item('C2', { LXDH: '13900000007' }), ref: first.ref };
    const answers = await channel.write([first, other, item('C3', { XZZ: '长'.repeat(21) }), item('C4', { LXDH: '13900000008' })], signal);
    expect(answers.map((a) => a.outcome)).toEqual(['accepted', 'accepted', 'refused', 'accepted']);
    expect(answers[2]).toEqual({ outcome: 'refused', detail: 'the table cannot hold a value (22001)' });
    expect((await all(table, 'ID')).filter((r) => /^C/.test(r['RECTNUM']!)).map((r) => r['RECTNUM']).sort()).toEqual(['C1', 'C2', 'C4']);
  });

  it('survives a database that ends its connections, and says when it is away', async () => {
    const channel = target('corrections');
    await channel.write([item('D1', { LXDH: '13900000009' })], signal);
    await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'yici-exchange'`);
    const write = item('D2', { LXDH: '13900000010' });
    await channel.write([write], signal).catch(() => undefined);
    expect(await channel.write([write], signal)).toEqual([{ outcome: 'accepted', token: expect.any(String) }]);
    const away = new URL(db.ownerUrl);
    away.port = '1';
    await expect(target('corrections', away.href).write([write], signal)).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
    await expect(target('corrections', 'postgres://x:y@example.org/z').write([write], signal)).rejects.toMatchObject({ code: 'YICI_HOST_NOT_ALLOWED' });
  });
});

describe('one row a changed field', () => {
  const table = 'social_assistance."HUB_PEOPLE_UPDATE"';

  it('says what stood there; repeated changes nothing; one that failed is named and offered anew', async () => {
    const channel = target('social-assistance');
    const write = item('R1', { DEATH_FLAG: '1', MARRIAGE: '40' }, { held: { DEATH_FLAG: '0', MARRIAGE: '20' } });
    const [answer] = await channel.write([write], signal);
    expect(await channel.write([write], signal)).toEqual([answer]);
    const state = async () => (await all(table, 'field')).map((r) => [r['PEOPLE_ID'], r['field'], r['old'], r['new'], r['FLAG']]);
    expect(await state()).toEqual([['R1', 'DEATH_FLAG', '0', '1', '0'], ['R1', 'MARRIAGE', '20', '40', '0']]);
    const token = answer!.outcome === 'accepted' ? answer!.token! : '';
    const asked = async () => (await channel.acknowledged!([token], signal)).get(token);
    expect(await asked()).toBeUndefined();
    await owner.query(`update ${table} set "FLAG" = '1' where field = 'DEATH_FLAG'`);
    expect(await asked()).toBeUndefined();
    await owner.query(`update ${table} set "FLAG" = '9', "ERR" = '原值不符 MARRIAGE: 李秀英' where field = 'MARRIAGE'`);
    expect(await asked()).toEqual({ outcome: 'refused', detail: 'MARRIAGE FLAG 9' });
    await channel.write([write], signal);
    expect(await state()).toEqual([['R1', 'DEATH_FLAG', '0', '1', '1'], ['R1', 'MARRIAGE', '20', '40', '0']]);
    await owner.query(`update ${table} set "FLAG" = '1'`);
    expect(await asked()).toEqual({ outcome: 'pickedUp' });
  });

  it('writes all fields of a write or none', async () => {
    const channel = target('social-assistance');
    await owner.query(`alter table ${table} add constraint short check (length("new") < 3)`);
    expect(await channel.write([item('R2', { DEATH_FLAG: '1', MARRIAGE: '4000' })], signal)).toEqual([{ outcome: 'refused', detail: 'the table cannot hold a value (23514)' }]);
    expect((await all(table, 'field')).filter((r) => r['PEOPLE_ID'] === 'R2')).toEqual([]);
  });
});
