import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sm3 } from 'sm-crypto-v2';
import readExcel from 'read-excel-file/node';
import { generateCity, type CityReport } from '../generate-city.js';

// The files are read here by the plain facts of each format only: columns, encodings, manifests. Nothing is shared with the encoders or with the hub's readers.

let dir: string;
let report: CityReport;
const truth = new Map<string, Map<string, string>>();
let expectedDead: Record<string, number>;
let repeated = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yici-city-'));
  report = await generateCity({ persons: 1500, seed: 7, dirt: { malformed: 0.01 } }, dir);
  for (const line of readFileSync(join(dir, 'truth.csv'), 'utf8').split('\n').slice(1)) {
    if (!line) continue;
    const [system, type, key, entity] = line.split(',') as [string, string, string, string];
    const keys = truth.get(`${system}/${type}`) ?? new Map<string, string>();
    if (keys.has(key)) repeated += 1;
    keys.set(key, entity);
    truth.set(`${system}/${type}`, keys);
  }
  expectedDead = JSON.parse(readFileSync(join(dir, 'expected_dead_letters.json'), 'utf8')) as Record<string, number>;
}, 60_000);

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const bytes = (system: string, file: string): Buffer => readFileSync(join(dir, system, file));
const keysOf = (system: string, type: string): string[] => [...(truth.get(`${system}/${type}`)?.keys() ?? [])].sort();

function lines(data: Buffer, end: '\r\n' | '\n'): Buffer[] {
  const out: Buffer[] = [];
  let from = 0;
  for (let at = data.indexOf(end, from); at >= 0; at = data.indexOf(end, from)) {
    out.push(data.subarray(from, at));
    from = at + end.length;
  }
  expect(from).toBe(data.length);
  return out;
}

function decode(row: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(row);
  } catch {
    return undefined;
  }
}

/** Fields of one RFC 4180 line. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] !== undefined ? m[1].replaceAll('""', '"') : m[2] ?? ''));
}

/** Rows of a CSV that can be read, and how many cannot. */
function csv(data: Buffer, encoding: string, key: number): { header: string[]; rows: string[][]; bad: number } {
  const [head, ...rest] = lines(data, '\r\n');
  const header = fields(decode(head!, encoding)!);
  const rows = rest.map((r) => decode(r, encoding)).map((t) => (t === undefined ? [] : fields(t)));
  const good = rows.filter((r) => r.length === header.length && r[key] !== '');
  return { header, rows: good, bad: rows.length - good.length };
}

const unique = (keys: Iterable<string>): string[] => [...new Set(keys)].sort();

describe('the files of the twelve systems', () => {
  it('have no key twice in the truth', () => expect(repeated).toBe(0));

  it('hukou: GB18030, CRLF, 22 and 12 columns, row versions grow, every HHNBID exists', () => {
    const people = csv(bytes('hukou', 'HJXX_CZRKJBXXB.csv'), 'gb18030', 1);
    const households = csv(bytes('hukou', 'HJXX_HXXB.csv'), 'gb18030', 0);
    expect(people.header).toHaveLength(22);
    expect(households.header).toHaveLength(12);
    expect(people.bad + households.bad).toBe(expectedDead['hukou']);
    const real = people.rows.filter((r) => r[20] === '0');
    expect(people.rows.length).toBeGreaterThan(real.length);
    expect(unique(real.map((r) => r[1]!))).toEqual(keysOf('hukou', 'person'));
    expect(unique(households.rows.map((r) => r[0]!))).toEqual(keysOf('hukou', 'household'));
    const versions = people.rows.map((r) => Number(r[0]));
    expect(new Set(versions).size).toBe(versions.length);
    const known = new Set(households.rows.map((r) => r[0]));
    expect(people.rows.filter((r) => !known.has(r[2]))).toEqual([]);
    const current = real.filter((r) => r[19] === '1').map((r) => r[1]);
    expect(new Set(current).size).toBe(current.length);
    expect(real.filter((r) => !/^\d{14}$/.test(r[21]!))).toEqual([]);
    expect(real.some((r) => r[17] === '1' && /^\d{8}$/.test(r[18]!))).toBe(true);
    expect(households.rows.some((r) => r[8]!.includes('空挂户'))).toBe(true);
  });

  it('residence-permit: GBK prolog, at most 5,000 results a file, total over all', () => {
    let bad = 0;
    let all = 0;
    const keys: string[] = [];
    for (const file of readdirSync(join(dir, 'residence-permit'))) {
      const text = decode(bytes('residence-permit', file), 'gbk')!;
      expect(text.startsWith('<?xml version="1.0" encoding="GBK"?>\n<response><head><resultCode>00</resultCode>')).toBe(true);
      const results = text.split('\n').filter((l) => l.startsWith('<result>'));
      expect(results.length).toBeLessThanOrEqual(5000);
      all += results.length;
      expect(text).toContain(`<total>${report.systems['residence-permit']!.rows}</total>`);
      for (const r of results) {
        const key = /<LSH>(.+?)<\/LSH>/.exec(r)?.[1];
        if (key) keys.push(key);
        else bad += 1;
        if (key) expect([...r.matchAll(/<([A-Z]+)>/g)].map((m) => m[1]).join()).toBe('LSH,XM,XB,SFZH,CSRQ,MZ,JZZH,HJDZ,XZZ,FZXM,FZDH,LXDH,YHZGX,ZCS,ZZSY,DJRQ,YXQX,ZXBZ,GXSJ');
      }
    }
    expect(all).toBe(report.systems['residence-permit']!.rows);
    expect(bad).toBe(expectedDead['residence-permit']);
    expect(unique(keys)).toEqual(keysOf('residence-permit', 'person'));
  });

  it('family-planning: dBase III, language 0x4D, deleted rows are not in the truth', () => {
    const d = bytes('family-planning', 'QYRK.DBF');
    const count = d.readUInt32LE(4);
    const start = d.readUInt16LE(8);
    const length = d.readUInt16LE(10);
    expect([d[0], d[29], start, length]).toEqual([0x03, 0x4d, 513, 233]);
    expect(d.length).toBe(start + count * length + 1);
    expect(d[d.length - 1]).toBe(0x1a);
    const persons: string[] = [];
    const households: string[] = [];
    let bad = 0;
    let deleted = 0;
    for (let i = 0; i < count; i++) {
      const row = d.subarray(start + i * length, start + (i + 1) * length);
      const text = decode(row, 'gbk');
      if (row[0] === 0x2a) deleted += 1;
      else if (text === undefined || text.slice(19, 39).trim() === '') bad += 1;
      else {
        households.push(text.slice(1, 19).trim());
        persons.push(text.slice(19, 39).trim());
      }
    }
    expect(deleted).toBeGreaterThan(0);
    expect(bad).toBe(expectedDead['family-planning']);
    expect(persons.sort()).toEqual(keysOf('family-planning', 'person'));
    expect(unique(households)).toEqual(keysOf('family-planning', 'household'));
  });

  it('grid and smart-community: one JSON object a line', () => {
    const read = (system: string, file: string, key: string): { objects: Record<string, unknown>[]; bad: number } => {
      const out = { objects: [] as Record<string, unknown>[], bad: 0 };
      for (const line of lines(bytes(system, file), '\n')) {
        const text = decode(line, 'utf-8');
        let value: unknown;
        try {
          value = JSON.parse(text ?? '');
        } catch {
          value = undefined;
        }
        if (typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[key] === 'string') out.objects.push(value as Record<string, unknown>);
        else out.bad += 1;
      }
      return out;
    };
    const grid = read('grid', 'persons.jsonl', 'id');
    expect(grid.bad).toBe(expectedDead['grid']);
    expect(unique(grid.objects.map((o) => String(o['id'])))).toEqual(keysOf('grid', 'person'));
    expect(unique(grid.objects.flatMap((o) => (typeof o['account'] === 'string' ? [o['account']] : [])))).toEqual(keysOf('grid', 'household'));
    expect(grid.objects.filter((o) => Object.keys(o).length !== 27)).toEqual([]);
    expect(grid.objects.some((o) => o['delFlag'] === '1')).toBe(true);
    const users = read('smart-community', 'users.jsonl', 'userId');
    expect(users.bad).toBe(expectedDead['smart-community']);
    expect(unique(users.objects.map((o) => String(o['userId'])))).toEqual(keysOf('smart-community', 'person'));
  });

  it('corrections: UTF-8 with BOM, CRLF, 16 columns', () => {
    const data = bytes('corrections', 'T_JZRY.csv');
    expect([...data.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const table = csv(data, 'utf-8', 1);
    expect(table.header).toHaveLength(16);
    expect(table.bad).toBe(expectedDead['corrections']);
    expect(unique(table.rows.map((r) => r[1]!))).toEqual(keysOf('corrections', 'person'));
  });

  it('social-assistance: GB18030, CRLF, stale rows under the same keys', () => {
    const families = csv(bytes('social-assistance', 'BASEINFO_FAMILY.csv'), 'gb18030', 0);
    const people = csv(bytes('social-assistance', 'BASEINFO_PEOPLE.csv'), 'gb18030', 0);
    expect([families.header.length, people.header.length]).toEqual([12, 14]);
    expect(families.bad + people.bad).toBe(expectedDead['social-assistance']);
    expect(unique(families.rows.map((r) => r[0]!))).toEqual(keysOf('social-assistance', 'household'));
    expect(unique(people.rows.map((r) => r[0]!))).toEqual(keysOf('social-assistance', 'person'));
    expect(people.rows.length).toBeGreaterThan(keysOf('social-assistance', 'person').length);
  });

  it('disability: GBK without quotes, count and SM3 in the manifest', () => {
    const data = bytes('disability', 'CJR_20260331.csv');
    const [, ...rows] = lines(data, '\r\n');
    const [count, digest] = bytes('disability', 'CJR_20260331.OK').toString('ascii').trim().split('\n');
    expect(Number(count)).toBe(rows.length);
    expect(digest).toBe(sm3(new Uint8Array(data)));
    const good = rows.map((r) => decode(r, 'gbk')).filter((t): t is string => t !== undefined && t.split(',').length >= 10 && !t.startsWith(','));
    expect(rows.length - good.length).toBe(expectedDead['disability']);
    expect(unique(good.map((t) => t.slice(0, 18)))).toEqual(keysOf('disability', 'person'));
  });

  it('social-insurance: bars, LF, names of at most 12 bytes, count in .END', () => {
    const rows = lines(bytes('social-insurance', 'GRCB_20260331.txt'), '\n');
    expect(Number(bytes('social-insurance', 'GRCB_20260331.END').toString('ascii'))).toBe(rows.length);
    const keys: string[] = [];
    let bad = 0;
    let tooLong = 0;
    for (const row of rows) {
      const parts = row.toString('latin1').split('|');
      // Bytes suffice here: names hold no trail byte 0x7C in this city, and a halved character stays inside its field.
      if (parts.length !== 13 || parts[0] === '' || row.includes(Buffer.from([0xff, 0xff]))) bad += 1;
      else {
        keys.push(parts[0]!);
        if (parts[2]!.length > 12) tooLong += 1;
      }
    }
    expect(tooLong).toBe(0);
    expect(bad).toBe(expectedDead['social-insurance']);
    expect(unique(keys)).toEqual(keysOf('social-insurance', 'person'));
  });

  it('public-health: archive and family numbers of 17 digits', () => {
    const keys: string[] = [];
    const families: string[] = [];
    let bad = 0;
    for (const file of readdirSync(join(dir, 'public-health'))) {
      for (const line of decode(bytes('public-health', file), 'utf-8')!.split('\n')) {
        if (!line.startsWith('<ehr>') && !line.startsWith('<ehr ')) continue;
        const key = /archiveNo="(\d{17})"/.exec(line)?.[1];
        if (!key) bad += 1;
        else {
          keys.push(key);
          const family = /<familyNo>(\d*)<\/familyNo>/.exec(line)?.[1];
          if (family) families.push(family);
        }
      }
    }
    expect(bad).toBe(expectedDead['public-health']);
    expect(keys.sort()).toEqual(keysOf('public-health', 'person'));
    expect(families.every((f) => f.length === 17)).toBe(true);
    expect(unique(families)).toEqual(keysOf('public-health', 'household'));
  });

  it('housing: house codes of 25 digits, IDs grow, the highest ID of a house holds its owners', () => {
    const table = csv(bytes('housing', 'V_FWCQ.csv'), 'utf-8', 1);
    expect(table.header).toHaveLength(12);
    expect(table.bad).toBe(expectedDead['housing']);
    const last = new Map<string, string[]>();
    let id = 0;
    let wrong = 0;
    for (const r of table.rows) {
      if (Number(r[0]) <= id || !/^\d{25}$/.test(r[1]!)) wrong += 1;
      id = Number(r[0]);
      last.set(r[1]!, r);
    }
    expect(wrong).toBe(0);
    expect([...last.keys()].sort()).toEqual(keysOf('housing', 'dwelling'));
    expect(table.rows.length).toBeGreaterThan(last.size);
    const owners = [...last].flatMap(([code, r]) => r[7]!.split('、').map((_, i) => `${code}#${i + 1}`));
    expect(owners.sort()).toEqual(keysOf('housing', 'person'));
  });

  it('party-volunteer: merged title, header in row 2, 合计 last', async () => {
    const file = readdirSync(join(dir, 'party-volunteer'))[0]!;
    expect(file).toBe('党员志愿者花名册_202603.xlsx');
    const keys: string[] = [];
    let bad = 0;
    const orders = new Set<string>();
    for (const { data } of await readExcel(join(dir, 'party-volunteer', file))) {
      expect(data[0]![0]).toMatch(/党员志愿者花名册$/);
      const header = data[1]!.map(String);
      orders.add(header.join());
      expect([...header].sort()).toEqual(['编号', '姓名', '性别', '身份证号', '出生日期', '民族', '学历', '入党时间', '所在支部', '联系电话', '志愿时长(小时)', '居住类型', '现住址'].sort());
      expect(data[data.length - 1]![0]).toBe('合计');
      for (const row of data.slice(2, -1)) {
        const key = row[header.indexOf('编号')];
        if (key) keys.push(String(key));
        else bad += 1;
      }
    }
    expect(orders.size).toBeGreaterThan(1);
    expect(bad).toBe(expectedDead['party-volunteer']);
    expect(unique(keys)).toEqual(keysOf('party-volunteer', 'person'));
  });
});
