import { describe, expect, it } from '@jest/globals';
import { Divisions } from '#libs/values/divisions';
import { personModel } from '../match-model.js';
import { matchPersonTable } from './person-table.js';
import { readTableConfig } from './table-config.js';
import { matchRows } from './table-engine.js';

describe('a configuration', () => {
  it('says all its faults at once', () => {
    expect(() => readTableConfig({ comparisons: [{ column: 'a', method: 'guess' }], blocking: [], link: 2 })).toThrow(/4 fault|5 fault/);
  });
});

describe('any table', () => {
  const config = readTableConfig({
    recordId: 'id',
    comparisons: [{ column: 'name', method: 'text', levels: [0.9] }, { column: 'born', method: 'edits', levels: [1] }, { column: 'city', method: 'exact' }],
    blocking: [['born'], ['name:3', 'city']],
    link: 0.9,
  });
  const rows = Array.from({ length: 60 }, (_, i) => ({ id: `a${i}`, name: `${'abcdefghij'[i % 10]!.repeat(3)}${i}`, born: String(19500101 + i * 10111), city: `c${i % 7}` }));
  it('clusters duplicates under the smallest record id', () => {
    const copies = rows.slice(0, 20).map((r, i) => ({ ...r, id: `b${i}`, born: i % 3 === 0 ? r.born.replace(/.$/, '9') : r.born }));
    const clusters = matchRows([...rows, ...copies], config);
    expect(clusters.slice(60)).toEqual(rows.slice(0, 20).map((r) => r.id));
    expect(new Set(clusters).size).toBe(60);
  });
});

describe('the flat person table', () => {
  const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
  const row = (record_id: string, name: string, id_no: string, birth_date: string, phone: string, address = '', household_key = '') => ({ record_id, system: record_id.split(':')[0]!, name, id_no, birth_date, sex: '1', phone, address, household_key });
  it('is matched by the person engine', () => {
    const out = matchPersonTable([
      row('hukou:1', '张伟强', '990101196203150315', '1962-03-15', ''), row('grid:1', '张伟强', '９９０１０１620315031', '', '13900000001'), row('grid:2', '张伟强', '', '1962-03-15', '13900000001'), row('grid:3', '王小明', '', '1962-03-15', '13900000001'),
    ], divisions, personModel());
    expect(out.map((o) => o.clusterId)).toEqual(['grid:1', 'grid:1', 'grid:1', 'grid:3']);
  });
});
