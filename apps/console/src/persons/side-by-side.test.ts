import { describe, expect, it } from '@jest/globals';
import type { GoldenFields } from '#libs/model/golden-record';
import { fill } from '../text/fill.js';
import { ZH, type TextKey } from '../text/zh.js';
import { sideBySide } from './side-by-side.js';
import { covered, valueTexts, type Wording } from './value-text.js';

const wording: Wording = { t: (key: TextKey, values = {}) => fill((ZH as Partial<typeof ZH>)[key] ?? key, values), codeName: (table, code) => (table === 'sex' ? { 1: '男', 2: '女' }[code] : undefined) };
const texts = (path: string, value: unknown): string[] => valueTexts(path, value, wording);
const record = (system: string, body: object, more: object = {}) => ({ key: `${system}:person:1`, system, state: 'current', observedAt: '2026-04-01T00:00:00Z', attached: false, body, ...more });
const from = (system: string) => ({ record: `${system}:person:1`, system, observedAt: '2026-04-01T00:00:00Z', reason: 'authority' });
const name = (value: string) => ({ value, key: value });
const at = (room: string, raw = `幸福小区3-2-${room}`) => ({ estate: '幸福小区', building: '3', unit: '2', room, raw });

describe('records side by side', () => {
  const fields: GoldenFields = {
    name: { value: name('李秀英'), provenance: from('hukou') },
    currentAddress: { value: at('301'), provenance: from('grid') },
    phones: { value: [{ number: '13900000001' }, { number: '13900000002' }], provenance: from('grid'), itemProvenance: [from('grid'), from('smart')] },
    'facets.grid': { value: { code: 'A1', flags: [] }, provenance: from('grid') },
  };
  const records = [
    record('grid', { name: name('李秀瑛'), currentAddress: at('301', '3幢2单元301'), phones: [{ number: '13900000001' }], facets: { grid: { code: 'A1', flags: [] } } }, { issues: [{ field: 'name', code: 'YICI_VALUE_DOUBT' }], raw: { currentAddress: '3幢2单元301' } }),
    record('hukou', { name: name('李秀英'), sex: '2', currentAddress: at('302') }),
    record('smart', { name: name('李秀英'), currentAddress: at('301'), phones: [{ number: '13900000002' }] }, { hubOrigin: ['currentAddress'] }),
  ];
  const rows = sideBySide(fields, records, texts);
  const row = (path: string) => rows.find((r) => r.path === path)!;

  it('stand in the order in which a clerk reads them, facets last, nothing empty', () => {
    expect(rows.map((r) => r.path)).toEqual(['name', 'sex', 'currentAddress', 'phones', 'facets.grid']);
  });

  it('mark what is in force, what agrees, what differs, what echoes and what says nothing', () => {
    expect(row('name').cells.map((c) => c.mark)).toEqual(['different', 'winner', 'same']);
    expect(row('currentAddress').cells.map((c) => c.mark)).toEqual(['winner', 'different', 'echo']);
    expect(row('phones').cells.map((c) => c.mark)).toEqual(['winner', 'none', 'winner']);
    expect([row('name').differs, row('phones').differs]).toEqual([true, false]);
    expect(row('phones').origins).toEqual(['grid', 'smart']);
  });

  it('tell a value that nobody took over from one that is in force', () => {
    expect(row('sex')).toMatchObject({ golden: [], cells: [{ mark: 'none' }, { mark: 'different', texts: ['女'] }, { mark: 'none' }] });
  });

  it('keep what the system wrote and what is doubtful', () => {
    expect(row('currentAddress').cells[0]).toMatchObject({ texts: ['幸福小区3幢2单元301室'], raw: '3幢2单元301' });
    expect(row('name').cells[0]!.issue).toBe('YICI_VALUE_DOUBT');
  });
});

describe('values in words', () => {
  it('name what is behind a code, a status and a detail', () => {
    expect(texts('sex', '1')).toEqual(['男']);
    expect(texts('maritalStatus', '99')).toEqual(['99']);
    expect(texts('vitalStatus', 'suspectedDead')).toEqual(['疑似已故']);
    expect(texts('citizenId', { value: '990101********0428', status: 'masked' })).toEqual(['990101********0428（号码不全）']);
    expect(texts('birthDate', { date: '1964-08', precision: 'month', calendar: 'lunar' })).toEqual(['农历 1964-08']);
    expect(texts('phones', [{ number: '13900000001', verified: true }, { number: '02088', holder: 'landlord' }])).toEqual(['13900000001（已核实）', '02088（房东）']);
    expect(texts('relatives', [{ role: 'mother', name: name('王芳') }])).toEqual(['母亲 王芳']);
    expect(texts('facets.healthService', { senior: true, contracted: false })).toEqual(['老年人：是；已签约：否']);
    expect(texts('facets.insurance', { status: 'employed', firstMonth: '1994-04' })).toEqual(['状态：在职；首次参保：1994-04']);
    expect(texts('facets.communityAccount', { consents: ['share-profile', 'new'], registeredAt: '2024-01-01T00:00:00+08:00' })).toEqual(['已同意：提供资料、new；注册：2024-01-01']);
    expect(texts('facets.disability', { category: '1', level: '3', status: 'valid' })).toEqual(['类别：1；等级：三级；状态：有效']);
    expect(texts('currentAddress', { road: '中山路', number: '153', estate: '北苑小区', building: '3', raw: 'x' })).toEqual(['中山路153号北苑小区3幢']);
    expect(texts('currentAddress', { estate: '马家村6组', number: '12', raw: 'x' })).toEqual(['马家村6组12号']);
    expect(texts('currentAddress', { raw: '后山那边', tags: ['空挂户'] })).toEqual(['后山那边（空挂户）']);
  });

  it('say nothing of nothing', () => {
    for (const empty of [undefined, null, '', [], {}, { code: '', flags: [] }]) expect(texts('facets.grid', empty)).toEqual([]);
  });

  it('are covered where they are numbers of a person', () => {
    expect(covered('citizenId', '990101196408220428')).toBe('990101********0428');
    expect(covered('phones', '13900000001（已核实）')).toBe('139****0001（已核实）');
    expect(covered('currentAddress', '幸福小区3幢2单元301室')).toBe('幸福小区3幢2单元301室');
    expect(covered('dwellingCode', '9901010010010000000000001')).toBe('9901010010010000000000001');
  });
});
