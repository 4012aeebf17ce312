import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '#libs/kernel/errors';
import { missingSecrets } from './connector.js';
import { loadConnector, loadConnectors } from './load-connector.js';

const GRID = path.resolve(import.meta.dirname, '../../connectors/grid');
let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'yici-connectors-'));
  cpSync(GRID, path.join(root, 'grid'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function change(file: string, from: string | RegExp, to: string): void {
  const full = path.join(root, 'grid', file);
  const text = readFileSync(full, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(full, changed);
}

function faults(): string[] {
  try {
    loadConnector(path.join(root, 'grid'));
  } catch (e) {
    if (e instanceof ConfigurationError) return [...e.faults];
    throw e;
  }
  return [];
}

describe('loading a connector folder', () => {
  it('takes a folder as it stands', () => {
    expect(faults()).toEqual([]);
    expect(loadConnectors(root).map((c) => c.id)).toEqual(['grid']);
  });

  it('reports all faults together', () => {
    change('mapping.in.yaml', 'occupation, ', '');
    change('mapping.in.yaml', 'column: nation', 'column: nationality');
    change('mapping.out.yaml', 'field: phones', 'field: telephone');
    change('sharing.yaml', '[currentAddress]', '[whereabouts]');
    change('source.schema.json', '"tenantId"', '"tenant"');
    change('codes/politics.csv', '12,?,in', '12,?,inward');
    expect(faults()).toEqual(expect.arrayContaining([
      expect.stringContaining('codes/politics.csv line 2'),
      expect.stringContaining('whereabouts'),
      expect.stringContaining('person.occupation: neither mapped nor absent'),
      expect.stringContaining('nationality'),
      expect.stringContaining('telephone'),
      expect.stringContaining('persons.tenantId is not described'),
    ]));
  });

  const single: [string, string, string | RegExp, string, string][] = [
    ['a void row compared with nothing', 'connector.yaml', 'file: persons.jsonl', 'file: persons.jsonl\n      void: [{ column: id, olderThan: persons, why: older }]', 'which no lookup reads'],
    ['a field answered twice', 'mapping.in.yaml', 'fields: [occupation, dwellingCode]', 'fields: [occupation, dwellingCode, name]', 'answered twice'],
    ['an unknown transform', 'mapping.in.yaml', 'transform: citizenId, column: ident }', 'transform: eval, column: ident }', 'citizenId'],
    ['a transform that does not fit', 'mapping.in.yaml', 'sex: { transform: code, column: sex, table: sex }', 'sex: { transform: name, column: sex }', 'does not yield'],
    ['an unquoted code', 'connector.yaml', "in: ['01', '02']", 'in: [01, 02]', 'quoted text'],
    ['an unknown code map', 'mapping.in.yaml', 'map: politics', 'map: parties', 'codes/parties.csv'],
    ['an unknown national table', 'mapping.in.yaml', 'table: marital-status', 'table: marriage', 'national code table'],
    ['an unknown key', 'connector.yaml', 'mode: live', 'mode: live\nmood: good', 'mood'],
    ['an unlisted secret', 'connector.yaml', 'secrets: [YICI_GRID_PUSH_SECRET, ', 'secrets: [', 'YICI_GRID_PUSH_SECRET is used'],
    ['a duplicate key', 'connector.yaml', 'mode: live', 'mode: live\nmode: live', 'unique'],
    ['a mapped column that must never enter', 'connector.yaml', 'limits:', 'never: [phone]\nlimits:', 'must never enter'],
    ['an unknown order column', 'connector.yaml', 'order: [{ time: updateTime', 'order: [{ time: changedAt', 'changedAt'],
    ['another id', 'connector.yaml', 'id: grid', 'id: raster', 'not the name of the folder'],
    ['a conditional item without a condition', 'sharing.yaml', / {4}conditionText: only inside a ticket.*\n/, '', 'conditionText'],
  ];
  it.each(single)('refuses %s', (_name, file, from, to, words) => {
    change(file, from, to);
    expect(faults().join('\n')).toContain(words);
  });

  it('names the folder of each fault and misses no file', () => {
    rmSync(path.join(root, 'grid/BEHAVIOUR.md'));
    rmSync(path.join(root, 'grid/sharing.yaml'));
    expect(() => loadConnectors(root)).toThrow(/grid: BEHAVIOUR.md is missing|grid: sharing.yaml is missing/);
  });

  it('names missing secrets without failing', () => {
    const connector = loadConnector(path.join(root, 'grid'));
    expect(missingSecrets(connector, { YICI_GRID_URL: 'http://127.0.0.1', YICI_GRID_PUSH_SECRET: '' })).toEqual(['YICI_GRID_PUSH_SECRET', 'YICI_GRID_SYNC_SECRET']);
  });
});
