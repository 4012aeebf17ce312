import { describe, expect, it } from '@jest/globals';
import { fileNamePattern } from './file-name.js';

describe('snapshot file names', () => {
  it.each([
    ['CJR_{date:yyyyMMdd}.csv', 'CJR_20260331.csv', { date: '20260331', sequence: undefined }],
    ['LDRK_{sequence}.xml', 'LDRK_0012.xml', { date: undefined, sequence: 12 }],
    ['党员志愿者花名册_{date:yyyyMM}.xlsx', '党员志愿者花名册_202603.xlsx', { date: '20260331', sequence: undefined }],
    ['persons.jsonl', 'persons.jsonl', { date: undefined, sequence: undefined }],
  ])('%s names %s', (spec, name, parts) => {
    expect(fileNamePattern(spec)(name)).toEqual(parts);
  });

  it.each([['CJR_{date:yyyyMMdd}.csv', 'CJR_20260331.csv.tmp'], ['CJR_{date:yyyyMMdd}.csv', 'HUB_20260331.csv'], ['CJR_{date:yyyyMMdd}.csv', 'CJR_20260331xcsv'], ['a+b.csv', 'aab.csv']])('%s does not name %s', (spec, name) => {
    expect(fileNamePattern(spec)(name)).toBeUndefined();
  });

  it('refuses parts it does not know', () => {
    const faults: string[] = [];
    fileNamePattern('X_{when}.csv', faults);
    expect(faults).toHaveLength(1);
  });
});
