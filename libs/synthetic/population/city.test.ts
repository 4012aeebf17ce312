import { beforeAll, describe, expect, it } from '@jest/globals';
import { ageAt, civil, dashed, dayOf, parseDashed } from '../calendar.js';
import { checkCharacter, citizenNumber, fifteen } from '../citizen-number.js';
import { encodeGb18030, encodeGbk, isInGbk } from '../formats/gb-encoding.js';
import { houseCode } from '../places/dwellings.js';
import { KeyMint, Rng } from '../random.js';
import { growCity, type City } from './city.js';
import { relationCode } from './kinship.js';

const today = dayOf(2026, 3, 31);
const grow = (persons: number, seed: number): City => growCity({ persons, seed, today, name: '望江市', code: '9901' });
let city: City;

beforeAll(() => {
  city = grow(8000, 3);
}, 60_000);

describe('the true city', () => {
  it.each([50, 51, 120, 333, 1000])('has exactly %i persons', (n) => {
    expect(grow(n, 2).persons).toHaveLength(n);
  });

  it('gives everybody an entity of his own, and a number of his own but for contested pairs', () => {
    expect(new Set(city.persons.map((p) => p.entity)).size).toBe(city.persons.length);
    const contested = new Set(city.special.contested.flat());
    expect(contested.size).toBeGreaterThan(0);
    const others = city.persons.filter((p) => !contested.has(p)).map((p) => p.id);
    expect(new Set(others).size).toBe(others.length);
    for (const [a, b] of city.special.contested) expect([a.id, a.birth, a.sex]).toEqual([b.id, b.birth, b.sex]);
  });

  it('issues numbers whose region, birth, sex and check character are right, fictional regions only', () => {
    const wrong = city.persons.filter((p) => p.id.startsWith('99')
      && (p.id.slice(6, 14) !== dashed(p.birth).replaceAll('-', '') || Number(p.id[16]) % 2 !== p.sex % 2 || checkCharacter(p.id.slice(0, 17)) !== p.id[17]));
    expect(wrong).toHaveLength(0);
    expect(city.persons.filter((p) => p.id.startsWith('99')).length / city.persons.length).toBeGreaterThan(0.99);
  });

  it('lets parents be older than children and nobody be born tomorrow', () => {
    const wrong = city.persons.filter((p) => p.birth >= today || [p.father, p.mother].some((parent) => parent && p.birth - parent.birth < 15 * 365) || p.spouse && p.spouse.spouse !== p);
    expect(wrong).toHaveLength(0);
  });

  it('holds the hard cases: twins alike in name, namesakes, grandfather’s names, lineages, dots, rare characters', () => {
    const twins = city.persons.filter((p) => p.mother?.children.some((c) => c !== p && c.birth === p.birth));
    expect(twins.length).toBeGreaterThan(20);
    expect(twins.filter((p) => p.mother!.children.some((c) => c !== p && c.birth === p.birth && c.given[0] === p.given[0])).length).toBeGreaterThan(8);
    const names = new Map<string, number>();
    for (const p of city.persons) names.set(p.name, (names.get(p.name) ?? 0) + 1);
    expect(Math.max(...names.values())).toBeGreaterThan(5);
    expect(city.persons.some((p) => p.father?.father && p.father.father.name === p.name)).toBe(true);
    const siblings = city.persons.filter((p) => p.given.length === 2 && p.father && p.father.children.length > 1);
    expect(siblings.filter((p) => p.father!.children.some((c) => c !== p && c.given.length === 2 && c.given[0] === p.given[0])).length / siblings.length).toBeGreaterThan(0.1);
    expect(city.persons.some((p) => p.name.includes('·'))).toBe(true);
    expect(city.persons.some((p) => [...p.name].some((c) => !isInGbk(c)))).toBe(true);
    expect(city.special.renamed.length).toBeGreaterThan(50);
    expect(city.special.corrected.length).toBeGreaterThan(20);
  });

  it('registers people apart from where they live, and students together', () => {
    const local = city.persons.filter((p) => p.home?.dwelling && p.registered.dwelling);
    const apart = local.filter((p) => p.home!.dwelling !== p.registered.dwelling).length / local.length;
    expect(apart).toBeGreaterThan(0.1);
    expect(apart).toBeLessThan(0.6);
    const collective = city.households.filter((h) => h.kind === 'collective');
    expect(Math.max(...collective.map((h) => h.members.length))).toBeGreaterThan(50);
    expect(Math.max(...collective.map((h) => h.members.length))).toBeLessThanOrEqual(300);
    expect(city.households.some((h) => h.kind === 'empty')).toBe(true);
    const migrants = city.persons.filter((p) => p.registered.elsewhere).length / city.persons.length;
    expect(migrants).toBeGreaterThan(0.15);
    expect(migrants).toBeLessThan(0.4);
  });

  it('has closed divisions with one and with two successors, all of them known', () => {
    const codes = new Set(city.places.divisions.all.map((d) => d.code));
    const closed = city.places.divisions.all.filter((d) => d.validTo !== '');
    expect(closed.some((d) => d.successors.length === 1)).toBe(true);
    expect(closed.some((d) => d.successors.length === 2)).toBe(true);
    for (const d of city.places.divisions.all) {
      for (const s of d.successors) expect(codes.has(s)).toBe(true);
      if (d.level !== 'city') expect(codes.has(d.parent)).toBe(true);
    }
    expect(codes.size).toBe(city.places.divisions.all.length);
  });

  it('gives every dwelling a house code of its own', () => {
    const codes = city.places.dwellings.map(houseCode);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((c) => !/^9901\d{21}$/.test(c))).toEqual([]);
  });

  it('names kin as the register does', () => {
    const father = city.persons.find((p) => p.sex === 1 && p.spouse && p.children.some((c) => c.sex === 1 && c.mother === p.spouse))!;
    const son = father.children.find((c) => c.sex === 1 && c.mother === father.spouse)!;
    expect(relationCode(father, father)).toBe('02');
    expect(relationCode(father.spouse!, father)).toBe('12');
    expect(['21', '22', '23', '24', '25', '26']).toContain(relationCode(son, father));
    expect(relationCode(father, son)).toBe('51');
    expect(relationCode(father.spouse!, son)).toBe('52');
  });
});

describe('its tools', () => {
  it('count days as calendars do', () => {
    for (const text of ['1900-01-01', '1949-10-01', '1999-12-31', '2000-02-29', '2026-03-31']) {
      expect(dashed(parseDashed(text)!)).toBe(text);
      expect(civil(parseDashed(text)!)).toEqual({ year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), date: Number(text.slice(8)) });
    }
    expect(parseDashed('2026-02-29')).toBeUndefined();
    expect(ageAt(dayOf(2000, 4, 1), today)).toBe(25);
  });

  it('write citizen numbers of GB 11643', () => {
    expect(citizenNumber('990101', dayOf(1962, 3, 15), 31)).toBe('990101196203150315');
    expect(fifteen('990101196203150315')).toBe('990101620315031');
  });

  it('mint keys that do not repeat', () => {
    const mint = new KeyMint(new Rng('x'), 5);
    expect(new Set(Array.from({ length: 100_000 }, () => mint.next())).size).toBe(100_000);
  });

  it('encode as Node decodes', () => {
    const text = '张伟强䶮𬱖㛃·•，①幢\uE001';
    expect(new TextDecoder('gb18030', { fatal: true }).decode(encodeGb18030(text))).toBe(text);
    expect(new TextDecoder('gbk').decode(encodeGbk('王\uE001强'))).toBe('王\uE001强');
    expect(encodeGbk('𬱖').toString()).toBe('?');
    expect([isInGbk('强'), isInGbk('𬱖'), isInGbk('?')]).toEqual([true, false, true]);
  });

  it('draw the same numbers from the same seed, and others from a fork', () => {
    const draw = (r: Rng): number[] => Array.from({ length: 5 }, () => r.next());
    expect(draw(new Rng('a'))).toEqual(draw(new Rng('a')));
    expect(draw(new Rng('a').fork('b'))).not.toEqual(draw(new Rng('a')));
    const used = new Rng('a');
    used.next();
    expect(draw(used.fork('b'))).toEqual(draw(new Rng('a').fork('b')));
  });
});
