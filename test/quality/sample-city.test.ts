import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/platform/project-root';
import { compareWithTruth, keyDifference, loadedCity, ownIdKeys, type LoadedCity } from '#test/support/loaded-city';

describe('the sample city', () => {
  let city: LoadedCity;

  beforeAll(async () => {
    city = await loadedCity(path.join(projectRoot(), 'test/fixtures/sample-city'));
  });

  it('yields exactly the dead letters that are in its files', () => {
    const dead = Object.fromEntries(Object.entries(city.result.rows).map(([system, r]) => [system, r.dead]));
    expect(dead).toEqual(city.expectedDeadLetters);
    expect(city.result.refused).toEqual([]);
  });

  it('has every other record in the crosswalk, and nothing else', () => {
    expect(keyDifference(city)).toEqual({ missing: [], unknown: [] });
  });

  it('makes two people one nowhere', () => {
    const { pairwise, falseMerges } = compareWithTruth(city, 'person');
    expect({ falsePositives: pairwise.falsePositives, clusters: falseMerges.clusters }).toEqual({ falsePositives: 0, clusters: 0 });
  });

  it('finds its persons: pair F1 at least 0.94', () => {
    const { pairwise } = compareWithTruth(city, 'person');
    console.log(`sample city, persons: precision ${pairwise.precision.toFixed(4)}, recall ${pairwise.recall.toFixed(4)}, F1 ${pairwise.f1.toFixed(4)}`);
    expect(pairwise.f1).toBeGreaterThanOrEqual(0.94);
  });

  it('finds its persons where the ID is valid and their own: pair F1 at least 0.995', () => {
    const own = ownIdKeys(city);
    const { pairwise, records } = compareWithTruth(city, 'person', (k) => own.has(k));
    console.log(`sample city, ${records} records with their own valid ID: F1 ${pairwise.f1.toFixed(4)}`);
    expect(records).toBeGreaterThan(800);
    expect(pairwise.f1).toBeGreaterThanOrEqual(0.995);
  });

  it('finds its households, kinds pooled: pair F1 at least 0.97', () => {
    const { pairwise } = compareWithTruth(city, 'household');
    console.log(`sample city, households: F1 ${pairwise.f1.toFixed(4)}`);
    expect(pairwise.f1).toBeGreaterThanOrEqual(0.97);
  });
});
