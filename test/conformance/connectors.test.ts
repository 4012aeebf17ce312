import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { folderChecks } from '#libs/connector-sdk/conformance/folder-checks';
import { lossinessOf } from '#libs/connector-sdk/conformance/lossiness';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { Divisions } from '#libs/values/divisions';

/** Every connector folder proves its own reading and writing rules: connectors/README.md, "Fixtures". */
const ROOT = path.resolve(import.meta.dirname, '../../connectors');
const DIVISIONS = Divisions.parse(readFileSync(path.join(ROOT, 'divisions.csv'), 'utf8'));
const folders = readdirSync(ROOT, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name);
const checks = await Promise.all(folders.map(async (id) => ({ id, found: await folderChecks(loadConnector(path.join(ROOT, id)), DIVISIONS) })));

describe.each(checks)('connector $id', ({ id, found }) => {
  it.each(found.map((c) => [c.id, c] as const))('%s', (_, { outcome, detail }) => {
    expect([outcome, outcome === 'failed' ? detail : '']).toEqual([outcome === 'notRun' ? 'notRun' : 'passed', '']);
  });

  it('says of each field that reaches it what is lost there', async () => {
    for (const { columns } of await lossinessOf(loadConnector(path.join(ROOT, id)), DIVISIONS)) expect(columns.length).toBeGreaterThan(0);
  });
});
