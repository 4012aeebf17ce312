import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { uuidv7 } from '#libs/kernel/ids';
import { FixedClock } from '#libs/kernel/clock';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Caller, HttpHub } from '#test/support/http-hub';
import { startHttpHub } from '#test/support/http-hub';
import { loadAuthority, personRecord, resolveRecords } from '#test/support/resolved-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const EAST = '990101001001';
const WEST = '990101001002';
const ZHANG = '990101196203150315';

// A busy machine takes its time to start PostgreSQL.
jest.setTimeout(180_000);

let db: TestDatabase;
let hub: HttpHub;
let worker: Caller;
let west: Caller;
let zhang: string;
const clock = new FixedClock(Date.parse('2026-04-01T09:00:00+08:00'));

beforeAll(async () => {
  db = await createTestDatabase();
  hub = await startHttpHub(db, { clock });
  await loadAuthority(db);
  await resolveRecords(db, hub.sealing, [
    personRecord('hukou', 'R1', { name: '张伟强', citizenId: ZHANG, registeredAddress: { raw: '东园社区', division: EAST } }),
    personRecord('grid', '88213', { name: '张伟强', citizenId: ZHANG, currentAddress: { raw: '东园社区', division: EAST } }),
  ]);
  worker = await hub.as('worker');
  west = await hub.as('worker', { communities: [WEST] });
  const found = await worker('POST', '/persons/search', { body: { citizenId: ZHANG } });
  zhang = found.body.items[0].id;
});
afterAll(async () => {
  await hub.close();
  await db.drop();
});

const newcomer = { kind: 'newPerson', name: '李秀英', citizenId: '990101196408220428', currentAddress: '幸福小区3幢2单元301室', phone: '13900000001', occurredOn: '2026-03-30' };

describe('an entry', () => {
  it('is accepted with 202, an id and a receipt, and becomes one source record of the hub', async () => {
    hub.commands.length = 0;
    const answer = await worker('POST', '/entries', { body: newcomer });
    expect(answer.status).toBe(202);
    const { entryId } = answer.body;
    expect(answer.body).toEqual({ entryId, state: 'accepted', url: `/entries/${entryId}`, receiptUrl: `/receipts/${entryId}` });
    expect(hub.commands).toHaveLength(1);
    const { command, id } = hub.commands[0]!;
    expect(id).toBe(entryId);
    expect(command).toMatchObject({
      kind: 'entry', entryId,
      record: {
        system: 'hub', recordType: 'person', naturalKey: entryId, sourceTime: '2026-03-30T00:00:00+08:00', state: 'current',
        body: {
          name: { value: '李秀英' }, citizenId: { status: 'valid', value: '990101196408220428' }, phones: [{ number: '13900000001' }], residency: 'present',
          currentAddress: { estate: '幸福小区', building: '3', unit: '2', room: '301' },
        },
      },
    });
    expect(command).not.toHaveProperty('linkTo');
    hub.receipts.set(entryId, [{ target: 'grid', name: '综治网格', nameEn: 'grid', state: 'waiting', stateZh: '等待', stateEn: 'waiting', records: 1 }]);
    const read = await worker('GET', `/entries/${entryId}`);
    expect(read.body).toMatchObject({ id: entryId, kind: 'newPerson', state: 'accepted', receipt: [{ target: 'grid', state: 'waiting' }] });
    const [row] = await db.dataSource.query('select entry::text as row from entry where id = $1', [entryId]);
    expect(row.row).not.toMatch(/李秀英|13900000001|196408220428/);
  });

  it('of somebody who sees more than others is tied to a record that all of them see: a restricted one bridges nobody', async () => {
    const cheng = '990101198001010110';
    await resolveRecords(db, hub.sealing, [
      personRecord('hukou', 'R7', { name: '程七', citizenId: cheng, registeredAddress: { raw: '东园社区', division: EAST } }),
      personRecord('corrections', 'C7', { name: '程七', citizenId: cheng, facets: { correction: { category: '02' } } } as never),
    ]);
    const insider = await hub.as('worker', { facetScopes: ['correction'] });
    const { id } = (await insider('POST', '/persons/search', { body: { citizenId: cheng } })).body.items[0];
    hub.commands.length = 0;
    expect((await insider('POST', '/entries', { body: { kind: 'move', personId: id, direction: 'moved', address: '花园小区5幢101室', occurredOn: '2026-03-31' } })).status).toBe(202);
    expect(hub.commands[0]!.command).toMatchObject({ linkTo: 'hukou:person:R7' });
  });

  it('about a picked person carries that person’s record and vouches for nothing else', async () => {
    hub.commands.length = 0;
    const answer = await worker('POST', '/entries', { body: { kind: 'move', personId: zhang, direction: 'moved', address: '花园小区5幢101室', occurredOn: '2026-03-31' } });
    expect(answer.status).toBe(202);
    const command = hub.commands[0]!.command as { linkTo: string; record: { body: object } };
    expect(command.linkTo).toBe('grid:person:88213');
    expect(Object.keys(command.record.body).sort()).toEqual(['currentAddress', 'residency']);
  });

  it.each([
    ['death', { kind: 'death', occurredOn: '2026-03-01' }, { vitalStatus: 'dead', deathDate: { date: '2026-03-01' } }],
    ['phone', { kind: 'phone', phone: '＋86 139 0000 0002', verified: true, occurredOn: '2026-03-01' }, { phones: [{ number: '13900000002', verified: true }] }],
    ['marriage', { kind: 'householdChange', change: 'married', spouse: { name: '李秀英' }, occurredOn: '2026-03-01' }, { maritalStatus: '20', relatives: [{ role: 'spouse', name: { value: '李秀英' } }] }],
    ['departure', { kind: 'move', direction: 'left', occurredOn: '2026-03-01' }, { residency: 'left' }],
  ])('of a %s holds just that', async (_, body, expected) => {
    hub.commands.length = 0;
    const named = await worker('POST', '/entries', { body: { ...body, person: { name: '张伟强', citizenId: ZHANG } } });
    expect(named.status).toBe(202);
    const record = (hub.commands[0]!.command as { record: { body: object } }).record;
    expect(record.body).toMatchObject({ ...expected, name: { value: '张伟强' }, citizenId: { value: ZHANG } });
    expect(Object.keys(record.body).sort()).toEqual(['citizenId', 'name', ...Object.keys(expected)].sort());
  });

  it('sent again under its id is one entry; another under that id is refused', async () => {
    const key = uuidv7(clock.now());
    const send = (body: object, call = worker) => call('POST', '/entries', { body, headers: { 'idempotency-key': key } });
    const answers = await Promise.all([send(newcomer), send(newcomer), send(newcomer)]);
    expect(answers.map((a) => [a.status, a.body.entryId])).toEqual([[202, key], [202, key], [202, key]]);
    const [rows] = await db.dataSource.query('select count(*) as n from entry where id = $1', [key]);
    expect(rows.n).toBe('1');
    expect((await send({ ...newcomer, phone: '13900000009' })).body).toMatchObject({ status: 409, code: 'YICI_ENTRY_ID_TAKEN' });
    expect((await send(newcomer, await hub.as('worker'))).status).toBe(409);
    expect((await worker('POST', '/entries', { body: newcomer, headers: { 'idempotency-key': '1' } })).body.code).toBe('YICI_ENTRY_ID_INVALID');
  });

  it('whose command did not reach the log is not acknowledged, and is sent again later', async () => {
    const { SubmitEntry } = await import('#libs/entries/submit-entry');
    hub.commands.length = 0;
    hub.logFailure.error = new Error('the log is away');
    const key = uuidv7(clock.now());
    const answer = await worker('POST', '/entries', { body: newcomer, headers: { 'idempotency-key': key } });
    expect([answer.status, answer.body.code]).toEqual([500, 'YICI_SERVING_FAILED']);
    expect(answer.text).not.toContain('the log is away');
    delete hub.logFailure.error;
    clock.advance(61_000);
    await hub.app.get(SubmitEntry).resend(60_000);
    expect(hub.commands.map((c) => c.id)).toContain(key);
  });
});

describe('a person who joined a household', () => {
  it('is placed in it by a record of the household, and stays there when the entity is told anew', async () => {
    const address = { raw: '幸福小区3幢301室', division: EAST, estate: '幸福小区', building: '3', room: '301' };
    const household = { system: 'grid', recordType: 'household', naturalKey: '123456789', order: '1', observedAt: '2026-03-31T00:00:00.000Z', state: 'current',
      body: { kind: 'residential', number: '123456789', type: 'family', address }, origin: { source: 'test', position: 9 } } satisfies AnySourceRecord;
    await resolveRecords(db, hub.sealing, [household, personRecord('grid', '88300', { name: '王建国', memberships: [{ kind: 'residential', key: '123456789', relation: '01' }] })]);
    const [{ id }] = await db.dataSource.query(`select id from entity where record_type = 'household'`);
    const members = () => db.dataSource.query('select person_id, relation from household_member where household_id = $1 order by relation', [id]);
    expect(await members()).toHaveLength(1);

    hub.commands.length = 0;
    const body = { kind: 'householdChange', change: 'joined', person: { name: '张伟强', citizenId: ZHANG }, householdId: id, relation: '10', occurredOn: '2026-03-30' };
    expect((await worker('POST', '/entries', { body })).status).toBe(202);
    const { command } = hub.commands[0]!;
    if (command.kind !== 'entry') throw new Error('no entry');
    expect(command.record.body).toMatchObject({ memberships: [{ kind: 'residential', system: 'grid', key: '123456789', relation: '10' }] });
    await resolveRecords(db, hub.sealing, [command.record]);
    expect(await members()).toEqual([expect.anything(), { person_id: zhang, relation: '10' }]);
    const person = await worker('GET', `/persons/${zhang}`);
    expect(person.body.fields['memberships.residential'].value).toMatchObject({ system: 'grid', key: '123456789' });
    expect((await worker('POST', '/entries', { body: { ...body, householdId: `h-${uuidv7(1)}` } })).status).toBe(404);
  });
});

describe('an entry that needs attention', () => {
  const faultsOf = async (body: unknown) => {
    const answer = await worker('POST', '/entries', { body });
    expect([answer.status, answer.body.code]).toEqual([400, 'YICI_REQUEST_INVALID']);
    for (const fault of answer.body.errors) expect([fault.zh, fault.en]).toEqual([expect.stringMatching(/\p{Script=Han}/u), expect.stringMatching(/[a-z]/)]);
    return answer.body.errors.map((e: { field: string }) => e.field).sort();
  };
  const { citizenId: _, ...withoutId } = newcomer;
  it.each([
    ['no kind', {}, ['kind']],
    ['an unknown kind', { kind: '__proto__' }, ['kind']],
    ['a list', [], ['kind']],
    ['a wrong check digit', { ...newcomer, citizenId: '990101196408220429' }, ['citizenId']],
    ['a masked ID', { ...newcomer, citizenId: '990101********0428' }, ['citizenId']],
    ['a placeholder name', { ...newcomer, name: '不详' }, ['name']],
    ['an unreadable character', { ...newcomer, name: '王?' }, ['name']],
    ['a phone too short', { ...newcomer, phone: '1390000' }, ['phone']],
    ['a day that does not exist', { ...newcomer, occurredOn: '2026-02-30' }, ['occurredOn']],
    ['a day in the future', { ...newcomer, occurredOn: '2026-04-02' }, ['occurredOn']],
    ['a code that is none', { ...newcomer, sex: '7', ethnicGroup: '99x' }, ['ethnicGroup', 'sex']],
    ['a misspelt field', { ...newcomer, phonee: '1' }, ['phonee']],
    ['neither ID nor birth date', withoutId, ['birthDate']],
    ['a birth date against the ID', { ...newcomer, birthDate: '1964-08-23' }, ['birthDate']],
    ['nobody', { kind: 'death', occurredOn: '2026-03-01' }, ['personId']],
    ['two answers to who', { kind: 'death', occurredOn: '2026-03-01', personId: `p-${uuidv7(1)}`, person: { name: '张伟强', citizenId: ZHANG } }, ['personId']],
    ['a person without ID', { kind: 'death', occurredOn: '2026-03-01', person: { name: '张伟强' } }, ['person.citizenId']],
    ['a move to nowhere', { kind: 'move', direction: 'moved', person: { name: '张伟强', citizenId: ZHANG }, occurredOn: '2026-03-01' }, ['address']],
    ['joining no household', { kind: 'householdChange', change: 'joined', person: { name: '张伟强', citizenId: ZHANG }, occurredOn: '2026-03-01' }, ['householdId']],
    ['several faults at once', { kind: 'newPerson', name: '', currentAddress: '', occurredOn: 'x' }, ['currentAddress', 'name', 'occurredOn']],
  ])('%s: says which fields, in two languages', async (_name, body, fields) => {
    expect(await faultsOf(body)).toEqual(fields);
  });
  it('never repeats a value', async () => {
    const { text } = await worker('POST', '/entries', { body: { ...newcomer, citizenId: '990101196408220429', phone: '13900' } });
    expect(text).not.toMatch(/990101196408220429|13900/);
  });
});

describe('a worker of one community', () => {
  it('enters newcomers of that community only', async () => {
    expect((await west('POST', '/entries', { body: newcomer })).status).toBe(202);
    const elsewhere = await west('POST', '/entries', { body: { ...newcomer, currentAddress: '东园社区幸福小区3幢301室' } });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([403, 'YICI_ENTRY_OUTSIDE_COMMUNITY']);
  });
  it('cannot pick a person of another one, nor tell whether there is one', async () => {
    const other = await west('POST', '/entries', { body: { kind: 'death', personId: zhang, occurredOn: '2026-03-01' } });
    const none = await west('POST', '/entries', { body: { kind: 'death', personId: `p-${uuidv7(1)}`, occurredOn: '2026-03-01' } });
    expect([other.status, other.body]).toEqual([404, none.body]);
  });
  it('reads own entries and nobody else’s', async () => {
    const mine = await west('GET', '/entries');
    expect(mine.body.items).toHaveLength(1);
    const all = await worker('GET', '/entries?limit=2');
    expect(all.body.items).toHaveLength(2);
    const next = await worker('GET', `/entries?limit=2&after=${all.body.next}`);
    expect(next.body.items[0].id).not.toBe(all.body.items[1].id);
    expect((await west('GET', `/entries/${all.body.items[0].id}`)).status).toBe(404);
    expect((await (await hub.as('steward'))('GET', `/entries/${all.body.items[0].id}`)).status).toBe(200);
  });
});
