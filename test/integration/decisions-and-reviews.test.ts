import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { Sealing } from '#libs/platform/sealing';
import { writeDecisions } from '#libs/resolution/decision-writer';
import { entityAnchor, type NewDecision } from '#libs/resolution/message-effects';
import { changeWriter } from '#libs/resolution/resolution-module';
import { recordRef } from '#libs/store/source-record-codec';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { authorityTable } from '#libs/survivorship/authority';
import { AUTHORITY, personRecord, resolveRecords } from '#test/support/resolved-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const ID = '990101196203150315';
const NEW = '990101197507070028';
let db: TestDatabase;
const sealing = new Sealing(ephemeralSealingKeys());

beforeAll(async () => { db = await createTestDatabase(); }, 60_000);
afterAll(() => db.drop());

/** One number, two people: who they are is for a steward to say. */
async function contested(n: number): Promise<[string, string]> {
  const keys: [string, string] = [`hukou:person:R${n}`, `grid:person:g${n}`];
  await resolveRecords(db, sealing, [personRecord('hukou', `R${n}`, { name: '张伟强', citizenId: ID }), personRecord('grid', `g${n}`, { name: '欧阳晓芳', citizenId: ID })]);
  return keys;
}
const states = async () => (await db.pool.query<{ state: string }>('select state from review order by opened_at, id')).rows.map((r) => r.state);
async function decide(decision: NewDecision): Promise<void> {
  await new UnitOfWork(db.dataSource).run(async (tx) => {
    const about = await writeDecisions(tx, sealing, [decision], new Date(systemClock.now()));
    await changeWriter({ sealing, clock: systemClock, model: personModel() }).apply(tx, { records: [], decided: [...about.keys()] }, authorityTable(AUTHORITY), new Set());
  });
}

it('a doubt waits again when its decision is taken back', async () => {
  const records = await contested(1);
  expect(await states()).toEqual(['open']);
  await decide({ id: 'd-1', kind: 'noLink', records, actor: 'x' });
  expect(await states()).toEqual(['noLink']);
  await decide({ id: 'd-2', kind: 'revoke', records: [], revokes: 'd-1', actor: 'x' });
  expect(await states()).toEqual(['open']);
  await decide({ id: 'd-3', kind: 'link', records, actor: 'x' });
  expect(await states()).toEqual(['link']);
  await decide({ id: 'd-4', kind: 'revoke', records: [], revokes: 'd-3', actor: 'x' });
  expect(await states()).toEqual(['open']);
});

it('a doubt that a worker was to ask about at the door ends when its reason does', async () => {
  await db.pool.query(`update review set state = 'askAtTheDoor'`);
  await resolveRecords(db, sealing, [personRecord('grid', 'g1', { name: '欧阳晓芳', citizenId: '990101196408220428' }, { order: '2' })]);
  expect(await states()).toEqual(['obsolete']);
});

it('a doubt ends also where its records have nothing in common any more', async () => {
  const born = { date: '1962-03-15', precision: 'day', calendar: 'gregorian' } as const;
  await resolveRecords(db, sealing, [personRecord('hukou', 'R5', { name: '乌兰托娅', birthDate: born }), personRecord('grid', 'g5', { name: '乌兰托娅', birthDate: born })]);
  const doubt = async () => (await db.pool.query<{ kind: string; state: string }>('select kind, state from review order by opened_at desc, id desc limit 1')).rows[0];
  expect(await doubt()).toEqual({ kind: 'noWitness', state: 'open' });
  await resolveRecords(db, sealing, [personRecord('grid', 'g5', { name: '王建国', birthDate: { ...born, date: '1971-01-30' } }, { order: '2' })]);
  expect(await doubt()).toEqual({ kind: 'noWitness', state: 'obsolete' });
});

it('a doubt says how likely it is now', async () => {
  const born = { date: '1955-12-01', precision: 'day', calendar: 'gregorian' } as const;
  const likely = async () => (await db.pool.query<{ probability: number; state: string }>('select probability, state from review order by opened_at desc, id desc limit 1')).rows[0]!;
  await resolveRecords(db, sealing, [personRecord('hukou', 'R8', { name: '呼延静', birthDate: born, sex: '2' }), personRecord('grid', 'g8', { name: '呼延静', birthDate: born })]);
  const before = await likely();
  await resolveRecords(db, sealing, [personRecord('grid', 'g8', { name: '呼延静', birthDate: born, sex: '2' }, { order: '2' })]);
  expect(await likely()).toEqual({ state: 'open', probability: expect.any(Number) });
  expect((await likely()).probability).toBeGreaterThan(before.probability);
});

it('nobody is asked what a steward has said already, also where the doubt came after the word', async () => {
  const records = ['hukou:person:R6', 'grid:person:g6'];
  const last = async () => (await states()).at(-1);
  await resolveRecords(db, sealing, [personRecord('hukou', 'R6', { name: '何秀英', citizenId: NEW }), personRecord('grid', 'g6', { name: '司马建军' })]);
  const before = (await states()).length;
  await decide({ id: 'd-6', kind: 'noLink', records, actor: 'x' });
  await resolveRecords(db, sealing, [personRecord('grid', 'g6', { name: '司马建军', citizenId: NEW }, { order: '2' })]);
  expect([(await states()).length, await last()]).toEqual([before + 1, 'noLink']);
  await decide({ id: 'd-7', kind: 'revoke', records: [], revokes: 'd-6', actor: 'x' });
  expect(await last()).toBe('open');
});

it('a record that a target made for a person is tied to a record that everybody sees: a restricted one bridges nobody', async () => {
  const cheng = '990101196408220428';
  await resolveRecords(db, sealing, [personRecord('corrections', 'C7', { name: '程七', citizenId: cheng, facets: { correction: { category: '02' } } } as never)]);
  await resolveRecords(db, sealing, [personRecord('hukou', 'R7', { name: '程七', citizenId: cheng })]);
  const entity = (await db.pool.query<{ entity_id: string }>(
    'select c.entity_id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = $1', [recordRef(sealing, 'hukou:person:R7')])).rows[0]!.entity_id;
  await decide({ id: 'minted-1', kind: 'link', records: ['grid:person:90001', entityAnchor(entity)], actor: 'hub' });
  const { sealed_records: kept } = (await db.pool.query<{ sealed_records: Buffer }>(`select sealed_records from steward_decision where id = 'minted-1'`)).rows[0]!;
  expect(sealing.openJson(kept)).toEqual(['grid:person:90001', 'hukou:person:R7']);
});
