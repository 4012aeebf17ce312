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

/** Persons that their system took back in their current version: they stay, marked. */
const WITHDRAWN: Record<string, number> = { grid: 1 };

/** Texts of the columns that must never enter, read from the files without any connector. */
function forbidden(id: string, never: readonly string[]): Set<string> {
  const texts = new Set<string>();
  if (never.length === 0) return texts;
  for (const name of readdirSync(path.join(CITY, id))) {
    const decoded = new TextDecoder(id === 'corrections' ? 'utf-8' : 'gb18030').decode(readFileSync(path.join(CITY, id, name)));
    const [header = '', ...lines] = decoded.split('\r\n');
    const columns = header.split(',');
    for (const line of lines) {
      const cells = line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/);
      if (cells.length === columns.length) for (const column of never) if (columns.includes(column)) texts.add(cells[columns.indexOf(column)]!);
    }
  }
  texts.delete('');
  expect(texts.size).toBeGreaterThan(0);
  return texts;
}

it('has all twelve systems', () => {
  expect([...systems].sort()).toEqual(Object.keys(deadLetters).sort());
});

describe.each(systems)('the sample city of %s', (id) => {
  it('gives a record for every key of the truth and a dead letter for every malformed row', async () => {
    const keys = new Set<string>();
    let dead = 0;
    const positions = new Map<string, number>();
    const current = new Map<string, { order: string; state: string }>();
    const connector = loadConnector(path.join(CONNECTORS, id));
    let mapped = '';
    const ctx = { divisions, snapshotDate: '2026-03-31', observedAt: '2026-03-31T00:00:00+08:00' };
    for await (const batch of readSnapshot(connector, CITY, ctx)) {
      for (const row of batch.rows) {
        expect(row.position).toBe((positions.get(batch.digest) ?? 0) + 1);
        positions.set(batch.digest, row.position);
        if (row.kind === 'dead') dead += 1;
        if (row.kind !== 'accepted') continue;
        mapped += JSON.stringify(row.records);
        for (const r of row.records) {
          const key = `${r.recordType},${r.naturalKey}`;
          keys.add(key);
          if (r.recordType === 'person' && r.order >= (current.get(key)?.order ?? '')) current.set(key, r);
        }
      }
    }
    expect(dead).toBe(deadLetters[id]);
    expect([...current.values()].filter((r) => r.state === 'withdrawn')).toHaveLength(WITHDRAWN[id] ?? 0);
    for (const text of forbidden(id, connector.manifest.never)) expect(mapped).not.toContain(text);
    expect([...keys].sort()).toEqual([...new Set(truth.filter(([s]) => s === id).map(([, type, key]) => `${type},${key}`))].sort());
  });
});
