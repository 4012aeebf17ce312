import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { evaluate } from '#libs/matching/evaluate';
import { readTableConfig } from '#libs/matching/table/table-config';
import { matchRows, type TableRow } from '#libs/matching/table/table-engine';
import { projectRoot } from '#libs/platform/project-root';

const config = readTableConfig(JSON.parse(readFileSync(path.join(projectRoot(), 'libs/matching/table/febrl.json'), 'utf8')));

function rows(file: string): TableRow[] {
  return parse(readFileSync(path.join(projectRoot(), 'test/fixtures/febrl', file)), { columns: (h: string[]) => h.map((c) => c.trim()), trim: true, skip_empty_lines: true });
}

describe('public record-linkage sets', () => {
  it.each([
    ['FEBRL 1', ['1.csv'], 1000, 0.995],
    ['FEBRL 2', ['2.csv'], 5000, 0.99],
    ['FEBRL 3', ['3.csv'], 5000, 0.995],
    ['FEBRL 4', ['4a.csv', '4b.csv'], 10_000, 0.995],
  ])('%s: pair F1 holds', (name, files, records, least) => {
    const table = files.flatMap(rows);
    expect(table).toHaveLength(records);
    const truth = table.map((r) => r['rec_id']!.split('-')[1]!);
    const { pairwise } = evaluate(truth, matchRows(table, config));
    console.log(`${name}: precision ${pairwise.precision.toFixed(4)}, recall ${pairwise.recall.toFixed(4)}, F1 ${pairwise.f1.toFixed(4)}`);
    expect(pairwise.f1).toBeGreaterThanOrEqual(least);
  });
});
