import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fieldsOfBody } from '#libs/mapping/encode-out';
import type { Connector } from './connector.js';
import { loadConnector } from './load-connector.js';
import { OutMapper } from './out-mapper.js';

const grid = loadConnector(path.resolve(import.meta.dirname, '../../connectors/grid'));
const hukou = loadConnector(path.resolve(import.meta.dirname, '../../connectors/hukou'));
const name = (value: string) => ({ name: { value, key: value } });

function limited(encoding: 'gbk' | 'gb18030' | 'utf-8', width: number): OutMapper {
  const connector: Connector = { ...grid, manifest: { ...grid.manifest, limits: { encoding, widths: { name: width } } } };
  return new OutMapper(connector);
}

describe('what is written to a target', () => {
  it('is refused where it is wider than its column, never cut', () => {
    expect(limited('gbk', 6).encode('person', name('张伟强'))).toEqual({ columns: { name: '张伟强' }, refused: [] });
    expect(limited('gbk', 5).encode('person', name('张伟强'))).toMatchObject({ columns: {}, refused: [{ column: 'name', field: 'name', code: 'YICI_OUT_TOO_WIDE' }] });
    expect(limited('utf-8', 8).encode('person', name('张伟强')).refused).toHaveLength(1);
  });

  it('is refused where the encoding lacks a character, never replaced', () => {
    expect(limited('gbk', 60).encode('person', name('𠮷强'))).toMatchObject({ columns: {}, refused: [{ code: 'YICI_OUT_UNMAPPABLE' }] });
    expect(limited('gb18030', 60).encode('person', name('𠮷强')).refused).toEqual([]);
  });

  it('says no personal value in a refusal', () => {
    const { refused } = limited('gbk', 2).encode('person', { ...name('张伟强'), citizenId: { status: 'checksum', value: '990101196203150316' } });
    expect(refused).toHaveLength(2);
    expect(JSON.stringify(refused)).not.toMatch(/张|990101/);
  });

  it('names what reaches a target and what it takes', () => {
    const out = new OutMapper(grid);
    expect(out.fields('person')).toEqual(expect.arrayContaining(['citizenId', 'currentAddress', 'phones']));
    expect(out.fields('dwelling')).toEqual([]);
    expect(out.creates('person')).toEqual({ refColumn: 'ref', needs: ['name', 'currentAddress'] });
    expect(new OutMapper(hukou).creates('person')).toBeUndefined();
    expect(() => new OutMapper(hukou).encode('person', {})).toThrow(expect.objectContaining({ code: 'YICI_OUT_NOT_TAKEN' }));
    expect(() => out.ticket({ number: '1', kind: 'contestedId', text: '' }, {})).toThrow(expect.objectContaining({ code: 'YICI_OUT_NOT_TAKEN' }));
  });

  it('is only what differs from the record that the target holds', () => {
    const body = { ...name('张伟强'), sex: '1', phones: [{ number: '13800000001' }], facets: { grid: { code: '1' } } };
    expect(fieldsOfBody(body)).toEqual({ ...name('张伟强'), sex: '1', phones: [{ number: '13800000001' }], 'facets.grid': { code: '1' } });
    const out = new OutMapper(grid);
    expect(out.changes('person', fieldsOfBody(body), fieldsOfBody(body)).columns).toEqual({});
    expect(out.changes('person', { ...name('张大强'), sex: '2' }, fieldsOfBody(body)).columns).toEqual({ name: '张大强', sex: '2' });
  });

  it('is a ticket that quotes the register, damaged as it is, and spells what there is no room to quote', () => {
    const out = new OutMapper(hukou);
    const ticket = (own: string, reading: object) => out.ticket({ number: '1', kind: 'livesElsewhere', text: 'x' }, { ...name('张伟强'), citizenId: reading }, { GMSFHM: own, XM: '张 伟强' });
    const valid = { status: 'valid', value: '990101196203150315' };
    expect(ticket('990101196203150316', { status: 'checksum', value: '990101196203150316' })).toMatchObject({ columns: { GMSFHM: '990101196203150316', XM: '张 伟强' }, refused: [] });
    expect(ticket('９９０１０１１９６２０３１５０３１５', valid)).toMatchObject({ columns: { GMSFHM: valid.value, XM: '张 伟强' }, refused: [] });
    expect(ticket("'990101196203150315", valid)).toMatchObject({ columns: { GMSFHM: valid.value }, refused: [] });
    expect(ticket("'990101196203150316", { status: 'checksum', value: '990101196203150316' }).refused).toHaveLength(1);
  });
});
