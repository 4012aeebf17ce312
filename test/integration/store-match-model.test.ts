import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { modelOfStore } from '#apps/cli/match-model-file';
import { personModel, type MatchModel } from '#libs/matching/match-model';
import { keepMatchModel, replaceMatchModel } from '#libs/store/match-model-store';
import { SecretCity } from '#test/support/secret-city';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const SHIPPED = personModel();
const TRAINED: MatchModel = { ...SHIPPED, id: 'trained', thresholds: { ...SHIPPED.thresholds, link: 0.99999 } };
const now = new Date('2026-07-01T00:00:00Z');
let db: TestDatabase;

beforeAll(async () => { db = await createTestDatabase(); }, 60_000);
afterAll(() => db.drop());

it('a store without a model takes the one that ships, and keeps it whatever ships later', async () => {
  expect(await modelOfStore({ pool: db.pool })).toEqual(SHIPPED);
  expect(await keepMatchModel(db.pool, TRAINED, now)).toEqual(SHIPPED);
});

it('a store that was filled with a trained model goes on with it, and refuses another', async () => {
  await replaceMatchModel(db.pool, TRAINED, now);
  expect(await modelOfStore({ pool: db.pool })).toEqual(TRAINED);
  expect(await modelOfStore({ pool: db.pool }, { ...TRAINED })).toEqual(TRAINED);
  await expect(modelOfStore({ pool: db.pool }, SHIPPED)).rejects.toMatchObject({ code: 'YICI_MODEL_OTHER' });
});

it('the hub resolves with the model of its store', async () => {
  const own = await createTestDatabase();
  await replaceMatchModel(own.pool, TRAINED, now);
  const hub = await SecretCity.open({ db: own, dataDir: mkdtempSync(path.join(os.tmpdir(), 'yici-model-')) }, 'resolution,api');
  try {
    expect(hub.parts.model).toEqual(TRAINED);
  } finally {
    await hub.close();
  }
}, 60_000);
