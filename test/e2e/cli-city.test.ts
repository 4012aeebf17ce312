import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadResult } from '#libs/bulk/load-result';
import type { SharingAgreement } from '#libs/fanout/agreement-store';
import type { Evaluation } from '#libs/matching/evaluate';
import type { EntityHistory } from '#libs/resolution/explain-history';
import { newDataDir, removeDataDir, yici, yiciJson } from '#test/support/child-process';

const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-cli-city-'));
const city = path.join(dir, 'march');
const later = path.join(dir, 'april');
const model = path.join(dir, 'model.json');
const dataDir = newDataDir();
const store = ['--data-dir', dataDir];
let loaded: LoadResult;

beforeAll(async () => {
  await yiciJson('generate-city', city, '--persons', '200', '--seed', '3');
  await yiciJson('generate-city', later, '--persons', '200', '--seed', '3', '--snapshot-date', '2026-04-30');
  loaded = await yiciJson<LoadResult>('load', city, ...store);
}, 300_000);
afterAll(async () => {
  await removeDataDir(dataDir);
  rmSync(dir, { recursive: true });
}, 60_000);

describe('a city through the command line', () => {
  it('balances its rows and says what it made of them', () => {
    expect(Object.keys(loaded.rows)).toHaveLength(12);
    for (const c of Object.values(loaded.rows)) expect(c.read).toBe(c.accepted + c.superseded + c.void + c.dead);
    expect(loaded.partitionHash).toMatch(/^[0-9a-f]{64}$/);
    expect(loaded.entities.person).toBeGreaterThan(100);
    expect(loaded.refused).toEqual([]);
  });

  it('exports the crosswalk, which evaluate compares with the truth', async () => {
    const crosswalk = path.join(dir, 'crosswalk.csv');
    await yiciJson('export', 'crosswalk', '--out', crosswalk, ...store);
    const e = await yiciJson<Evaluation & { missing: number }>('evaluate', '--crosswalk', crosswalk, '--truth', path.join(city, 'truth.csv'), '--record-type', 'person');
    expect(e.missing).toBe(0);
    expect(e.pairwise.f1).toBeGreaterThan(0.85);
    expect(e.pairwise.precision).toBeGreaterThan(0.97);
  }, 120_000);

  it('reads no file twice, and a later snapshot as changes', async () => {
    const again = await yiciJson<LoadResult>('load', city, ...store);
    expect(again.partitionHash).toBe(loaded.partitionHash);
    expect(Object.values(again.rows).map((r) => r.read)).toEqual(Array(12).fill(0));
    expect(again.skipped!.length).toBeGreaterThanOrEqual(12);
    const { stdout } = await yici('load', city, ...store).ended;
    expect(stdout).toMatch(/^SKIPPED hukou\/HJXX_CZRKJBXXB\.csv: read by an earlier load\.$/m);
    const april = await yiciJson<LoadResult>('load', later, ...store);
    expect(april.rows['hukou']!.read).toBeGreaterThan(0);
    for (const c of Object.values(april.rows)) expect(c.read).toBe(c.accepted + c.superseded + c.void + c.dead);
  }, 300_000);

  it('explains why two records are one, and how the person came to be', async () => {
    const [entity, a, b] = onePerson(path.join(dir, 'crosswalk.csv'));
    const why = await yiciJson<{ together: boolean; entities: string[]; steps: { bits: number; total: number }[]; conclusion: { zh: string; en: string } }>('why', a, b, ...store);
    expect([why.together, why.entities]).toEqual([true, [entity, entity]]);
    expect(why.steps.at(-1)!.total).toBeCloseTo(why.steps.reduce((sum, s) => sum + s.bits, 0), 6);
    expect([why.conclusion.zh, why.conclusion.en]).toEqual([expect.stringMatching(/\p{Script=Han}/u), expect.stringMatching(/[a-z]/)]);
    const how = await yiciJson<EntityHistory & { events: { words: { zh: string; en: string } }[] }>('how', entity, ...store);
    expect(how.id).toBe(entity);
    expect(how.members.map((m) => m.record)).toEqual(expect.arrayContaining([a, b]));
    expect(how.events[0]).toMatchObject({ kind: 'created', words: { en: expect.stringContaining('came to be') } });
    const { stdout } = await yici('how', entity, ...store).ended;
    expect(stdout).toContain('首次建立');
  }, 120_000);

  it('shows agreements, approves by filter, and revokes', async () => {
    const { agreements } = await yiciJson<{ agreements: SharingAgreement[] }>('agreements', 'list', ...store);
    expect(new Set(agreements.map((a) => a.state))).toEqual(new Set(['proposed']));
    const { changed } = await yiciJson<{ changed: SharingAgreement[] }>('agreements', 'approve', '--target', 'grid', '--provider', 'hub', ...store);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((a) => a.target === 'grid' && a.provider === 'hub' && a.state === 'approved' && a.decidedBy === 'command line')).toBe(true);
    const revoked = await yiciJson<{ changed: SharingAgreement[] }>('agreements', 'revoke', changed[0]!.id, ...store);
    expect(revoked.changed.map((a) => [a.id, a.state])).toEqual([[changed[0]!.id, 'revoked']]);
    const { stdout } = await yici('agreements', 'list', '--target', 'hukou', ...store).ended;
    for (const word of ['共享范围', '方式', '标准', '目的', '依据', '条件', '期限', '待批准']) expect(stdout).toContain(word);
  }, 120_000);

  it('asks for dead letters to be read again', async () => {
    const dead = Object.entries(loaded.rows).find(([, c]) => c.dead > 0)!;
    const { replayed } = await yiciJson<{ replayed: string[] }>('replay', '--system', dead[0], ...store);
    expect(replayed.length).toBeGreaterThanOrEqual(dead[1].dead);
  }, 60_000);

  it('learns a model that load and match take', async () => {
    const trained = await yiciJson<{ learnedFrom: string; after: Evaluation['pairwise'] }>('train', city, '--out', model);
    expect(trained.learnedFrom).toBe('truth');
    expect(trained.after.f1).toBeGreaterThan(0.85);
    expect(readFileSync(model, 'utf8')).not.toMatch(/\d{15}/);
    const other = newDataDir();
    try {
      const result = await yiciJson<LoadResult>('load', city, '--data-dir', other, '--model', model);
      expect(result.rows).toEqual(loaded.rows);
    } finally {
      await removeDataDir(other);
    }
    const flat = path.join(dir, 'flat.csv');
    await yiciJson('export', 'flat', '--out', flat, ...store);
    const matched = await yiciJson<{ records: number; clusters: number }>('match', flat, '--config', 'person', '--model', model, '--divisions', path.join(city, 'divisions.csv'), '--out', path.join(dir, 'clusters.csv'));
    expect(matched.clusters).toBeLessThan(matched.records);
  }, 300_000);
});

/** A person with a record of the register and one of the grid. */
function onePerson(crosswalk: string): [string, string, string] {
  const persons = new Map<string, Map<string, string>>();
  for (const line of readFileSync(crosswalk, 'utf8').trim().split('\n').slice(1)) {
    const [system, type, key, entity] = line.split(',') as [string, string, string, string];
    if (type === 'person') persons.set(entity, (persons.get(entity) ?? new Map<string, string>()).set(system, `${system}:person:${key}`));
  }
  for (const [entity, records] of persons) {
    const [a, b] = [records.get('hukou'), records.get('grid')];
    if (a !== undefined && b !== undefined) return [entity, a, b];
  }
  throw new Error('nobody is known to both');
}
