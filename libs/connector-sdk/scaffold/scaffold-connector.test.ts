import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Divisions } from '#libs/values/divisions';
import { folderChecks } from '../conformance/folder-checks.js';
import { encodeText } from '../formats/encode-text.js';
import { loadConnector } from '../load-connector.js';
import { shapeOfSample } from './read-sample.js';
import { scaffoldConnector, type NewConnector } from './scaffold-connector.js';

const DIVISIONS = Divisions.parse(readFileSync(path.resolve(import.meta.dirname, '../../../connectors/divisions.csv'), 'utf8'));
const dirs: string[] = [];
afterEach(() => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true })));

function written(wanted: NewConnector): string {
  const root = mkdtempSync(path.join(tmpdir(), 'yici-scaffold-'));
  dirs.push(root);
  for (const [name, content] of scaffoldConnector(wanted)) {
    const file = path.join(root, wanted.id, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return path.join(root, wanted.id);
}
const failures = async (dir: string): Promise<string[]> =>
  (await folderChecks(loadConnector(dir), DIVISIONS)).filter((c) => c.outcome === 'failed').map((c) => `${c.id}: ${c.detail}`);
const common = { id: 'library', name: '图书馆读者', nameEn: 'Library readers', owner: '文旅局', category: '民生服务' };

describe('a new connector', () => {
  it.each([
    ['Chinese headers in GB18030', 'READER_20260331.csv', '卡号,姓名,身份证号,性别,民族,手机,住址,更新时间', 'gb18030', 'READER_{date:yyyyMMdd}.csv'],
    ['pinyin headers, bars', 'DZ_202603.txt', 'DZID|XM|SFZH|XB|CSRQ|LXDH|XZZ', 'utf-8', 'DZ_{date:yyyyMM}.txt'],
    ['English headers, no time, no name of a date', 'members.csv', 'member_no,name,phone,address', 'utf-8', 'members.csv'],
  ] as const)('begins whole, valid and proven: %s', async (_, fileName, header, encoding, pattern) => {
    const shape = shapeOfSample(fileName, encodeText(`${header}\r\n${header.replace(/[^,|]+/g, '张')}\r\n`, encoding));
    expect(shape).toMatchObject({ encoding: encoding === 'utf-8' ? 'utf-8' : 'gb18030', filePattern: pattern });
    const dir = written({ ...common, ...shape });
    expect(await failures(dir)).toEqual([]);
    expect(loadConnector(dir).mappingIn['person']!.fields['name']).toMatchObject({ transform: 'name' });
  });

  it.each(['folder', 'ftp', 'sftp'] as const)('is live from the beginning where files are exchanged over %s', async (exchange) => {
    const dir = written({ ...common, ...shapeOfSample('m_20260331.csv', Buffer.from('member_no,name,phone\r\n1,张,1\r\n')), exchange });
    expect(await failures(dir)).toEqual([]);
    expect(loadConnector(dir).manifest).toMatchObject({ mode: 'live', live: [{ protocol: 'file-fetch' }], delivery: { protocol: 'file-drop' } });
  });

  it('says of a broken folder what is wrong with it', async () => {
    const dir = written({ ...common, ...shapeOfSample('m.csv', Buffer.from('member_no,name,phone\r\n1,张,1\r\n')) });
    const file = path.join(dir, 'fixtures/in/ordinary-and-doubtful.expected.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('K0002', 'K0009'));
    expect(await failures(dir)).toEqual([expect.stringMatching(/^fixture\.read\.ordinary-and-doubtful: record 2\.naturalKey: expected "K0009", found "K0002"/), expect.stringMatching(/^fixtures\.dirt/)]);
  });

  it('refuses an id that is no folder name, a key that is no column, and a file without a header', () => {
    const shape = shapeOfSample('m.csv', Buffer.from('member_no,name\r\n'));
    expect(() => scaffoldConnector({ ...common, ...shape, id: '../x' })).toThrow(expect.objectContaining({ code: 'YICI_CONNECTOR_ID' }));
    expect(() => scaffoldConnector({ ...common, ...shape, key: 'none' })).toThrow(expect.objectContaining({ code: 'YICI_CONNECTOR_KEY_UNKNOWN' }));
    expect(() => shapeOfSample('m.csv', Buffer.from('just one line'))).toThrow(expect.objectContaining({ code: 'YICI_SAMPLE_UNREADABLE' }));
    expect(() => shapeOfSample('m.bin', Buffer.from([0xff, 0xff, 0xff]))).toThrow(expect.objectContaining({ code: 'YICI_SAMPLE_UNREADABLE' }));
  });
});
