import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { Divisions } from '#libs/values/divisions';

/** Every folder reads its part of the sample city: no row lost, none invented. */
const ROOT = path.resolve(import.meta.dirname, '../../connectors');
const CITY = path.resolve(import.meta.dirname, '../fixtures/sample-city');
const text = (name: string): string => readFileSync(path.join(CITY, name), 'utf8');
const divisions = Divisions.parse(text('divisions.csv'));
const { snapshotDate } = parse(text('city.yaml')) as { snapshotDate: string };
const expectedDead = JSON.parse(text('expected_dead_letters.json')) as Record<string, number>;
const truth = text('truth.csv').trim().split('\n').slice(1).map((line) => line.split(','));
const folders = readdirSync(ROOT, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name);

describe.each(folders)('the sample city of %s', (id) => {
  it('gives every record of the truth and the expected dead letters', async () => {
    const keys = new Set<string>();
    let dead = 0;
    for await (const batch of readSnapshot(loadConnector(path.join(ROOT, id)), CITY, { divisions, snapshotDate, observedAt: `${snapshotDate}T00:00:00+08:00` })) {
      for (const row of batch.rows) {
        if (row.kind === 'dead') dead += 1;
        if (row.kind === 'accepted') for (const r of row.records) keys.add(`${r.recordType}:${r.naturalKey}`);
      }
    }
    expect(dead).toBe(expectedDead[id]);
    expect([...keys].sort()).toEqual(truth.filter(([system]) => system === id).map(([, type, key]) => `${type}:${key}`).sort());
  });
});
