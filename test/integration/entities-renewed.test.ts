import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { personModel } from '#libs/matching/match-model';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { writeDecisions } from '#libs/resolution/decision-writer';
import type { StoredGolden } from '#libs/resolution/golden';
import { changeWriter } from '#libs/resolution/resolution-module';
import { recordRef } from '#libs/store/source-record-codec';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { authorityTable } from '#libs/survivorship/authority';
import { AUTHORITY, personRecord, resolveRecords } from '#test/support/resolved-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const ID = '990101196203150315';
const HOME = { raw: '花园小区5幢101室', division: '990101001001', estate: '花园小区', building: '5', room: '101' };

let db: TestDatabase;
const sealing = new Sealing(ephemeralSealingKeys());

beforeAll(async () => { db = await createTestDatabase(); }, 60_000);
afterAll(() => db.drop());

/** The crosswalk line and the golden record of a record's entity. */
async function entityOf(key: string) {
  const { rows } = await db.pool.query<{ attached: boolean; probability: number | null; version: number; sealed_golden: Buffer }>(
    'select c.attached, c.probability, e.version, e.sealed_golden from crosswalk c join source_record s on s.id = c.record_id join entity e on e.id = c.entity_id where s.record_ref = $1', [recordRef(sealing, key)]);
  const { sealed_golden: golden, ...row } = rows[0]!;
  return { ...row, golden: sealing.openJson<StoredGolden>(golden) };
}

it('a golden record says by whose word a value stands now, also where the value is the one it was', async () => {
  const says = (system: string, key: string, day: string) => personRecord(system, key, { name: '张伟强', citizenId: ID, education: '60' }, { order: day, sourceTime: `2026-02-${day}T00:00:00.000Z` });
  await resolveRecords(db, sealing, [says('public-health', 'a', '01'), says('disability', 'b', '02')]);
  const before = await entityOf('public-health:person:a');
  expect(before.golden.fields['education']).toMatchObject({ value: '60', record: 'disability:person:b' });
  await resolveRecords(db, sealing, [says('public-health', 'a', '03')]);
  const after = await entityOf('public-health:person:a');
  expect(after.golden.fields['education']).toMatchObject({ value: '60', record: 'public-health:person:a' });
  expect(after.version).toBe(before.version);
});

it('an attached account says how likely it is now', async () => {
  const phones = [{ number: '13900000007' }];
  const neighbour = (more: object, order: string) => personRecord('grid', 'g1', { name: '司马建军', citizenId: '990101197507070028', phones, ...more }, { order });
  await resolveRecords(db, sealing, [neighbour({}, '1'), personRecord('smart-community', 'u1', { phones, currentAddress: HOME })]);
  const before = await entityOf('smart-community:person:u1');
  expect(before).toMatchObject({ attached: true, probability: expect.any(Number) });
  await resolveRecords(db, sealing, [neighbour({ currentAddress: HOME }, '2')]);
  const after = await entityOf('smart-community:person:u1');
  expect(after.attached).toBe(true);
  expect(after.probability).toBeGreaterThan(before.probability!);
});

it('a household lists who lives there by the id they have now, also where a decision between others gave it', async () => {
  const number = '990101198001010014';
  const born = { name: '何秀英', citizenId: number };
  const lives = { ...born, memberships: [{ kind: 'residential' as const, key: 'H1', relation: '02' }] };
  // Who goes with the register is parted from the others, who are more and keep the id; matching names both parts as before.
  await resolveRecords(db, sealing, [personRecord('grid', 'g9', lives)]);
  await resolveRecords(db, sealing, [
    { ...personRecord('grid', 'H1', {}), recordType: 'household', body: { kind: 'residential', number: 'H1' } },
    personRecord('public-health', 'x1', born), personRecord('public-health', 'x2', born), personRecord('residence-permit', 'x3', born), personRecord('hukou', 'R9', born),
  ]);
  const members = async () => (await db.pool.query<{ person_id: string }>('select person_id from household_member')).rows.map((r) => r.person_id);
  const idOf = async (key: string) => (await db.pool.query<{ id: string }>('select c.entity_id as id from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = $1', [recordRef(sealing, key)])).rows[0]!.id;
  const before = await idOf('grid:person:g9');
  expect([await members(), await idOf('hukou:person:R9')]).toEqual([[before], before]);
  const others = ['public-health:person:x1', 'public-health:person:x2', 'residence-permit:person:x3'];
  await new UnitOfWork(db.dataSource).run(async (tx) => {
    const about = await writeDecisions(tx, sealing, others.map((key, i) => ({ id: `apart-${i}`, kind: 'noLink', records: ['hukou:person:R9', key], actor: 'x' })), new Date());
    await changeWriter({ sealing, clock: systemClock, model: personModel() }).apply(tx, { records: [], decided: [...about.keys()] }, authorityTable(AUTHORITY), new Set());
  });
  expect(await idOf('public-health:person:x1')).toBe(before);
  expect(await idOf('grid:person:g9')).not.toBe(before);
  expect(await members()).toEqual([await idOf('grid:person:g9')]);
});
