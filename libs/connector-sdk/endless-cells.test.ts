// Cells of a megabyte, which took hours: each row of it is one record among others and must harm only itself.
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Divisions } from '#libs/values/divisions';
import { columnNames } from './connector.js';
import { loadConnector } from './load-connector.js';
import { TableMapper } from './table-mapper.js';

const CONNECTORS = path.resolve(import.meta.dirname, '../../connectors');
const divisions = Divisions.parse(readFileSync(path.join(CONNECTORS, 'divisions.csv'), 'utf8'));
const endless = (text: string): string => text.repeat(900_000 / text.length);

/** What becomes of a row of the first table with these cells: its issues, and which fields of its body have a value. */
function mapped(system: string, cells: Record<string, string>): { issues: string[]; fields: string[]; kept: number } {
  const connector = loadConnector(path.join(CONNECTORS, system));
  const table = connector.manifest.snapshot.tables[0]!;
  const values = { ...Object.fromEntries(columnNames(table.read).map((c) => [c, ''])), ...cells };
  const outcome = new TableMapper(connector, table.id, divisions).outcome({ kind: 'row', position: 1, bytes: Buffer.alloc(1), values }, { source: 'x', observedAt: '2026-01-01T00:00:00Z', fileDate: '20260101' });
  if (outcome.kind !== 'accepted') throw new Error(outcome.kind);
  const [record] = outcome.records;
  const issues = record!.issues ?? [];
  return { issues: issues.map((i) => `${i.field} ${i.code}`), fields: Object.keys(record!.body).filter((f) => f !== 'facets'), kept: Math.max(...issues.map((i) => i.raw?.length ?? 0)) };
}

describe('a cell without end', () => {
  it.each([['1、'], ['、'], ['（'], ['张·'], ['a ']])('is no name: it is kept as it came, marked and not used (%s)', (text) => {
    expect(mapped('corrections', { RECTNUM: 'K1', XM: endless(text) })).toMatchObject({ issues: ['name YICI_VALUE_NAME_TOO_LONG'], fields: [], kept: endless(text).trim().length });
  });

  it.each([['〇'], ['号1'], ['3幢2单元'], ['路']])('is no address (%s)', (text) => {
    expect(mapped('corrections', { RECTNUM: 'K1', XZZ: endless(text) })).toEqual({ issues: ['currentAddress YICI_VALUE_ADDRESS_TOO_LONG'], fields: [], kept: endless(text).length });
  });

  it('is no phone', () => {
    expect(mapped('corrections', { RECTNUM: 'K1', LXDH: endless('13800000001 ') })).toMatchObject({ issues: ['phones YICI_VALUE_PHONE_UNREADABLE'], fields: [] });
  });
});
