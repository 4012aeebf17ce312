import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FacetScope } from '#libs/access/account';
import { FixedClock } from '#libs/kernel/clock';
import type { SourceRecord } from '#libs/model/source-record';
import { resolveCommands } from '#test/support/command-line';
import { startHttpHub, type Caller, type HttpHub } from '#test/support/http-hub';
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
let steward: Caller;
let insider: Caller;
let gridOffice: Caller;
let admin: Caller;
let zhang: string;
const clock = new FixedClock(Date.parse('2026-07-01T09:00:00+08:00'));
const home = (room: string) => ({ raw: `花园小区5幢${room}室`, division: EAST, estate: '花园小区', building: '5', room });
const grid = (room: string, time: string) => personRecord('grid', '88213', { name: '张伟强', citizenId: ZHANG, currentAddress: home(room), phones: [{ number: '13900000001' }] }, { sourceTime: time, order: time, observedAt: time });

beforeAll(async () => {
  db = await createTestDatabase();
  hub = await startHttpHub(db, { clock });
  await loadAuthority(db);
  await resolveRecords(db, hub.sealing, [
    personRecord('hukou', 'R1', { name: '张伟强', citizenId: ZHANG, sex: '1', registeredAddress: home('101') }),
    grid('102', '2026-01-01T00:00:00.000Z'),
    personRecord('corrections', 'C7', { name: '张伟强', citizenId: ZHANG, facets: { correction: { kind: '02' } } }),
  ]);
  await signIn();
  zhang = (await worker('POST', '/persons/search', { body: { citizenId: ZHANG } })).body.items[0].id;
});
afterAll(async () => {
  await hub.close();
  await db.drop();
});

/** A session lasts a working day. */
async function signIn(): Promise<void> {
  worker = await hub.as('worker', { communities: [EAST] });
  west = await hub.as('worker', { communities: [WEST] });
  steward = await hub.as('steward');
  insider = await hub.as('steward', { facetScopes: ['correction'] });
  gridOffice = await hub.as('worker', { departments: ['grid'] });
  admin = await hub.as('admin');
}

const dispute = (call: Caller, body: object) => call('POST', '/disputes', { body: { entityId: zhang, grounds: '本人到社区说明', ...body } });
const address = async (call: Caller) => (await call('GET', `/persons/${zhang}`)).body;

describe('a dispute', () => {
  let id: string;

  it('goes to the department believed most for the field, with ten working days', async () => {
    const answer = await dispute(worker, { field: 'currentAddress', said: '花园小区5幢103室' });
    expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({
      field: 'currentAddress', department: 'grid', departmentName: expect.any(String), state: 'open', stateZh: '待主管部门答复', dueOn: '2026-07-15', mine: true, answerable: false,
      record: 'grid:person:88213', over: expect.objectContaining({ room: '102' }), said: '花园小区5幢103室',
    })]);
    id = answer.body.id;
    expect((await dispute(steward, { field: 'currentAddress' })).status).toBe(409);
    const [row] = await db.dataSource.query('select dispute::text as row from dispute where id = $1', [id]);
    expect(row.row).not.toMatch(/花园小区|本人到社区|88213/);
  });

  it('is shown as contested beside the value, and listed to those who may see the record', async () => {
    expect((await address(worker)).contested).toEqual([{ field: 'currentAddress', dispute: id, since: '2026-07-01T01:00:00.000Z', dueOn: '2026-07-15' }]);
    const ids = async (call: Caller, query: string) => (await call('GET', `/disputes${query}`)).body.items.map((d: { id: string }) => d.id);
    for (const call of [worker, steward, insider, gridOffice]) expect(await ids(call, '?state=open')).toEqual([id]);
    expect(await ids(west, '')).toEqual([]);
    expect((await west('GET', `/disputes/${id}`)).status).toBe(404);
    expect([await ids(worker, '?mine=true'), await ids(steward, '?mine=true'), await ids(gridOffice, '?toAnswer=true'), await ids(worker, '?toAnswer=true')]).toEqual([[id], [], [id], []]);
    expect(JSON.stringify((await worker('GET', '/disputes')).body)).not.toMatch(/花园小区/);
  });

  it('is refused where there is nothing to dispute, in both languages', async () => {
    for (const body of [{ field: 'maritalStatus' }, { field: 'facets.correction' }, { field: 'sex', said: '9x' }, { field: 'sex', entityId: undefined }]) {
      const { status, body: problem } = await dispute(worker, body);
      expect(status).toBe(400);
      expect(problem.errors[0]).toEqual({ field: expect.any(String), zh: expect.any(String), en: expect.any(String) });
    }
    expect((await dispute(worker, { field: 'name', entityId: 'p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f' })).status).toBe(404);
    expect((await dispute(worker, { field: 'name', entityId: undefined, record: 'corrections:person:C7' })).status).toBe(404);
  });

  it('is answered by its department alone, or a steward', async () => {
    const body = { outcome: 'corrected', value: '花园小区5幢103室', note: '已入户核实' };
    expect((await worker('POST', `/disputes/${id}/answer`, { body })).status).toBe(403);
    expect((await gridOffice('POST', `/disputes/${id}/answer`, { body: { outcome: 'upheld', value: 'x' } })).status).toBe(400);
    clock.advance(3600_000);
    const answer = await gridOffice('POST', `/disputes/${id}/answer`, { body });
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ state: 'answered', outcome: 'corrected', stateZh: '已答复：更正', value: '花园小区5幢103室' })]);
    expect((await steward('POST', `/disputes/${id}/answer`, { body })).status).toBe(409);
  });

  it('that is answered with a correction settles the value for everybody, by a record of the hub', async () => {
    expect(await resolveCommands(db, hub, clock)).toBe(1);
    const { fields, contested } = await address(worker);
    expect(fields.currentAddress).toMatchObject({ value: { estate: '花园小区', building: '5', room: '103' }, provenance: { record: `hub:person:${id}`, reason: 'settled', dispute: id } });
    expect(fields.currentAddress.others[0].value.room).toBe('102');
    expect(contested).toEqual([]);
    expect((await worker('GET', `/disputes/${id}`)).body.settledAt).toEqual(expect.any(String));
    const [event] = await db.dataSource.query('select event from outbox order by id desc limit 1');
    expect(event).toBeDefined();
  });

  it('yields to what the department itself exports later, when that is another value', async () => {
    await resolveRecords(db, hub.sealing, [grid('102', '2026-07-02T00:00:00.000Z')]);
    expect((await address(worker)).fields.currentAddress.value.room).toBe('103');
    await resolveRecords(db, hub.sealing, [grid('104', '2026-07-03T00:00:00.000Z')]);
    expect((await address(worker)).fields.currentAddress.value.room).toBe('104');
  });

  it('is sent again when the process died between the row and the log', async () => {
    const opened = (await dispute(worker, { field: 'phones', said: '13900000002' })).body;
    hub.logFailure.error = new Error('the log is away');
    expect((await steward('POST', `/disputes/${opened.id}/answer`, { body: { outcome: 'corrected', value: '13900000002' } })).status).toBe(500);
    delete hub.logFailure.error;
    expect((await steward('GET', `/disputes/${opened.id}`)).body.state).toBe('answered');
    const { Disputes } = await import('#libs/entries/disputes');
    clock.advance(120_000);
    expect(await hub.app.get(Disputes).resend(60_000)).toBe(1);
    await resolveCommands(db, hub, clock);
    expect((await address(worker)).fields.phones.value).toEqual([{ number: '13900000002' }]);
    expect(await hub.app.get(Disputes).resend(60_000)).toBe(0);
  });

  it('may be upheld, or withdrawn by who opened it', async () => {
    const name = (await dispute(worker, { field: 'name', said: '张伟' })).body;
    expect(name.department).toBe('hukou');
    expect((await gridOffice('POST', `/disputes/${name.id}/answer`, { body: { outcome: 'upheld' } })).status).toBe(403);
    expect((await steward('POST', `/disputes/${name.id}/answer`, { body: { outcome: 'upheld', note: '以户口簿为准' } })).body).toMatchObject({ state: 'answered', outcome: 'upheld' });
    expect(hub.commands).toEqual([]);
    const sex = (await dispute(worker, { field: 'sex', said: '2' })).body;
    expect((await gridOffice('POST', `/disputes/${sex.id}/withdraw`)).status).toBe(403);
    expect((await worker('POST', `/disputes/${sex.id}/withdraw`)).status).toBe(204);
    expect((await worker('GET', `/disputes/${sex.id}`)).body.state).toBe('withdrawn');
  });

  it('is overdue after its term, which a field may have of its own, by the calendar of the year', async () => {
    for (const [path, body] of [['field', { field: 'sex', workingDays: 1 }], ['day', { day: '2026-07-02', works: false }], ['day', { day: '2026-07-04', works: true }]] as const) {
      expect((await worker('PUT', `/dispute-terms/${path}`, { body })).status).toBe(403);
      expect((await admin('PUT', `/dispute-terms/${path}`, { body })).status).toBe(200);
    }
    const sex = (await dispute(worker, { field: 'sex', said: '2' })).body;
    expect(sex.dueOn).toBe('2026-07-03');
    clock.advance(2 * 24 * 3600_000);
    await signIn();
    const overdue = async () => (await steward('GET', '/disputes?state=overdue')).body.items.map((d: { id: string; state: string }) => [d.id, d.state]);
    expect(await overdue()).toEqual([]);
    clock.advance(24 * 3600_000);
    await signIn();
    expect(await overdue()).toEqual([[sex.id, 'overdue']]);
    expect((await steward('GET', '/disputes?limit=2')).body.next).toEqual(expect.any(String));
  });

  it('about a restricted fact exists within its scope alone, and is corrected in its own system', async () => {
    const before = [await address(steward), (await steward('GET', '/disputes')).body, (await steward('GET', '/counts')).body];
    const secret = await dispute(insider, { field: 'facets.correction' });
    expect([secret.status, secret.body.department]).toEqual([201, 'corrections']);
    expect([await address(steward), (await steward('GET', '/disputes')).body, (await steward('GET', '/counts')).body]).toEqual(before);
    expect((await steward('GET', `/disputes/${secret.body.id}`)).status).toBe(404);
    expect((await steward('GET', `/disputes/${secret.body.id}/receipt`)).status).toBe(404);
    expect((await address(insider)).contested).toEqual(expect.arrayContaining([expect.objectContaining({ field: 'facets.correction' })]));
    expect((await insider('POST', `/disputes/${secret.body.id}/answer`, { body: { outcome: 'corrected', value: '01' } })).status).toBe(400);
    expect((await insider('POST', `/disputes/${secret.body.id}/answer`, { body: { outcome: 'corrected' } })).status).toBe(202);
    expect(hub.commands).toEqual([]);
    expect([await address(steward), (await steward('GET', '/disputes')).body]).toEqual(before.slice(0, 2));
    const opened = async (facetScopes: FacetScope[]) => (await (await hub.as('auditor', { facetScopes }))('GET', `/audit?subject=${secret.body.id}`)).body.items.map((r: { action: string }) => r.action);
    expect(await opened(['correction'])).toContain('dispute.open');
    expect(await opened([])).not.toContain('dispute.open');
  });

  it('is in the audit log, without a value', async () => {
    const { body } = await (await hub.as('auditor'))('GET', `/audit?subject=${id}&limit=200`);
    expect([...new Set(body.items.map((r: { action: string }) => r.action))].sort()).toEqual(['dispute.answer', 'dispute.list', 'dispute.open', 'dispute.read']);
    expect(JSON.stringify(body.items)).not.toMatch(/花园小区|88213/);
  });
});

it('an entry whose command cannot be applied ends as failed, with the reason', async () => {
  const entry = (await worker('POST', '/entries', { body: { kind: 'phone', personId: zhang, phone: '13900000009', occurredOn: '2026-07-01' } })).body;
  const { command } = hub.commands[0]! as unknown as { command: { record: SourceRecord<'person'> } };
  // What no entry of the hub's own can say: a time that is none.
  command.record.observedAt = 'never';
  await resolveCommands(db, hub, clock);
  const failed = (await worker('GET', `/entries/${entry.entryId}`)).body;
  expect(failed).toMatchObject({ state: 'failed', failureCode: expect.stringMatching(/^YICI_/), failureReason: expect.stringMatching(/[一-鿿].*[a-z]/) });
  const [letter] = await db.dataSource.query(`select code, stage from dead_letter where stage = 'resolving'`);
  expect(letter).toEqual({ code: failed.failureCode, stage: 'resolving' });
});
