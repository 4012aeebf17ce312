import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AccountStore } from '#libs/access/account-store';
import { systemClock } from '#libs/kernel/clock';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import { startCorrections } from '#libs/synthetic/simulators/corrections-simulator';
import type { Fault } from '#libs/synthetic/simulators/faults';
import type { Simulator } from '#libs/synthetic/simulators/simulator';
import { caller } from '#test/support/http-hub';
import { essence, liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const SYSTEM = 'corrections';
const keyOf = (rectnum: string): string => `${SYSTEM}:person:${rectnum}`;

let live: LiveHub<{ corrections: typeof startCorrections }>;
let office: Simulator;
/** Somebody the register knows as well. */
let rectnum: string;

const flags = (): Promise<Record<string, string | null>[]> => live.sql('select distinct "TBBZ" from corrections."T_JZRY" order by 1');
const record = async (key: string) => (await live.records(SYSTEM)).get(keyOf(key));
const deliveries = () => live.deliveries(SYSTEM);
const enter = async (body: object): Promise<void> => live.enter(await live.entityOf(keyOf(rectnum)), body);
const next = (known: number, state: string) => live.delivered(SYSTEM, known, state);

beforeAll(async () => {
  live = await liveHub({ simulators: { corrections: startCorrections }, snapshots: ['hukou'], quick: true });
  office = live.simulators.corrections;
}, 120_000);
afterAll(() => live.close(), 60_000);

describe('the first connection', () => {
  it('reads every row whatever its flag says, and gives the very records of the snapshot', async () => {
    const { records, dead } = await live.arrived(SYSTEM);
    expect(essence(await live.records(SYSTEM))).toEqual(essence(records));
    // Of the dead rows of the file, SQL carries the one that only lacks its number.
    expect(dead).toHaveLength(3);
    expect(await live.letters(SYSTEM)).toEqual(dead.filter((code) => code === 'YICI_ROW_KEY_MISSING'));
  });

  it('sets TBBZ 1 behind it, and nothing else', async () => {
    await until(flags, (found) => !found.some((f) => f['TBBZ'] === '0'));
    expect((await flags()).map((f) => f['TBBZ'])).toEqual(['1', '9']);
    expect(await until(() => live.state(SYSTEM), (s) => s?.state === 'running')).toEqual({ state: 'running', code: null });
  });

  it('never asks for the charge', async () => {
    const { rows: letters } = await live.db.pool.query<{ sealed_bytes: Buffer }>('select sealed_bytes from dead_letter where system = $1', [SYSTEM]);
    expect(letters.map((l) => live.hub.parts.store.sealing.openText(l.sealed_bytes)).join()).not.toContain('ZM');
    await live.sql('alter table corrections."T_JZRY" drop column "ZM"');
    await office.change((await office.keys())[0]!, { LXDH: '13800000031' });
    await until(flags, (found) => !found.some((f) => f['TBBZ'] === '0'));
    await live.sql(`alter table corrections."T_JZRY" add column "ZM" text not null default ''`);
  });
});

describe('a change there', () => {
  it('arrives, and its flag is set again', async () => {
    const living = (r: AnySourceRecord) => r.recordType === 'person' && r.state === 'current' && r.test !== true && r.body.citizenId?.status === 'valid' && r.body.vitalStatus !== 'dead';
    const known = [...(await until(() => live.records('hukou'), (all) => [...all.values()].some(living))).values()].find(living);
    const { name, citizenId, birthDate } = (known as SourceRecord<'person'>).body;
    rectnum = await office.add({ XM: name!.value, SFZH: citizenId!.value, CSRQ: birthDate!.date, XB: '1', JZLB: '02' });
    await until(() => record(rectnum), (r) => r !== undefined);
    await office.change(rectnum, { LXDH: '13800000032' });
    await until(() => record(rectnum), (r) => JSON.stringify(r?.body).includes('13800000032'));
    await until(() => office.record(rectnum), (row) => row?.['TBBZ'] === '1');
  });

  it('that puts another person on the row makes another record; the former stays', async () => {
    const before = (await office.keys())[0]!;
    const body = (await record(before))!.body;
    await office.change(before, { RECTNUM: '99012026000000077', XM: '钱大成', SFZH: '' });
    await until(() => record('99012026000000077'), (r) => r !== undefined);
    expect((await record(before))!.body).toEqual(body);
  });
});

describe('what is entered once', () => {
  it('reaches T_HUB_OUT in its form, is picked up, and confirmed by the row that comes back', async () => {
    await live.connect(SYSTEM);
    const known = (await until(deliveries, (all) => all.every((d) => d.state !== 'waiting'))).length;
    await enter({ kind: 'phone', phone: '13900000033' });
    const done = await next(known, 'confirmed');
    const [row] = await live.sql('select * from corrections."T_HUB_OUT" where "LXDH" = $1', ['13900000033']);
    expect(row).toMatchObject({ RECTNUM: rectnum, LXDH: '13900000033', XZZ: null, SWBZ: null, TBBZ: '1', TBXX: null, GXSJ: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) });
    // The number is the time and counter of the delivery's own id.
    expect(Number(row!['ID'])).toBe(parseInt(done.id.slice(0, 8) + done.id.slice(9, 13), 16) * 4096 + parseInt(done.id.slice(15, 18), 16));
    expect(await office.record(rectnum)).toMatchObject({ LXDH: '13900000033' });
  });

  it('is written once though the answer is lost and the system echoes in its own spelling', async () => {
    const known = (await deliveries()).length;
    const before = (await live.sql('select 1 from corrections."T_HUB_OUT"')).length;
    office.faults.fail({ kind: 'lost-answer' }, 1);
    await enter({ kind: 'phone', phone: '13900000034' });
    await until(deliveries, (all) => all.length === known + 1);
    await until(() => office.record(rectnum), (row) => row?.['LXDH'] === '13900000034');
    office.faults.clear();
    office.faults.fail({ kind: 'echo' });
    await next(known, 'confirmed');
    await enter({ kind: 'phone', phone: '13900000035' });
    await until(() => office.record(rectnum), (row) => row?.['LXDH'] === '+86 139 0000 0035');
    await next(known + 1, 'confirmed');
    office.faults.clear();
    await live.drained();
    expect(await deliveries()).toHaveLength(known + 2);
    expect((await live.sql('select 1 from corrections."T_HUB_OUT"')).length).toBe(before + 2);
  });

  it('that the system refuses is rejected by flag and column, without the text that quotes it; a replay offers it again', async () => {
    const known = (await deliveries()).length;
    // A job of theirs that fails everything, and quotes it.
    await live.sql(`create function corrections.refuse() returns trigger language plpgsql as $$ begin if new."TBBZ" = '0' then new."TBBZ" := '9'; new."TBXX" := '号码有误 LXDH: ' || new."LXDH"; end if; return new; end $$`);
    await live.sql('create trigger refuse before insert or update on corrections."T_HUB_OUT" for each row execute function corrections.refuse()');
    await enter({ kind: 'phone', phone: '13900000036' });
    expect(await next(known, 'rejected')).toMatchObject({ reason: 'TBBZ 9: LXDH' });
    await live.sql('drop trigger refuse on corrections."T_HUB_OUT"');
    const [letter] = (await live.db.pool.query<{ id: string; reason: string }>(`select id, reason from dead_letter where system = $1 and stage = 'sending'`, [SYSTEM])).rows;
    expect(letter!.reason).not.toContain('139');
    // Who is outside the scope is told that there is nothing; a steward of the office of justice replays it.
    expect((await live.as('steward')('POST', `/dead-letters/${letter!.id}/replay`, { body: {} })).status).toBe(404);
    const account = { username: 'justice', password: 'a password for a test' };
    await new AccountStore(live.db.dataSource, systemClock).create({ ...account, displayName: 'justice', role: 'steward', communities: [], facetScopes: ['correction'] });
    const { token } = (await caller(live.hub.url)('POST', '/login', { body: { ...account, bearer: true } })).body as { token: string };
    const replayed = await caller(live.hub.url, { authorization: `Bearer ${token}` })('POST', `/dead-letters/${letter!.id}/replay`, { body: {} });
    expect(replayed.status).toBe(202);
    await next(known, 'confirmed');
    expect(await live.sql(`select count(*)::int as n from corrections."T_HUB_OUT" where "LXDH" = '13900000036'`)).toEqual([{ n: 1 }]);
    expect(await office.record(rectnum)).toMatchObject({ LXDH: '13900000036' });
  });
});

describe('the exchange database in trouble', () => {
  it.each<[string, Fault]>([['errors', { kind: 'error' }], ['cut connections', { kind: 'disconnect' }]])('%s show on its card alone; it is read and written again after', async (_what, fault) => {
    const known = (await deliveries()).length;
    office.faults.fail(fault);
    await office.change(rectnum, { XZZ: `枫丹苑${fault.kind === 'error' ? 61 : 62}栋1单元101室` });
    const phone = fault.kind === 'error' ? '13900000041' : '13900000042';
    await enter({ kind: 'phone', phone });
    expect(await until(() => live.state(SYSTEM), (s) => s?.state !== 'running')).toEqual({ state: 'disabled', code: 'YICI_SOURCE_UNREACHABLE' });
    await until(deliveries, (all) => all.slice(known).some((d) => d.reasonCode === 'retrying'));
    office.faults.clear();
    await next(known, 'confirmed');
    await until(() => record(rectnum), (r) => JSON.stringify(r?.body).includes(fault.kind === 'error' ? '"61"' : '"62"'));
    await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
  });

  it('a locked table only delays', async () => {
    office.faults.fail({ kind: 'busy' }, 2);
    await office.change(rectnum, { XZZ: '枫丹苑63栋1单元101室' });
    await until(() => record(rectnum), (r) => JSON.stringify(r?.body).includes('"63"'));
    office.faults.clear();
  });

  it('an account that may not set the flag, and a renamed column, are said in words of the database\'s owner', async () => {
    await live.sql('alter table corrections."T_JZRY" rename column "XZZ" to "XZDZ"');
    await until(() => live.state(SYSTEM), (s) => s?.code === 'YICI_LIVE_SCHEMA_DRIFT');
    await live.sql('alter table corrections."T_JZRY" rename column "XZDZ" to "XZZ"');
    await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
    await live.sql(`create role corrections_reader_${process.pid} login password 'x'; grant usage on schema corrections to corrections_reader_${process.pid}; grant select on all tables in schema corrections to corrections_reader_${process.pid}`);
    const url = new URL(office.environment['YICI_CORRECTIONS_DATABASE_URL']!);
    url.username = `corrections_reader_${process.pid}`;
    url.password = 'x';
    await live.restart({ YICI_CORRECTIONS_DATABASE_URL: url.href });
    await office.change(rectnum, { XZZ: '枫丹苑64栋1单元101室' });
    await until(() => live.state(SYSTEM), (s) => s?.code === 'YICI_DATABASE_FORBIDDEN');
    url.password = 'wrong';
    await live.restart({ YICI_CORRECTIONS_DATABASE_URL: url.href });
    await until(() => live.state(SYSTEM), (s) => s?.code === 'YICI_DATABASE_LOGIN');
    await live.restart();
    await until(() => record(rectnum), (r) => JSON.stringify(r?.body).includes('"64"'));
    await live.sql(`drop owned by corrections_reader_${process.pid}; drop role corrections_reader_${process.pid}`);
  });
});
