import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { readSnapshot } from '#libs/connector-sdk/read-snapshot';
import { Divisions } from '#libs/values/divisions';

/** The sample city through every connector: exactly the malformed rows are dead, every key of the truth is a record, and no other. */
const CITY = path.resolve(import.meta.dirname, '../fixtures/sample-city');
const CONNECTORS = path.resolve(import.meta.dirname, '../../connectors');
const divisions = Divisions.parse(readFileSync(path.join(CITY, 'divisions.csv'), 'utf8'));
const deadLetters = JSON.parse(readFileSync(path.join(CITY, 'expected_dead_letters.json'), 'utf8')) as Record<string, number>;
const truth = readFileSync(path.join(CITY, 'truth.csv'), 'utf8').trim().split(/\r?\n/).slice(1).map((l) => l.split(','));
const systems = readdirSync(CONNECTORS).filter((id) => existsSync(path.join(CONNECTORS, id, 'connector.yaml')));

describe.each(systems)('the sample city of %s', (id) => {
  it('gives a record for every key of the truth and a dead letter for every malformed row', async () => {
    const keys = new Set<string>();
    let dead = 0;
    const positions = new Map<string, number>();
    const ctx = { divisions, snapshotDate: '2026-03-31', observedAt: '2026-03-31T00:00:00+08:00' };
    for await (const batch of readSnapshot(loadConnector(path.join(CONNECTORS, id)), CITY, ctx)) {
      for (const row of batch.rows) {
        expect(row.position).toBe((positions.get(batch.digest) ?? 0) + 1);
        positions.set(batch.digest, row.position);
        if (row.kind === 'dead') dead += 1;
        if (row.kind === 'accepted') for (const r of row.records) keys.add(`${r.recordType},${r.naturalKey}`);
      }
    }
    expect(dead).toBe(deadLetters[id]);
    expect([...keys].sort()).toEqual([...new Set(truth.filter(([s]) => s === id).map(([, type, key]) => `${type},${key}`))].sort());
  });
});
