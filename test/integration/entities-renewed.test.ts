import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import type { StoredGolden } from '#libs/resolution/golden';
import { recordRef } from '#libs/store/source-record-codec';
import { personRecord, resolveRecords } from '#test/support/resolved-records';
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
