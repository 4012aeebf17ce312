import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SourceRecord } from '#libs/model/source-record';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { systemClock } from '#libs/kernel/clock';
import type { Caller, HttpHub } from '#test/support/http-hub';
import { startHttpHub } from '#test/support/http-hub';
import { loadAuthority, personRecord, resolveRecords } from '#test/support/resolved-records';
import { CHILD, EAST, LI, ZHANG } from '#test/support/secret-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const WEST = '990101001002';
const SECRET_PHONE = '13900000099';

const east = { raw: '东园社区', division: EAST };
const family = (relation: string) => ({ memberships: [{ kind: 'registered' as const, key: 'H1', relation }] });

// A busy machine takes its time to start PostgreSQL.
jest.setTimeout(180_000);

let db: TestDatabase;
let hub: HttpHub;
let worker: Caller;
let steward: Caller;
let zhang: string;

const ordinary = [
  personRecord('hukou', 'R1', { name: '张伟强', citizenId: ZHANG, sex: '1', registeredAddress: east, ...family('01') }, { sourceTime: '2020-01-01T00:00:00.000Z' }),
  personRecord('grid', '88213', { name: '张伟强', citizenId: ZHANG, currentAddress: east, phones: [{ number: '13900000001' }] }, { sourceTime: '2025-01-01T00:00:00.000Z' }),
  personRecord('hukou', 'R2', { name: '李秀英', citizenId: LI, registeredAddress: east, ...family('02') }),
  { ...personRecord('hukou', 'H1', {}), recordType: 'household', body: { kind: 'registered', number: 'H1', address: east } } as unknown as SourceRecord<'household'>,
];
/** What nobody outside may notice: a correction and a party record of the same man, both newer and with values of their own. */
const restricted = [
  personRecord('corrections', 'C7', {
    name: '张伟强', citizenId: ZHANG, phones: [{ number: SECRET_PHONE }], currentAddress: { raw: '西园社区', division: WEST }, facets: { correction: { kind: '1' } },
  }, { sourceTime: '2026-02-01T00:00:00.000Z', observedAt: '2026-05-31T00:00:00.000Z' }),
  personRecord('party-volunteer', 'DY1', {
    name: '张伟强', citizenId: ZHANG, phones: [{ number: '13900000001' }, { number: '13900000088' }], politicalStatus: '01', education: '21', facets: { party: { branch: '一支部' } },
  }, { sourceTime: '2026-02-01T00:00:00.000Z', observedAt: '2026-05-30T00:00:00.000Z' }),
];

async function find(call: Caller, body: object): Promise<string[]> {
  return (await call('POST', '/persons/search', { body })).body.items.map((p: { id: string }) => p.id);
}

/** Everything a caller can read about Zhang. */
async function everything(call: Caller): Promise<unknown> {
  const [person, history] = [await call('GET', `/persons/${zhang}`), await call('GET', `/persons/${zhang}/history`)];
  const searches = await Promise.all([{ citizenId: ZHANG }, { name: '张伟强' }, { phone: '13900000001' }, { phone: SECRET_PHONE }, { phone: '13900000088' }].map((b) => find(call, b)));
  const household = person.body.households?.[0] && (await call('GET', `/households/${person.body.households[0].id}`));
  return { person: person.body, history: history.body, searches, household: household?.body };
}

beforeAll(async () => {
  db = await createTestDatabase();
  hub = await startHttpHub(db);
  await loadAuthority(db);
  await resolveRecords(db, hub.sealing, ordinary);
  worker = await hub.as('worker');
  steward = await hub.as('steward', { facetScopes: ['correction', 'party'] });
  [zhang] = await find(worker, { citizenId: ZHANG }) as [string];
});
afterAll(async () => {
  await hub.close();
  await db.drop();
});

describe('a person', () => {
  it('is found by ID, phone and name, in the spellings a clerk types, and by nothing less', async () => {
    for (const body of [{ citizenId: '９９０１０１１９６２０３１５０３１５' }, { phone: '+86 13900000001' }, { name: '張伟强' }]) expect(await find(worker, body)).toEqual([zhang]);
    for (const body of [{ citizenId: CHILD }, { phone: '13900000003' }, { name: '张伟' }]) expect(await find(worker, body)).toEqual([]);
    for (const body of [{}, { name: '张伟强', phone: '13900000001' }, { citizenId: '1' }]) expect((await worker('POST', '/persons/search', { body })).status).toBe(400);
  });

  it('shows the origin of every value and the records side by side', async () => {
    const { body } = await worker('GET', `/persons/${zhang}`);
    expect(body.fields.name).toMatchObject({ value: { value: '张伟强' }, provenance: { record: 'hukou:person:R1', system: 'hukou' } });
    expect(body.fields.currentAddress.provenance).toMatchObject({ record: 'grid:person:88213', reason: 'onlyValue' });
    expect(body.records.map((r: { key: string }) => r.key)).toEqual(['grid:person:88213', 'hukou:person:R1']);
    expect(body.households).toEqual([{ id: expect.stringMatching(/^h-/), kind: 'registered', address: expect.objectContaining({ division: EAST }) }]);
    expect(body.asOf).toBe('2025-01-01T00:00:00.000Z');
  });

  it('has a household with its members', async () => {
    const { body } = await worker('GET', `/persons/${zhang}`);
    const household = await worker('GET', `/households/${body.households[0].id}`);
    expect(household.body.members.map((m: { name: string; relation: string }) => [m.name, m.relation]).sort()).toEqual([['张伟强', '01'], ['李秀英', '02']]);
  });

  it('is the same to the byte for everyone outside, whether restricted records exist or not', async () => {
    const readers = [worker, await hub.as('steward'), await hub.as('worker', { communities: ['990101'] })];
    const before = await Promise.all(readers.map(everything));
    await resolveRecords(db, hub.sealing, restricted);
    expect(await Promise.all(readers.map(everything))).toEqual(before);
    expect(JSON.stringify(before)).not.toMatch(/corrections|party-volunteer|13900000099|13900000088/);
    const west = await hub.as('worker', { communities: [WEST] });
    expect(await find(west, { citizenId: ZHANG })).toEqual([]);
    expect((await west('GET', `/persons/${zhang}`)).status).toBe(404);
  });

  it('shows restricted facets to their scope, each its own', async () => {
    const all = (await steward('GET', `/persons/${zhang}`)).body;
    expect(all.fields['facets.correction'].value).toEqual({ kind: '1' });
    expect(all.records).toHaveLength(4);
    const party = (await (await hub.as('steward', { facetScopes: ['party'] }))('GET', `/persons/${zhang}`)).body;
    expect(party.fields['facets.party'].value).toEqual({ branch: '一支部' });
    expect(party.fields).not.toHaveProperty('facets.correction');
    expect(party.records).toHaveLength(3);
  });

  it('known only from a restricted record does not exist outside', async () => {
    await resolveRecords(db, hub.sealing, [personRecord('corrections', 'C8', { name: '张小宝', citizenId: CHILD, currentAddress: east, facets: { correction: {} } })]);
    const [{ id }] = await db.dataSource.query(
      'select entity_id as id from crosswalk join source_record s on s.id = record_id where record_ref = $1', [hub.sealing.ref('record', 'corrections:person:C8')]);
    expect((await steward('GET', `/persons/${id}`)).status).toBe(200);
    expect(await find(worker, { citizenId: CHILD })).toEqual([]);
    const [hidden, none] = [await worker('GET', `/persons/${id}`), await worker('GET', '/persons/p-0192f0c1-7b1d-7c3a-9d3e-1a2b3c4d5e6f')];
    expect([hidden.status, hidden.body]).toEqual([404, none.body]);
  });

  it('is masked for statisticians, who get no records and no search', async () => {
    const statistician = await hub.as('statistician');
    const { body, text } = await statistician('GET', `/persons/${zhang}`);
    expect(text).not.toMatch(/0315|13900000001|R1|88213/);
    expect(body.fields.citizenId.value.value).toBe('990101************');
    expect(body.records).toEqual([]);
    expect((await statistician('POST', '/persons/search', { body: { name: '张伟强' } })).status).toBe(403);
    expect((await statistician('GET', `/persons/${zhang}/history`)).status).toBe(403);
  });

  it('has a history in both times', async () => {
    await resolveRecords(db, hub.sealing, [
      { ...ordinary[1]!, order: '2', sourceTime: '2026-06-01T00:00:00.000Z', observedAt: '2026-06-02T00:00:00.000Z',
        body: { ...ordinary[1]!.body, phones: [{ number: '13900000007' }] } } as SourceRecord<'person'>,
    ]);
    const { body } = await worker('GET', `/persons/${zhang}/history`);
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ knownFrom: '2026-06-02T00:00:00.000Z', trueFrom: '2026-06-01T00:00:00.000Z', changed: ['phones'] });
    expect(body.items[0].knownTo).toBeUndefined();
    expect(body.items[1]).toMatchObject({ knownFrom: '2026-03-31T00:00:00.000Z', knownTo: '2026-06-02T00:00:00.000Z' });
    expect(body.items[1].fields.phones.value).toEqual([{ number: '13900000001' }]);
    const page = await worker('GET', `/persons/${zhang}/history?limit=1`);
    expect((await worker('GET', `/persons/${zhang}/history?limit=1&after=${page.body.next}`)).body.items).toEqual([body.items[1]]);
  });

  it('that was merged leads to the other', async () => {
    const [li] = await find(worker, { citizenId: LI });
    await db.dataSource.query(`insert into entity select 'p-0192f0c1-7b1d-7c3a-9d3e-000000000001', record_type, 2, 'merged', $1, valid_from, recorded_at, 0, sealed_golden from entity where id = $1`, [li]);
    await db.dataSource.query(`insert into entity select 'p-0192f0c1-7b1d-7c3a-9d3e-000000000002', record_type, 2, 'merged', 'p-0192f0c1-7b1d-7c3a-9d3e-000000000001', valid_from, recorded_at, 0, sealed_golden from entity where id = $1`, [li]);
    const answer = await worker('GET', '/persons/p-0192f0c1-7b1d-7c3a-9d3e-000000000002');
    expect([answer.status, answer.headers['location']]).toEqual([307, `/persons/${li}`]);
  });

  it('is read into the audit log, hit by hit, without a value', async () => {
    const auditor = await hub.as('auditor');
    const { body } = await auditor('GET', `/audit?subject=${zhang}&limit=200`);
    const actions = new Set(body.items.map((r: { action: string }) => r.action));
    expect([...actions].sort()).toEqual(['household.read', 'person.history', 'person.read', 'person.search']);
    expect(JSON.stringify(body.items)).not.toMatch(/张伟强|13900000001|19620315/);
  });
});

describe('reviews', () => {
  let review: string;
  beforeAll(async () => {
    const two = ['张志明', '张志敏'].map((name, i) => personRecord(i ? 'grid' : 'hukou', `V${i}`, { name, citizenId: '990101198001010017', currentAddress: east, registeredAddress: east }));
    await resolveRecords(db, hub.sealing, two);
    const secret = personRecord('corrections', 'C9', { name: '王大力', citizenId: ZHANG, currentAddress: east, facets: { correction: {} } });
    await resolveRecords(db, hub.sealing, [secret]);
    const ids = await db.dataSource.query(`select id from source_record where record_ref = any($1) order by id`, [two.map((r) => hub.sealing.ref('record', `${r.system}:person:${r.naturalKey}`))]);
    review = '0192f0c1-7b1d-7c3a-9d3e-00000000aaaa';
    await db.dataSource.query(
      `insert into review (id, kind, record_type, pair_ref, record_ids, probability, state, restricted, sealed_evidence, opened_at)
       values ($1, 'ambiguous', 'person', $2, $3, 0.7, 'open', false, $4, now()) on conflict (pair_ref) do update set id = $1, state = 'open'`,
      [review, hub.sealing.ref('pair', 'test'), ids.map((r: { id: string }) => r.id), hub.sealing.sealJson({})]);
  });

  it('show both records and why they may be one, in words', async () => {
    const list = await steward('GET', '/reviews?kind=ambiguous');
    expect(list.body.items.map((r: { id: string }) => r.id)).toContain(review);
    const { body } = await steward('GET', `/reviews/${review}`);
    expect(body.records.map((r: { key: string }) => r.key).sort()).toEqual(['grid:person:V1', 'hukou:person:V0']);
    expect(body.evidence.steps.length).toBeGreaterThan(2);
    expect(body.evidence.conclusion).toEqual({ zh: expect.any(String), en: expect.any(String) });
  });

  it('that touch a restricted record do not exist outside its scope', async () => {
    const outside = await hub.as('steward');
    const seen = await outside('GET', '/reviews?limit=200');
    expect(seen.text).not.toMatch(/corrections|王大力/);
    const hidden = (await steward('GET', '/reviews?limit=200')).body.items.find((r: { records: { system: string }[] }) => r.records.some((x) => x.system === 'corrections'));
    expect(hidden).toBeDefined();
    expect((await outside('GET', `/reviews/${hidden.id}`)).status).toBe(404);
    expect((await outside('POST', `/reviews/${hidden.id}/decision`, { body: { decision: 'link' } })).status).toBe(404);
  });

  it('are decided by a command between record keys, once', async () => {
    hub.commands.length = 0;
    expect((await steward('POST', `/reviews/${review}/decision`, { body: { decision: 'askAtTheDoor' } })).status).toBe(202);
    expect(hub.commands).toEqual([]);
    const answer = await steward('POST', `/reviews/${review}/decision`, { body: { decision: 'noLink', reason: 'Both came to the office.' } });
    expect(answer.status).toBe(202);
    expect(hub.commands[0]).toMatchObject({ id: answer.body.decisionId, command: { kind: 'noLink', decisionId: answer.body.decisionId, reason: 'Both came to the office.' } });
    expect((hub.commands[0]!.command as { records: string[] }).records.sort()).toEqual(['grid:person:V1', 'hukou:person:V0']);
    await db.dataSource.query(`update review set state = 'noLink' where id = $1`, [review]);
    expect((await steward('POST', `/reviews/${review}/decision`, { body: { decision: 'link' } })).status).toBe(409);
  });

  it('can be revoked, by those who may see the records', async () => {
    hub.commands.length = 0;
    await db.dataSource.query(
      `insert into steward_decision (id, kind, sealed_records, record_refs, actor, decided_at) values ('d1', 'link', $1, '{}', 'x', now()), ('d2', 'link', $2, '{}', 'x', now())`,
      [hub.sealing.sealJson(['hukou:person:V0', 'grid:person:V1']), hub.sealing.sealJson(['hukou:person:V0', 'corrections:person:C9'])]);
    const outside = await hub.as('steward');
    expect((await outside('GET', '/decisions')).body.items.map((d: { id: string }) => d.id)).toEqual(['d1']);
    expect((await outside('POST', '/decisions', { body: { kind: 'revoke', decisionId: 'd2' } })).status).toBe(404);
    expect((await outside('POST', '/decisions', { body: { kind: 'revoke', decisionId: 'd1' } })).status).toBe(202);
    expect(hub.commands[0]!.command).toMatchObject({ kind: 'revoke', revokes: 'd1' });
    expect((await outside('POST', '/decisions', { body: { kind: 'noLink', records: ['hukou:person:R1', 'corrections:person:C7'] } })).status).toBe(404);
    expect((await outside('POST', '/decisions', { body: { kind: 'noLink', records: ['hukou:person:R1'] } })).status).toBe(400);
    expect((await outside('POST', '/decisions', { body: { kind: 'noLink', records: ['hukou:person:R1', 'hukou:person:R2'] } })).status).toBe(202);
  });
});

describe('dead letters', () => {
  beforeAll(async () => {
    const store = new DeadLetterStore(hub.sealing, systemClock);
    await new UnitOfWork(db.dataSource).run((tx) => store.add(tx, ['hukou', 'hukou', 'corrections'].map((system, i) => ({
      system, recordType: 'person', code: 'YICI_ROW_WRONG_COLUMN_COUNT', stage: 'decoding' as const, reason: 'The row has 3 columns instead of 21.',
      origin: { source: 'abc', position: i + 1 }, bytes: Buffer.from(`张三,${i}`),
    }))));
  });

  it('are listed without contents, opened by stewards, replayed by command', async () => {
    const admin = await hub.as('admin');
    const list = (await admin('GET', '/dead-letters?limit=1')).body;
    expect(list.items).toHaveLength(1);
    const second = (await admin('GET', `/dead-letters?limit=1&after=${list.next}`)).body;
    expect(new Set([...list.items, ...second.items].map((d: { originPosition: number }) => d.originPosition))).toEqual(new Set([1, 2]));
    expect(second.next).toBeNull();
    const { id } = list.items[0];
    expect((await admin('GET', `/dead-letters/${id}`)).status).toBe(403);
    expect(Buffer.from((await steward('GET', `/dead-letters/${id}`)).body.bytes, 'base64').toString()).toMatch(/^张三,\d$/);
    hub.commands.length = 0;
    expect((await admin('POST', `/dead-letters/${id}/replay`)).status).toBe(202);
    expect(hub.commands[0]!.command).toMatchObject({ kind: 'replay', deadLetterId: id });
  });
  it('of a secret system exist for its scope only', async () => {
    const outside = await hub.as('steward');
    const { body } = await steward('GET', '/dead-letters?system=corrections');
    expect(body.items).toHaveLength(1);
    expect((await outside('GET', '/dead-letters?system=corrections')).body.items).toEqual([]);
    expect((await outside('GET', `/dead-letters/${body.items[0].id}`)).status).toBe(404);
    expect((await outside('POST', `/dead-letters/${body.items[0].id}/replay`)).status).toBe(404);
  });
});

describe('the counts', () => {
  it('balance, and show restricted systems to their scope only', async () => {
    await db.dataSource.query(
      `insert into snapshot_file (digest, system, name, bytes, state, rows_read, rows_accepted, rows_superseded, rows_void, rows_dead, started_at)
       values ('f1', 'hukou', 'a', 1, 'read', 10, 6, 2, 1, 1, now()), ('f2', 'grid', 'b', 1, 'read', 10, 6, 2, 1, 0, now())`);
    const { body } = await worker('GET', '/counts');
    expect(body.systems.map((s: { system: string }) => s.system)).toEqual(['grid', 'hukou']);
    expect(body.withheld).toEqual(['corrections', 'party-volunteer']);
    expect(body.systems[1]).toMatchObject({ read: 10, accepted: 6, superseded: 2, void: 1, dead: 1, rowsBalance: true, records: 4, resolved: 4, resolvedBalance: true, deadLetters: 2 });
    expect(body.systems[0]).toMatchObject({ rowsBalance: false });
    const all = (await steward('GET', '/counts')).body;
    expect(all.withheld).toEqual([]);
    expect(all.systems.map((s: { system: string }) => s.system)).toContain('corrections');
  });
});

