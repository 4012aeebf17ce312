import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partitionHash } from '#libs/kernel/hashing';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import { blockingKeys, contextKeys, levelOf, token } from './blocking.js';
import { explainPair } from './explain-pair.js';
import { valueLevels } from './candidate-pairs.js';
import { clusterPersons } from './cluster-persons.js';
import { personModel } from './match-model.js';
import { personFeatures } from './person-features.js';
import { featuresOf, resolveFeatures } from './resolve-all.js';
import { trainPersonModel } from './train.js';

const IDS = ['990101196203150315', '990101196408220428', '990101201809010150', ''];
const NAMES = ['张伟强', '张伟弧', '李秀英', '李香英', '张小宝', '张小贝', '罗叔', ''];
const BIRTHS = ['1962-03-15', '1964-08-22', '2018-09-01', '1962', ''];
const PHONES = ['13900000001', '13900000002', ''];

const record = fc.record({
  system: fc.constantFrom('hukou', 'grid', 'public-health'), key: fc.integer({ min: 0, max: 99 }), id: fc.constantFrom(...IDS), name: fc.constantFrom(...NAMES),
  birth: fc.constantFrom(...BIRTHS), phone: fc.constantFrom(...PHONES), room: fc.constantFrom('501', '502', ''), household: fc.constantFrom('h1', 'h2', ''), relation: fc.constantFrom('02', '10', '21'),
}).map((r): AnySourceRecord => {
  const body: PersonBody = {
    ...(r.id === '' ? {} : { citizenId: { status: 'valid' as const, value: r.id } }),
    ...(r.name === '' ? {} : { name: { value: r.name, key: r.name, nickname: r.name === '罗叔' } }),
    ...(r.birth === '' ? {} : { birthDate: { date: r.birth, precision: r.birth.length === 4 ? 'year' as const : 'day' as const, calendar: 'gregorian' as const } }),
    phones: r.phone === '' ? [] : [{ number: r.phone }],
    ...(r.room === '' ? {} : { currentAddress: { estate: '机械厂新村', building: '3', unit: '1', room: r.room, raw: '' } }),
    memberships: r.household === '' ? [] : [{ kind: 'residential', key: r.household, relation: r.relation }],
  };
  return { system: r.system, recordType: 'person', naturalKey: String(r.key), order: '1', observedAt: '', state: 'current', body, origin: { source: 't', position: 1 } };
});
const recordSet = fc.uniqueArray(record, { minLength: 2, maxLength: 24, selector: (r) => `${r.system}:${r.naturalKey}` }).map((persons) => {
  const households = new Set(persons.flatMap((p) => (p.body as PersonBody).memberships!.map((m) => `${p.system}/${m.key}`)));
  return [...persons, ...[...households].map((h): AnySourceRecord => {
    const [system, key] = h.split('/') as [string, string];
    return { system, recordType: 'household', naturalKey: key, order: '1', observedAt: '', state: 'current', body: { kind: 'residential' }, origin: { source: 't', position: 1 } };
  })];
});

function hashOf(records: readonly AnySourceRecord[]): string {
  const features = featuresOf(records);
  const r = resolveFeatures(features, [], personModel());
  const rows = (recordType: string, keys: readonly { key: string }[], cluster: Int32Array) =>
    keys.map((k, i) => ({ system: k.key.split(':')[0]!, recordType, naturalKey: k.key, smallestMember: keys[cluster[i]!]!.key }));
  return partitionHash([...rows('person', features.persons, r.persons.cluster), ...rows('household', features.households, r.households.cluster)]);
}

describe('the partition', () => {
  it('does not depend on the order of the records', () => {
    fc.assert(fc.property(recordSet, fc.infiniteStream(fc.nat()), (records, seeds) => {
      const keyed = records.map((r) => ({ r, k: seeds.next().value as number }));
      const shuffled = keyed.sort((a, b) => a.k - b.k).map((x) => x.r);
      expect(hashOf(shuffled)).toBe(hashOf(records));
    }), { numRuns: 80 });
  });

  it('of a component alone is what it is among all records, given the levels of its keys', () => {
    fc.assert(fc.property(recordSet, (records) => {
      const persons = featuresOf(records).persons;
      const whole = clusterPersons({ features: persons, decisions: [], model: personModel() });
      const blocks = new Map<string, { size: number; tokens: Set<string> }>();
      for (const f of persons) for (const text of new Set(blockingKeys(f).map((k) => k.text))) {
        const b = blocks.get(text) ?? { size: 0, tokens: new Set<string>() };
        blocks.set(text, b);
        b.size += 1;
        if (token(f) !== '') b.tokens.add(token(f));
      }
      for (const root of new Set(whole.component)) {
        const inside = [...whole.component.keys()].filter((i) => whole.component[i] === root);
        const part = clusterPersons({
          features: inside.map((i) => persons[i]!), decisions: [], model: personModel(),
          level: ({ kind, text }) => levelOf(kind, blocks.get(text)?.size ?? 0, blocks.get(text)?.tokens.size ?? 0),
        });
        expect(inside.map((_, j) => inside[part.cluster[j]!])).toEqual(inside.map((i) => whole.cluster[i]));
      }
    }), { numRuns: 80 });
  });

  it('never joins two people with numbers of their own', () => {
    fc.assert(fc.property(recordSet, (records) => {
      const { persons } = featuresOf(records);
      const { persons: result } = resolveFeatures(featuresOf(records), [], personModel());
      const numberOf = new Map<number, string>();
      persons.forEach((p, i) => {
        if (p.idStatus !== 1) return;
        const c = result.cluster[i]!;
        expect(numberOf.get(c) ?? p.id).toBe(p.id);
        numberOf.set(c, p.id);
      });
    }), { numRuns: 80 });
  });
});

describe('keys', () => {
  const f = personFeatures({
    system: 'a', recordType: 'person', naturalKey: '1', order: '1', observedAt: '', state: 'current', origin: { source: 't', position: 1 },
    body: { name: { value: '张伟强', key: '张伟强' }, phones: [{ number: '13900000001' }, { number: '13900000009', holder: 'landlord' }], birthDate: { date: '1962-03-15', precision: 'day', calendar: 'gregorian' } },
  });
  it('propose by sound, birth date and phone, and never by a landlord’s phone', () => {
    const texts = blockingKeys(f).map((k) => k.text);
    expect(texts).toEqual(expect.arrayContaining(['p:13900000001|||', 'pn:13900000001|zhangweiqiang||', 'pb:13900000001|19620315||', 'nb:zhangweiqiang|19620315||']));
    expect(texts.join()).not.toContain('13900000009');
    expect(contextKeys(f, ['x']).map((k) => k.kind)).toEqual(['hn', 'hb']);
  });
  it('say nothing when their block is too large', () => {
    expect([levelOf('pn', 64, 0), levelOf('pn', 65, 0), levelOf('p', 9, 1), levelOf('p', 9, 5), levelOf('p', 99, 40)]).toEqual([0, 3, 0, 1, 3]);
  });
  it('of a test row are none', () => {
    expect(blockingKeys({ ...f, test: true })).toEqual([]);
  });
});

describe('explanation', () => {
  const features = (system: string, body: PersonBody) => personFeatures({ system, recordType: 'person', naturalKey: '1', order: '1', observedAt: '', state: 'current', origin: { source: 't', position: 1 }, body });
  const a = features('a', { name: { value: '张伟', key: '张伟' }, birthDate: { date: '1962-03-15', precision: 'day', calendar: 'gregorian' }, phones: [{ number: '13900000001' }] });
  const b = features('b', { name: { value: '张伟', key: '张伟' }, birthDate: { date: '1962-03-15', precision: 'day', calendar: 'gregorian' }, phones: [{ number: '13900000001' }] });
  const model = personModel();
  it('adds up, step by step, to the weight', () => {
    const e = explainPair(a, b, model, valueLevels([a, b], undefined))!;
    expect(e.steps.at(-1)!.total).toBeCloseTo(e.weight, 9);
    expect(e.steps.map((s) => s.comparison)).toEqual(['prior', 'name', 'birthDate', 'phone']);
    expect(e.verdict).toBe('link');
    expect(e.conclusion.zh).toContain('同一人');
  });
  it('hides what the reader may not read', () => {
    expect(explainPair(a, b, model, valueLevels([a, b], undefined), { mayRead: (f) => f.system !== 'b' })).toBeUndefined();
  });
  it('names what forbids', () => {
    const c = features('c', { name: { value: '张伟', key: '张伟' }, sex: '2', phones: [{ number: '13900000001' }] });
    const e = explainPair({ ...a, sex: 1 }, c, model, valueLevels([a, c], undefined))!;
    expect(e.verdict).toBe('none');
    expect(e.conclusion.en).toContain('sexes differ');
  });
});

describe('training', () => {
  it('keeps words and thresholds, learns shares, holds no name', () => {
    const bodies = Array.from({ length: 80 }, (_, i): PersonBody => ({ name: { value: `张${'伟强秀英'[i % 4]!}${'国建军华'[(i >> 2) % 4]!}`, key: `张${'伟强秀英'[i % 4]!}${'国建军华'[(i >> 2) % 4]!}` }, birthDate: { date: `19${50 + (i % 40)}-03-15`, precision: 'day', calendar: 'gregorian' } }));
    const records = [...bodies, ...bodies].map((body, i): AnySourceRecord => ({ system: i < 80 ? 'a' : 'b', recordType: 'person', naturalKey: String(i % 80), order: '1', observedAt: '', state: 'current', body, origin: { source: 't', position: 1 } }));
    const features = featuresOf(records);
    const base = personModel();
    const labelled = trainPersonModel(features, { base, version: 2, entities: records.map((r) => r.naturalKey) });
    expect(labelled.thresholds).toEqual(base.thresholds);
    expect(labelled.version).toBe(2);
    expect(labelled.surnames).toEqual({ 张: 1 });
    expect(Object.keys(labelled.characters).every((c) => c.length === 1)).toBe(true);
    expect(labelled.comparisons[0]!.levels[1]!.m).toBeGreaterThan(0.9);
    const unlabelled = trainPersonModel(features, { base, version: 3 });
    for (const c of unlabelled.comparisons) for (const l of c.levels) expect(l.m > 0 && l.m <= 1 && l.u > 0 && l.u <= 1).toBe(true);
  });
});
