import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { dayOf } from './calendar.js';
import { generateCity, type CityReport } from './generate-city.js';
import { growCity } from './population/city.js';

const root = mkdtempSync(join(tmpdir(), 'yici-cities-'));
let report: CityReport;
let flat: string[][];
const entityOf = new Map<string, string>();

beforeAll(async () => {
  report = await generateCity({ persons: 3000, seed: 11 }, join(root, 'a'), { flat: true });
  flat = readFileSync(join(root, 'a', 'flat.csv'), 'utf8').trim().split('\n').slice(1).map((l) => [...l.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1] ?? m[2] ?? ''));
  for (const line of readFileSync(join(root, 'a', 'truth_flat.csv'), 'utf8').trim().split('\n').slice(1)) entityOf.set(line.slice(0, line.lastIndexOf(',')), line.slice(line.lastIndexOf(',') + 1));
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

function digests(dir: string): Map<string, string> {
  const files = (readdirSync(dir, { recursive: true }) as string[]).map((f) => join(dir, f)).filter((f) => statSync(f).isFile());
  return new Map(files.sort().map((f) => [relative(dir, f), createHash('sha256').update(readFileSync(f)).digest('hex')]));
}

/** GB 11643 by the book, written anew for the test. */
function validId(id: string): boolean {
  if (/^\d{15}$/.test(id)) return true;
  if (!/^\d{17}[\dX]$/.test(id) || /^(\d)\1{16}/.test(id)) return false;
  const month = Number(id.slice(10, 12));
  const remainder = [...id].reduce((sum, c, i) => sum + (c === 'X' ? 10 : Number(c)) * (2 ** (17 - i) % 11), 0) % 11;
  return remainder === 1 && month >= 1 && month <= 12;
}

describe('a generated city', () => {
  it('has the same bytes for the same options, and others for another seed', async () => {
    await generateCity({ persons: 400, seed: 5 }, join(root, 'b'), { flat: true });
    await generateCity({ persons: 400, seed: 5 }, join(root, 'c'), { flat: true });
    await generateCity({ persons: 400, seed: 6 }, join(root, 'd'), { flat: true });
    const [b, c, d] = ['b', 'c', 'd'].map((x) => digests(join(root, x))) as [Map<string, string>, Map<string, string>, Map<string, string>];
    expect(c).toEqual(b);
    expect(d.get('truth.csv')).not.toBe(b.get('truth.csv'));
  }, 60_000);

  it('replaces an earlier city in the same folder', async () => {
    await generateCity({ persons: 300, seed: 5, snapshotDate: '2025-12-31' }, join(root, 'b'));
    expect(readdirSync(join(root, 'b', 'disability'))).toEqual(['CJR_20251231.OK', 'CJR_20251231.csv']);
  }, 60_000);

  it('refuses options that make no city', async () => {
    await expect(generateCity({ persons: 10, seed: 1 }, join(root, 'x'))).rejects.toMatchObject({ code: 'YICI_CITY_OPTIONS' });
    await expect(generateCity({ persons: 100, seed: 1, snapshotDate: '2026-02-30' }, join(root, 'x'))).rejects.toMatchObject({ code: 'YICI_CITY_OPTIONS' });
    await expect(generateCity({ persons: 100, seed: 1, dirt: Number.NaN }, join(root, 'x'))).rejects.toMatchObject({ code: 'YICI_CITY_OPTIONS' });
  });

  it('has about 4.3 records a person in twelve systems', () => {
    expect(Object.keys(report.systems)).toHaveLength(12);
    expect(flat.length / 3000).toBeGreaterThan(4);
    expect(flat.length / 3000).toBeLessThan(4.8);
    const seen = new Set(entityOf.values());
    expect(seen.size).toBeGreaterThan(2900);
    expect(flat.length).toBe(Object.values(report.systems).reduce((n, s) => n + s.personRecords, 0));
  });

  it('leaves at least 20 % of the person records without a usable ID', () => {
    expect(flat.filter((r) => !validId(r[3]!)).length / flat.length).toBeGreaterThan(0.2);
  });

  it('shares at least 25 % of the phones in the family', () => {
    const sum = (of: 'withPhone' | 'withFamilyPhone'): number => Object.values(report.systems).reduce((n, s) => n + s[of], 0);
    expect(sum('withFamilyPhone') / sum('withPhone')).toBeGreaterThan(0.25);
    // Seen from outside: the number also stands on records of somebody else.
    const users = new Map<string, Set<string>>();
    for (const r of flat) if (r[6]) users.set(r[6], (users.get(r[6]) ?? new Set()).add(entityOf.get(r[0]!)!));
    const phones = flat.filter((r) => r[6]);
    expect(phones.filter((r) => users.get(r[6]!)!.size > 1).length / phones.length).toBeGreaterThan(0.25);
  });

  it('lets names, births or addresses differ from the truth in at least 15 % of the records', () => {
    expect(Object.values(report.systems).reduce((n, s) => n + s.differing, 0) / flat.length).toBeGreaterThan(0.15);
    const truth = new Map(growCity({ persons: 3000, seed: 11, today: dayOf(2026, 3, 31), name: '望江市', code: '9901' }).persons.map((p) => [p.entity, p]));
    const wrongName = flat.filter((r) => r[2] && truth.has(entityOf.get(r[0]!)!) && r[2] !== truth.get(entityOf.get(r[0]!)!)!.name).length;
    expect(wrongName / flat.length).toBeGreaterThan(0.04);
  });

  it('keeps at least 3 % of the records twice in one system', () => {
    const held = new Map<string, number>();
    for (const r of flat) if (r[1] !== 'housing') held.set(`${r[1]}/${entityOf.get(r[0]!)!}`, (held.get(`${r[1]}/${entityOf.get(r[0]!)!}`) ?? 0) + 1);
    const twice = [...held.values()].reduce((n, c) => n + c - 1, 0);
    expect(twice / flat.length).toBeGreaterThan(0.03);
  });

  it('writes no half of a character', () => {
    expect(flat.filter((r) => r.some((v) => v.includes('\uFFFD')))).toEqual([]);
    for (const file of ['grid/persons.jsonl', 'smart-community/users.jsonl']) expect(readFileSync(join(root, 'a', file), 'utf8')).not.toMatch(/\\ud[89a-f]/);
  });

  it('has malformed rows in every system and test rows that are nobody', () => {
    const dead = JSON.parse(readFileSync(join(root, 'a', 'expected_dead_letters.json'), 'utf8')) as Record<string, number>;
    expect(Object.values(dead).every((n) => n >= 2)).toBe(true);
    const tests = flat.filter((r) => /^(测试|张三$|李四$|test)/.test(r[2]!) && /^(1{18}|123456|0{18})/.test(r[3]!));
    expect(tests.length).toBeGreaterThan(8);
    const entities = tests.map((r) => entityOf.get(r[0]!)!);
    expect(new Set(entities).size).toBe(tests.length);
    const others = [...entityOf].filter(([id, e]) => entities.includes(e) && !tests.some((r) => r[0] === id));
    expect(others).toEqual([]);
  });

  it('has every kind of dirt', () => {
    const any = (fits: (r: string[]) => boolean): boolean => flat.some(fits);
    const ids = { fifteen: /^\d{15}$/, zeros: /^\d{15}000$/, masked: /^\d{4}\*{10}/, temporary: /^LS\d{16}$/, words: /^(不详|无)$/, ones: /^1{18}$/ };
    for (const [kind, form] of Object.entries(ids)) expect([kind, any((r) => form.test(r[3]!))]).toEqual([kind, true]);
    const names = { dots: /·/, otherDots: /[•・‧．.]/, bracket: /[（(]/, traditional: /[張陳劉楊趙黃吳孫馬]/ };
    for (const [kind, form] of Object.entries(names)) expect([kind, any((r) => form.test(r[2]!))]).toEqual([kind, true]);
    const addresses = { han: /[一二三四五]幢|[一二三四五]栋|[一二三四五]号楼/, compact: /\d-\d-\d{3}/, zero: /[幢栋楼#元]0\d{3}/, tag: /对面|出租|暂住/, dormitory: /宿舍/, empty: /^$/ };
    for (const [kind, form] of Object.entries(addresses)) expect([kind, any((r) => form.test(r[7]!))]).toEqual([kind, true]);
    // Two people, one valid number.
    const holders = new Map<string, Set<string>>();
    for (const r of flat) if (r[1] === 'hukou' && validId(r[3]!)) holders.set(r[3]!, (holders.get(r[3]!) ?? new Set()).add(entityOf.get(r[0]!)!));
    expect([...holders.values()].some((s) => s.size > 1)).toBe(true);
  });
});
