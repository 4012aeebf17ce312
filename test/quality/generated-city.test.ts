import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateCity } from '#libs/synthetic/generate-city';
import { compareWithTruth, keyDifference, loadedCity, ownIdKeys, type LoadedCity } from '#test/support/loaded-city';

/** Two cities, so that no figure is won on one seed. */
describe.each([['first'], ['second']])('a generated city of 3,000 persons (%s)', (seed) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-city-'));
  let city: LoadedCity;

  beforeAll(async () => {
    await generateCity({ persons: 3000, seed }, dir);
    city = await loadedCity(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('yields exactly the dead letters that were put into it, and every other record', () => {
    expect(Object.fromEntries(Object.entries(city.result.rows).map(([system, r]) => [system, r.dead]))).toEqual(city.expectedDeadLetters);
    expect(keyDifference(city)).toEqual({ missing: [], unknown: [] });
  });

  it('finds its persons', () => {
    const all = compareWithTruth(city, 'person');
    const ownKeys = ownIdKeys(city);
    const own = compareWithTruth(city, 'person', (k) => ownKeys.has(k));
    console.log(`city ${seed}: ${all.records} person records, precision ${all.pairwise.precision.toFixed(4)}, recall ${all.pairwise.recall.toFixed(4)}, `
      + `F1 ${all.pairwise.f1.toFixed(4)}, over-merged ${all.falseMerges.overmergedRecords} (${(all.falseMerges.overmergedShare * 100).toFixed(3)} %), own valid ID F1 ${own.pairwise.f1.toFixed(4)}`);
    expect(all.pairwise.f1).toBeGreaterThanOrEqual(0.93);
    expect(all.falseMerges.overmergedShare).toBeLessThanOrEqual(0.002);
    expect(own.pairwise.f1).toBeGreaterThanOrEqual(0.99);
  });

  it('finds its households, kinds pooled', () => {
    const { pairwise } = compareWithTruth(city, 'household');
    console.log(`city ${seed}: households precision ${pairwise.precision.toFixed(4)}, recall ${pairwise.recall.toFixed(4)}, F1 ${pairwise.f1.toFixed(4)}`);
    expect(pairwise.f1).toBeGreaterThanOrEqual(0.985);
  });
});
