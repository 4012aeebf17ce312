import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { Sealing } from '#libs/platform/sealing';
import { writeDecisions } from '#libs/resolution/decision-writer';
import type { NewDecision } from '#libs/resolution/message-effects';
import { changeWriter } from '#libs/resolution/resolution-module';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { authorityTable } from '#libs/survivorship/authority';
import { AUTHORITY, personRecord, resolveRecords } from '#test/support/resolved-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const ID = '990101196203150315';
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
