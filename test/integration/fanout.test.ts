/** Longer than most: one stage of persons and one grid serve every promise of fan-out, and starting them anew costs more than the tests. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fetch } from 'undici';
import type { AgreementFilter } from '#libs/fanout/agreement-store';
import { ChangePlanner } from '#libs/fanout/change-planner';
import { EchoConfirmer } from '#libs/fanout/echo-confirmer';
import { FirstConnections } from '#libs/fanout/first-connections';
import { Receipts } from '#libs/fanout/receipts';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '#libs/connector-sdk/target-channel';
import { TargetSender, type FanoutNews } from '#libs/fanout/target-sender';
import type { DeadLetterRaised, TargetKeyMinted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Address } from '#libs/model/values';
import { silentLogger } from '#libs/platform/logger';
import { fanoutStage, nameOf, personRecord, TinyGrid, type FanoutStage } from '#test/support/fanout-stage';

const OLD_HOME: Address = { raw: '幸福家园3幢301', division: '990101001001', estate: '幸福家园', building: '3', room: '301' };
const NEW_HOME: Address = { raw: '机械厂新村1幢102', division: '990101001002', estate: '机械厂新村', building: '1', room: '102' };
const ID = { status: 'valid' as const, value: '990101196203150315' };
const BORN = { date: '1962-03-15', precision: 'day' as const, calendar: 'gregorian' as const };

let stage: FanoutStage;
let server: TinyGrid;
let minted: TargetKeyMinted[];
let readBack: AnySourceRecord[];
let told: DeadLetterRaised[];
let n = 0;

const news: FanoutNews = {
  minted: (events) => { minted.push(...events); return Promise.resolve(); },
  readBack: (records) => { readBack.push(...records); return Promise.resolve(); },
  deadLetters: (raised) => { told.push(...raised); return Promise.resolve(); },
};

/** The wire of the tiny grid: POST /api/population/sync. */
class FetchChannel implements TargetChannel {
  readonly maxItems = 100;
  afterWrite: (() => void) | undefined;

  async write(items: readonly OutgoingItem[], signal: AbortSignal): Promise<ItemAnswer[]> {
    const response = await fetch(`${server.url}/api/population/sync`, { method: 'POST', signal, body: JSON.stringify(items.map((i) => ({ ref: i.ref, id: i.naturalKey ?? null, ...i.columns }))) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const answers = (await response.json()) as { id: string; code: number }[];
    this.afterWrite?.();
    return answers.map((a) => (a.code === 0 ? { outcome: 'accepted', naturalKey: a.id } : a.code === 409 ? { outcome: 'conflict' } : { outcome: 'refused', detail: `${a.code}` }));
  }

  async readBack(naturalKey: string): Promise<AnySourceRecord | undefined> {
    const response = await fetch(`${server.url}/api/population/${naturalKey}`);
    return response.ok ? gridRecord(naturalKey, { order: '9', observedAt: new Date(stage.clock.now()).toISOString() }) : undefined;
  }
}

const gridRecord = (key: string, more: Partial<AnySourceRecord> = {}) =>
  personRecord('grid', key, { name: nameOf('张伟强'), citizenId: ID, currentAddress: OLD_HOME, phones: [{ number: '13000000001' }] }, more as object);
const hukouRecord = (key: string) => personRecord('hukou', key, { name: nameOf('张伟强'), citizenId: ID, registeredAddress: OLD_HOME, vitalStatus: 'alive' });
const move = (entry: string) => personRecord('hub', entry, { currentAddress: NEW_HOME, residency: 'present' }, { sourceTime: '2026-07-01T00:00:00+08:00', order: '2026-07-01T08:00:00+08:00' });

let channel: FetchChannel;
const sender = () => new TargetSender(stage.grid, channel, stage.store, news, silentLogger, () => 0);
const signal = new AbortController().signal;
const plan = (target: 'grid' | 'hukou', ...messages: Parameters<ChangePlanner['plan']>[0]) => new ChangePlanner(stage.store, stage[target]).plan(messages);
const deliveries = (cause: string) => stage.store.deliveries.list({ cause, limit: 100 });
const entityId = () => `p-${++n}`;
const receipts = () => new Receipts(stage.store, [stage.hukou, stage.grid]);

const agreements = (decision: 'approve' | 'revoke', filter: AgreementFilter) => stage.store.unitOfWork.run((tx) => stage.store.agreements[decision](tx, filter, 'test'));
const revoke = async (filter: AgreementFilter): Promise<string[]> => (await agreements('revoke', filter)).map((a) => a.id);
const approve = async (...ids: string[]): Promise<void> => { for (const id of ids) await agreements('approve', { id }); };

/** A person known to hukou and grid who moves by a worker's entry. */
async function moved(options: { grid?: string[]; hukou?: string } = {}) {
  const id = entityId();
  const entry = `entry-${n}`;
  const keys = options.grid ?? [`g${n}`];
  await stage.person(id, ...keys.map((k) => gridRecord(k)), ...(options.hukou === undefined ? [] : [hukouRecord(options.hukou)]), move(entry));
  return { id, entry, keys, message: stage.change(id, 2, ['currentAddress', 'residency'], [`hub:person:${entry}`]) };
}

jest.setTimeout(180_000);

beforeAll(async () => {
  stage = await fanoutStage();
  server = await TinyGrid.start();
}, 60_000);
afterAll(async () => {
  await server.close();
  await stage.close();
}, 30_000);
beforeEach(() => {
  minted = [];
  readBack = [];
  told = [];
  channel = new FetchChannel();
  server.failures = [];
});

describe('an entry of a move', () => {
  it('is written to every grid record of the person, once, with the differences only', async () => {
    const m = await moved({ grid: ['g-a', 'g-b'] });
    expect(await plan('grid', m.message)).toBe(2);
    expect(await plan('grid', m.message)).toBe(0);
    expect(await sender().sendDue(signal)).toBe(2);
    expect(await sender().sendDue(signal)).toBe(0);
    expect(server.rows.get('g-a')).toMatchObject({ writes: 1, columns: { residence: '990101001002' } });
    expect(Object.keys(server.rows.get('g-b')!.columns).sort()).toEqual(['residence', 'residencedetail']);
    expect((await receipts().receiptFor(m.entry)).find((l) => l.target === 'grid')).toMatchObject({ state: 'written', records: 2 });
  });

  it('is confirmed when the grid sends the values back, and the echo writes nothing again', async () => {
    const m = await moved();
    await plan('grid', m.message);
    await sender().sendDue(signal);
    stage.clock.advance(1000);
    const echo = { ...gridRecord(m.keys[0]!, { order: '5', observedAt: new Date(stage.clock.now()).toISOString() }), body: { name: nameOf('张伟强'), citizenId: ID, currentAddress: { ...NEW_HOME, raw: 'as the grid spells it' } }, hubOrigin: ['currentAddress'] };
    expect(await new EchoConfirmer(stage.store, new Set(['grid'])).confirm([echo])).toBe(1);
    expect((await deliveries(m.entry)).map((d) => d.state)).toEqual(['confirmed']);
    await stage.person(m.id, echo);
    await plan('grid', stage.change(m.id, 3, ['phones'], [`grid:person:${m.keys[0]}`]));
    expect(await sender().sendDue(signal)).toBe(0);
  });

  it('has no second effect when the process dies between the write and its commit', async () => {
    const m = await moved();
    await plan('grid', m.message);
    channel.afterWrite = () => { throw new Error('killed'); };
    // The answer never arrives: to the sender the target was away, to the grid the write happened.
    await sender().sendDue(signal);
    channel.afterWrite = undefined;
    stage.clock.advance(60_000);
    await sender().sendDue(signal);
    expect(server.rows.get(m.keys[0]!)!.writes).toBe(1);
    expect((await deliveries(m.entry)).map((d) => d.state)).toEqual(['written']);
  });

  it('drops nothing on the grid when no agreement gives it, and says why', async () => {
    const m = await moved();
    const ids = await revoke({ provider: 'hub', target: 'grid', field: 'currentAddress' });
    expect(await plan('grid', m.message)).toBe(0);
    expect((await receipts().receiptFor(m.entry)).find((l) => l.target === 'grid')).toMatchObject({ state: 'notShared', reasonCode: 'agreementRevoked', zh: '共享协议已撤销' });
    await approve(...ids);
  });

  it('stays kept back by a revoked agreement until that one is approved by its id', async () => {
    const ids = await revoke({ provider: 'hub', target: 'grid', field: 'currentAddress' });
    for (const filter of [{ target: 'grid' }, { provider: 'hub', target: 'grid', field: 'currentAddress' }, {}]) expect(await agreements('approve', filter)).toEqual([]);
    await expect(agreements('approve', { target: 'grid', state: 'revoked' })).rejects.toMatchObject({ code: 'YICI_SHARING_REVOKED_BY_ID' });
    expect((await agreements('approve', { id: ids[0] })).map((a) => a.state)).toEqual(['approved']);
  });

  it('asks the agreement again at the moment of writing', async () => {
    const m = await moved();
    await plan('grid', m.message);
    const before = server.requests.length;
    const ids = await revoke({ provider: 'hub', target: 'grid', field: 'currentAddress' });
    await sender().sendDue(signal);
    expect(server.requests.length).toBe(before);
    expect((await deliveries(m.entry)).map((d) => [d.state, d.reasonCode])).toEqual([['notShared', 'agreementRevoked']]);
    await approve(...ids);
  });
});

describe('a target that fails', () => {
  it('is asked again later, one by one, and drains when it is back', async () => {
    const [a, b] = [await moved(), await moved()];
    await plan('grid', a.message, b.message);
    server.failures = [500, 500];
    const s = sender();
    expect(await s.sendDue(signal)).toBe(2);
    expect((await deliveries(a.entry))[0]).toMatchObject({ state: 'waiting', reasonCode: 'retrying' });
    expect(await s.sendDue(signal)).toBe(1);
    stage.clock.advance(120_000);
    expect(await s.sendDue(signal)).toBe(1);
    while ((await s.sendDue(signal)) > 0);
    expect([...(await deliveries(a.entry)), ...(await deliveries(b.entry))].map((d) => d.state)).toEqual(['written', 'written']);
  });

  it('gets two changes of one record in order, the later one never before the earlier', async () => {
    const m = await moved();
    await plan('grid', m.message);
    server.failures = [500];
    const s = sender();
    await s.sendDue(signal);
    await stage.person(m.id, personRecord('hub', `${m.entry}-2`, { currentAddress: OLD_HOME }, { sourceTime: '2026-07-02T00:00:00+08:00', order: '3' }));
    await plan('grid', stage.change(m.id, 3, ['currentAddress'], [`hub:person:${m.entry}-2`]));
    const before = server.requests.length;
    // The earlier one waits for its next attempt; the later one is due, and waits behind it.
    await stage.store.pool.query(`update delivery set next_attempt_at = next_attempt_at + interval '1 hour' where cause = $1`, [m.entry]);
    expect(await s.sendDue(signal)).toBe(0);
    expect(server.requests.length).toBe(before);
    stage.clock.advance(2 * 3_600_000);
    while ((await s.sendDue(signal)) > 0);
    // By then the person is back at the old home, which the grid holds: there is nothing to write any more.
    expect(server.rows.get(m.keys[0]!)).toBeUndefined();
    expect((await deliveries(m.entry)).map((d) => [d.state, d.reasonCode])).toEqual([['notShared', 'outranked']]);
    expect((await deliveries(`${m.entry}-2`))[0]).toMatchObject({ state: 'confirmed', reasonCode: 'alreadyThere' });
  });

  it('that refuses one record sets it aside as a dead letter and takes the others', async () => {
    const [bad, good] = [await moved(), await moved()];
    server.codes.set(bad.keys[0]!, 422);
    await plan('grid', bad.message, good.message);
    await sender().sendDue(signal);
    expect((await deliveries(bad.entry))[0]).toMatchObject({ state: 'rejected', reasonCode: 'targetRefused', reason: '422' });
    expect((await deliveries(good.entry))[0]!.state).toBe('written');
    const letters = await stage.store.unitOfWork.run((tx) => stage.store.deadLetters.list(tx, { system: 'grid', limit: 10 }));
    const letter = letters.find((l) => l.naturalKey === bad.keys[0])!;
    expect(letter).toMatchObject({ code: 'YICI_SENDING_REFUSED', stage: 'sending' });
    expect(told).toEqual([{ id: letter.id, system: 'grid', recordType: 'person', code: 'YICI_SENDING_REFUSED', stage: 'sending' }]);
    server.codes.delete(bad.keys[0]!);
    await stage.store.unitOfWork.run((tx) => stage.store.deliveries.release(tx, { id: letter.origin.source.slice('delivery:'.length) }));
    await sender().sendDue(signal);
    expect((await deliveries(bad.entry))[0]!.state).toBe('written');
  });

  it('that holds something newer is read again, and then written', async () => {
    const m = await moved();
    server.rows.set(m.keys[0]!, { id: m.keys[0]!, columns: {}, writes: 0 });
    server.codes.set(m.keys[0]!, 409);
    await plan('grid', m.message);
    await sender().sendDue(signal);
    expect((await deliveries(m.entry))[0]).toMatchObject({ state: 'waiting', reasonCode: 'conflict' });
    expect(readBack.map((r) => r.naturalKey)).toEqual(m.keys);
    await stage.person(m.id, ...readBack);
    server.codes.delete(m.keys[0]!);
    stage.clock.advance(60_000);
    await sender().sendDue(signal);
    expect((await deliveries(m.entry))[0]!.state).toBe('written');
    expect(server.rows.get(m.keys[0]!)!.columns['residence']).toBe('990101001002');
  });
});

describe('a target that takes what it gets later', () => {
  it('and refuses it then, gets it again by a replay: what it refused is not taken for written', async () => {
    const m = await moved();
    await plan('grid', m.message);
    const got: OutgoingItem[] = [];
    let refuses = true;
    const table: TargetChannel = {
      maxItems: 10,
      write: (items) => { got.push(...items); return Promise.resolve(items.map((i) => ({ outcome: 'accepted' as const, token: `row ${i.ref}` }))); },
      acknowledged: (tokens) => Promise.resolve(new Map(tokens.map((t) => [t, refuses ? { outcome: 'refused' as const, detail: 'residence' } : { outcome: 'pickedUp' as const }]))),
    };
    const later = new TargetSender(stage.grid, table, stage.store, news, silentLogger, () => 0);
    while ((await later.sendDue(signal)) > 0);
    expect(got.filter((i) => i.naturalKey === m.keys[0])).toHaveLength(1);
    await later.lookForAcknowledged(signal);
    expect((await deliveries(m.entry))[0]).toMatchObject({ state: 'rejected', reasonCode: 'targetRefused', reason: 'residence' });
    const letters = await stage.store.unitOfWork.run((tx) => stage.store.deadLetters.list(tx, { system: 'grid', limit: 100 }));
    const letter = letters.find((l) => l.naturalKey === m.keys[0])!;
    expect(letter).toMatchObject({ code: 'YICI_SENDING_REFUSED', stage: 'sending' });
    expect(told.map((t) => t.id)).toContain(letter.id);
    refuses = false;
    await stage.store.unitOfWork.run((tx) => stage.store.deliveries.release(tx, { id: letter.origin.source.slice('delivery:'.length) }));
    await later.sendDue(signal);
    await later.lookForAcknowledged(signal);
    expect(got.filter((i) => i.naturalKey === m.keys[0])).toHaveLength(2);
    expect((await deliveries(m.entry))[0]!.state).toBe('pickedUp');
  });

  it('and shows it cut, is not written to again, and its receipt says that it was cut', async () => {
    const id = entityId();
    const entry = `entry-${n}`;
    const long = { value: '阿不都热合曼买买提', key: '阿不都热合曼买买提' };
    await stage.person(id, { ...gridRecord(`g${n}`), body: { name: nameOf('阿不都'), citizenId: ID, birthDate: BORN } }, personRecord('hub', entry, { name: long }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
    await stage.person(id, personRecord('hukou', `R${n}`, { name: long, citizenId: ID }));
    expect(await plan('grid', stage.change(id, 2, ['name'], [`hub:person:${entry}`]))).toBe(1);
    await sender().sendDue(signal);
    expect(server.rows.get(`g${n}`)!.columns['name']).toBe(long.value);
    stage.clock.advance(1000);
    const observedAt = new Date(stage.clock.now()).toISOString();
    const cut = personRecord('grid', `g${n}`, { name: nameOf('阿不都热合曼'), citizenId: ID, birthDate: BORN }, { order: '7', observedAt, legacy: { name: '阿 不 都 热 合 曼' } });
    expect(await new EchoConfirmer(stage.store, new Set(['grid'])).confirm([cut])).toBe(1);
    expect((await receipts().receiptFor(entry)).find((l) => l.target === 'grid')).toMatchObject({ state: 'confirmed', reasonCode: 'cutThere' });
    await stage.person(id, { ...cut, hubOrigin: ['name'] });
    await plan('grid', stage.change(id, 3, ['phones'], [`grid:person:g${n}`]));
    expect(await sender().sendDue(signal)).toBe(0);
  });
});

describe('a person the grid does not know', () => {
  it('is created once under our own ref, and the minted key is told', async () => {
    const id = entityId();
    const entry = `entry-${n}`;
    await stage.person(id, personRecord('hub', entry, { name: nameOf('李秀英'), currentAddress: NEW_HOME, residency: 'present' }));
    await plan('grid', stage.change(id, 1, ['name', 'currentAddress'], [`hub:person:${entry}`], { kind: 'created' }));
    await sender().sendDue(signal);
    expect(minted).toHaveLength(1);
    expect(minted[0]).toMatchObject({ system: 'grid', entityId: id, ownRef: id, record: { hubOrigin: ['name', 'currentAddress'], order: '' } });
    const key = minted[0]!.naturalKey;
    // A second change before resolution has listed the key goes to the same record.
    await stage.person(id, personRecord('hub', `${entry}-2`, { phones: [{ number: '13000000002' }] }, { order: '2' }));
    await plan('grid', stage.change(id, 2, ['phones'], [`hub:person:${entry}-2`]));
    await sender().sendDue(signal);
    expect(server.rows.get(key)).toMatchObject({ writes: 2, columns: { phone: '13000000002' } });
    expect(minted).toHaveLength(1);
  });

  it('is not created twice when the process dies before the commit', async () => {
    const id = entityId();
    const entry = `entry-${n}`;
    await stage.person(id, personRecord('hub', entry, { name: nameOf('王芳'), currentAddress: NEW_HOME, residency: 'present' }));
    await plan('grid', stage.change(id, 1, ['name', 'currentAddress'], [`hub:person:${entry}`], { kind: 'created' }));
    const before = server.rows.size;
    const dying = new TargetSender(stage.grid, channel, stage.store, { ...news, minted: () => Promise.reject(new Error('killed')) }, silentLogger, () => 0);
    await expect(dying.sendDue(signal)).rejects.toThrow('killed');
    expect(server.rows.size).toBe(before + 1);
    await sender().sendDue(signal);
    expect(server.rows.size).toBe(before + 1);
    expect(server.rows.get(minted[0]!.naturalKey)!.writes).toBe(1);
    expect((await deliveries(entry))[0]!.state).toBe('written');
  });

  it('is not created by anything but an entry', async () => {
    const id = entityId();
    await stage.person(id, hukouRecord(`r${n}`));
    expect(await plan('grid', stage.change(id, 1, ['name'], [`hukou:person:r${n}`]))).toBe(0);
    expect(await stage.store.deliveries.list({ entityId: id, limit: 10 })).toEqual([]);
  });
});

describe('entries of one batch', () => {
  it('each answer for their own person, whatever causes the change names', async () => {
    const [a, b] = [await moved(), await moved()];
    const causes = [...a.message.data.causes, ...b.message.data.causes];
    await plan('grid', { ...a.message, data: { ...a.message.data, causes } }, { ...b.message, data: { ...b.message.data, causes } });
    expect((await deliveries(a.entry)).map((d) => d.entityId)).toEqual([a.id]);
    expect((await deliveries(b.entry)).map((d) => d.entityId)).toEqual([b.id]);
    await sender().sendDue(signal);
  });
});

describe('consent', () => {
  it('keeps the phone of a resident account at home unless the resident agrees', async () => {
    const account = (consents: string[]) => personRecord('smart-community', `u${n}`, { phones: [{ number: '13000000009', verified: true }], facets: { communityAccount: { consents } } });
    await stage.store.unitOfWork.run(async (tx) => {
      const [hub] = await stage.store.agreements.list({ provider: 'hub', target: 'grid', field: 'phones' });
      await stage.store.agreements.propose(tx, [{ ...hub!, provider: 'smart-community' }]);
      await stage.store.agreements.approve(tx, { provider: 'smart-community' }, 'test');
    });
    const id = entityId();
    await stage.person(id, gridRecord(`g${n}`), account([]));
    await plan('grid', stage.change(id, 1, ['phones'], [`smart-community:person:u${n}`]));
    expect(await stage.store.deliveries.list({ entityId: id, limit: 10 })).toEqual([]);
    const willing = { ...account(['share-profile']), order: '2' };
    await stage.person(id, willing);
    // No folder here says that the account is believed first; the newest unranked value stands behind the grid's own.
    await stage.store.pool.query(`insert into authority (system, field, rank, condition) values ('smart-community', 'phones', 1, 'verified') on conflict do nothing`);
    stage.clock.advance(20_000);
    expect(await plan('grid', stage.change(id, 2, ['phones'], [`smart-community:person:u${n}`]))).toBe(1);
    await sender().sendDue(signal);
    expect(server.rows.get(`g${n}`)!.columns['phone']).toBe('13000000009');
  });
});

describe('tickets to the hukou', () => {
  const dropped: OutgoingItem[] = [];
  const folder: TargetChannel = {
    maxItems: 10,
    write: (items) => { dropped.push(...items); return Promise.resolve(items.map((i) => ({ outcome: 'accepted' as const, token: `GD_${i.ref}.csv` }))); },
    acknowledged: (tokens) => Promise.resolve(new Map(tokens.map((t) => [t, { outcome: 'pickedUp' as const }]))),
  };
  const hukouSender = () => new TargetSender(stage.hukou, folder, stage.store, news, silentLogger, () => 0);
  beforeEach(() => { dropped.length = 0; });

  it('03 is dropped once for a life elsewhere than registered, and picked up', async () => {
    const m = await moved({ hukou: 'R1' });
    expect(await plan('hukou', m.message)).toBe(1);
    await hukouSender().sendDue(signal);
    expect(dropped[0]!.rows).toEqual([expect.objectContaining({ GDLX: '03', GMSFHM: ID.value, XM: '张伟强' })]);
    expect(dropped[0]!.rows![0]!['GDBH']).toHaveLength(35);
    await plan('hukou', stage.change(m.id, 3, ['currentAddress'], [`grid:person:${m.keys[0]}`]));
    await hukouSender().sendDue(signal);
    expect(dropped).toHaveLength(1);
    expect(await hukouSender().lookForAcknowledged(new AbortController().signal)).toBe(1);
    expect((await receipts().receiptFor(m.entry)).find((l) => l.target === 'hukou')).toMatchObject({ state: 'pickedUp' });
  });

  it('02 is dropped for a death that one witness reports', async () => {
    const id = entityId();
    const entry = `entry-${n}`;
    await stage.person(id, hukouRecord(`R${n}`), personRecord('hub', entry, { vitalStatus: 'dead' }, { sourceTime: '2026-07-01T00:00:00+08:00' }));
    await plan('hukou', stage.change(id, 1, ['vitalStatus'], [`hub:person:${entry}`]));
    await hukouSender().sendDue(signal);
    expect(dropped[0]!.rows).toEqual([expect.objectContaining({ GDLX: '02' })]);
  });

  it('01 is dropped for a contested ID, about whom the hukou knows, when a stranger turns up with it', async () => {
    const [first, stranger] = [entityId(), entityId()];
    await stage.person(first, hukouRecord(`R${n}`));
    await stage.person(stranger, { ...gridRecord(`g${n}`), body: { name: nameOf('赵刚'), citizenId: ID } });
    await stage.store.pool.query(
      `insert into review (id, kind, record_type, pair_ref, record_ids, state, sealed_evidence, opened_at)
       select 'review-1', 'contestedId', 'person', 'x', array_agg(record_id), 'open', '', now() from crosswalk where entity_id in ($1, $2)`, [first, stranger]);
    expect(await plan('hukou', stage.change(stranger, 1, [], [`grid:person:g${n}`], { kind: 'created' }))).toBe(1);
    await hukouSender().sendDue(signal);
    expect(dropped[0]!.rows).toEqual([expect.objectContaining({ GDLX: '01', XM: '张伟强' })]);
    expect(await plan('hukou', stage.change(stranger, 2, [], [`grid:person:g${n}`]))).toBe(0);
  });

  it('none is dropped for a phone, and the receipt says that it takes tickets only', async () => {
    const id = entityId();
    const entry = `entry-${n}`;
    await stage.person(id, hukouRecord(`R${n}`), personRecord('hub', entry, { phones: [{ number: '13000000003' }] }));
    expect(await plan('hukou', stage.change(id, 1, ['phones'], [`hub:person:${entry}`]))).toBe(0);
    expect((await receipts().receiptFor(entry)).find((l) => l.target === 'hukou')).toMatchObject({ state: 'notShared', reasonCode: 'ticketsOnly' });
  });
});

describe('a first connection', () => {
  it('keeps entries waiting, rehearses without writing, then delivers the differences after the approval', async () => {
    await stage.store.pool.query('delete from first_connection where target = $1', ['grid']);
    const m = await moved();
    await plan('grid', m.message);
    expect((await deliveries(m.entry))[0]).toMatchObject({ state: 'waiting', reasonCode: 'firstConnection' });
    const before = server.requests.length;
    const old = await moved();
    await plan('grid', { ...old.message, data: { ...old.message.data, initial: true } });
    expect(await deliveries(old.entry)).toEqual([]);
    const connections = new FirstConnections(stage.store);
    await stage.store.pool.query('delete from first_connection where target = $1', ['grid']);
    await expect(connections.approve(stage.grid, 'test')).rejects.toThrow('not rehearsed');
    const rehearsal = await connections.rehearse(stage.grid);
    expect(rehearsal.byField['currentAddress']).toBeGreaterThanOrEqual(2);
    expect(server.requests.length).toBe(before);
    expect(await connections.approve(stage.grid, 'test')).toBeGreaterThanOrEqual(2);
    const s = sender();
    while ((await s.sendDue(signal)) > 0);
    expect(server.rows.get(old.keys[0]!)!.columns['residence']).toBe('990101001002');
    expect((await deliveries(m.entry))[0]!.state).toBe('written');
    expect((await connections.rehearse(stage.grid)).differences).toBe(0);
  });

  it('approved again delivers what more may be shared by now, and plans nothing twice', async () => {
    const connections = new FirstConnections(stage.store);
    const phones = { provider: 'hub', target: 'grid', field: 'phones' };
    const id = entityId();
    const key = `g${n}`;
    await stage.person(id, gridRecord(key), personRecord('hub', `entry-${n}`, { phones: [{ number: '13000000077' }] }, { sourceTime: '2026-07-01T00:00:00+08:00', order: '2026-07-01T08:00:00+08:00' }));
    const s = sender();
    const ids = await revoke(phones);
    await connections.rehearse(stage.grid);
    await connections.approve(stage.grid, 'test');
    while ((await s.sendDue(signal)) > 0);
    expect(server.rows.get(key)?.columns['phone']).toBeUndefined();
    await approve(...ids);
    expect((await connections.rehearse(stage.grid)).byField['phones']).toBe(1);
    expect(await connections.approve(stage.grid, 'test')).toBe(1);
    expect(await connections.approve(stage.grid, 'test')).toBe(0);
    while ((await s.sendDue(signal)) > 0);
    expect(server.rows.get(key)!.columns['phone']).toBe('13000000077');
    expect((await connections.rehearse(stage.grid)).differences).toBe(0);
  });
});
