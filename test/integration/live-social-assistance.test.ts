import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import { startSocialAssistance } from '#libs/synthetic/simulators/social-assistance-simulator';
import type { Simulator } from '#libs/synthetic/simulators/simulator';
import { essence, liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const SYSTEM = 'social-assistance';
const keyOf = (key: string): string => `${SYSTEM}:person:${key}`;

let live: LiveHub<{ 'social-assistance': typeof startSocialAssistance }>;
let office: Simulator;
/** Somebody the register knows as well. */
let key: string;

const record = async (of: string) => (await live.records(SYSTEM)).get(keyOf(of)) as SourceRecord<'person'> | undefined;
const deliveries = () => live.deliveries(SYSTEM);
const living = (r: AnySourceRecord): boolean => r.recordType === 'person' && r.state === 'current' && r.test !== true && r.body.citizenId?.status === 'valid' && r.body.vitalStatus !== 'dead';

beforeAll(async () => {
  live = await liveHub({ simulators: { 'social-assistance': startSocialAssistance }, snapshots: ['hukou'], quick: true });
  office = live.simulators['social-assistance'];
}, 120_000);
afterAll(() => live.close(), 60_000);

describe('the first connection', () => {
  it('gives the very records of the snapshot: the newest row of each, with its family\'s address and aid', async () => {
    const { records, dead } = await live.arrived(SYSTEM);
    expect(essence(await live.records(SYSTEM))).toEqual(essence(records));
    // The one dead row of the file has too few columns: no table can hold it.
    expect(dead).toHaveLength(1);
    expect(await live.letters(SYSTEM)).toEqual([]);
    expect(await until(() => live.state(SYSTEM), (s) => s?.state === 'running')).toEqual({ state: 'running', code: null });
  });
});

describe('a change there', () => {
  it('of a person is a newer row; of a family it brings its people again', async () => {
    const known = [...(await until(() => live.records('hukou'), (all) => [...all.values()].some(living))).values()].find(living) as SourceRecord<'person'>;
    const family = (await office.record((await office.keys())[0]!))!['FAMILY_ID'] as string;
    key = await office.add({ NAME: known.body.name!.value, ID_CARD: known.body.citizenId!.value, BIRTHDAY: known.body.birthDate!.date.replaceAll('-', ''), SEX: known.body.sex ?? '', FAMILY_ID: family, MARRIAGE: '10' });
    await until(() => record(key), (r) => r !== undefined);
    await office.change(key, { TEL_MOBILE: '13800000051' });
    await until(() => record(key), (r) => r?.body.phones?.[0]?.number === '13800000051');
    await (office as unknown as { changeFamily(key: string, patch: object): Promise<void> }).changeFamily(family, { ADDRESS: '枫丹苑9栋3单元303室' });
    await until(() => record(key), (r) => r?.body.currentAddress?.building === '9' || r?.body.registeredAddress?.building === '9');
  });

  it('whose time is of another century moves no watermark: what follows is still found', async () => {
    const [first, second] = (await office.keys()) as [string, string];
    await office.change(first, { UPDATE_TIME: '29991231000000', TEL_MOBILE: '13800000052' });
    await until(() => record(first), (r) => r?.body.phones?.[0]?.number === '13800000052');
    await office.change(second, { TEL_MOBILE: '13800000053' });
    await until(() => record(second), (r) => r?.body.phones?.[0]?.number === '13800000053');
  });
});

describe('what is entered once', () => {
  it('reaches HUB_PEOPLE_UPDATE as one row a changed field, and is picked up', async () => {
    await live.connect(SYSTEM);
    const known = (await until(deliveries, (all) => all.every((d) => d.state !== 'waiting'))).length;
    await live.enter(await live.entityOf(keyOf(key)), { kind: 'move', direction: 'left' });
    const done = await live.delivered(SYSTEM, known, 'pickedUp');
    const sent = await live.sql(`select * from social_assistance."HUB_PEOPLE_UPDATE" where "PEOPLE_ID" = $1 and "field" = 'MOVED_OUT'`, [key]);
    expect(sent).toEqual([{ PEOPLE_ID: key, field: 'MOVED_OUT', old: '', new: '1', FLAG: '1', ERR: null, CREATED: expect.stringMatching(/^\d{17}$/) }]);
    const made = parseInt(done.id.slice(0, 8) + done.id.slice(9, 13), 16);
    expect(sent[0]!['CREATED']).toBe(new Date(made + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 17));
    expect(await live.sql('select * from social_assistance."PEOPLE_STATS" where "PEOPLE_ID" = $1', [key])).toEqual([{ PEOPLE_ID: key, field: 'MOVED_OUT', value: '1' }]);
    await live.drained();
    expect(await deliveries()).toHaveLength(known + 1);
  });
});

describe('the exchange database in trouble', () => {
  it('shows on its card, and is read again after', async () => {
    office.faults.fail({ kind: 'disconnect' });
    await office.change((await office.keys())[2]!, { TEL_MOBILE: '13800000054' });
    expect(await until(() => live.state(SYSTEM), (s) => s?.state !== 'running')).toEqual({ state: 'disabled', code: 'YICI_SOURCE_UNREACHABLE' });
    office.faults.clear();
    await until(() => live.state(SYSTEM), (s) => s?.state === 'running');
    const third = (await office.keys())[2]!;
    await until(() => record(third), (r) => r?.body.phones?.[0]?.number === '13800000054');
  });
});
