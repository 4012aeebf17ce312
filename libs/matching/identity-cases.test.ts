import { describe, expect, it } from '@jest/globals';
import type { PersonBody } from '#libs/model/bodies';
import type { AnySourceRecord } from '#libs/model/source-record';
import { Divisions } from '#libs/values/divisions';
import { readAddress } from '#libs/values/address';
import { readCitizenId } from '#libs/values/citizen-id';
import { readDate } from '#libs/values/partial-date';
import { readName } from '#libs/values/person-name';
import { readPhones } from '#libs/values/phone';
import { personModel } from './match-model.js';
import type { Decision } from './decisions.js';
import { featuresOf, resolveFeatures } from './resolve-all.js';

/** One record in a short form; the key is `system/number`. Values are read as a connector reads them. */
interface Short {
  at: string;
  name?: string;
  former?: string;
  cut?: boolean;
  id?: string;
  formerId?: string;
  birth?: string;
  sex?: '1' | '2';
  phone?: string;
  home?: string;
  house?: string;
  kin?: { father?: string; mother?: string; spouse?: string; spouseName?: string };
  in?: [kind: 'registered' | 'residential' | 'living', key: string, relation: string];
  test?: boolean;
}

const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const FATHER = '990101196203150315';
const WIFE = '990101196408220428';
const CHILD = '990101201809010150';
const HOME = '牡丹大道251号机械厂新村3幢1单元501';

function recordOf(s: Short): AnySourceRecord {
  const [system, key] = s.at.split('/') as [string, string];
  const names = s.name === undefined ? {} : readName(s.name, s.cut === true ? { cut: true } : undefined);
  const former = s.former === undefined ? undefined : readName(s.former).name;
  const kin = s.kin ?? {};
  const relative = (role: 'father' | 'mother' | 'spouse', id?: string, name?: string) =>
    id === undefined && name === undefined ? [] : [{ role, ...(id === undefined ? {} : { citizenId: readCitizenId(id)! }), ...(name === undefined ? {} : { name: readName(name).name! }) }];
  const body: PersonBody = {
    ...(names.name === undefined ? {} : { name: names.name }),
    formerNames: [...(names.formerNames ?? []), ...(former === undefined ? [] : [former])],
    citizenId: s.id === undefined ? undefined : readCitizenId(s.id),
    otherIdentifiers: s.formerId === undefined ? [] : [{ kind: 'formerCitizenId', value: s.formerId }],
    birthDate: s.birth === undefined ? undefined : readDate(s.birth, 'any').date,
    sex: s.sex,
    phones: s.phone === undefined ? [] : readPhones(s.phone),
    currentAddress: s.home === undefined ? undefined : readAddress(s.home, divisions),
    dwellingCode: s.house,
    relatives: [...relative('father', kin.father), ...relative('mother', kin.mother), ...relative('spouse', kin.spouse, kin.spouseName)],
    memberships: s.in === undefined ? [] : [{ kind: s.in[0], key: s.in[1], relation: s.in[2] }],
  };
  return { system, recordType: 'person', naturalKey: key, order: '1', observedAt: '2026-03-31T00:00:00+08:00', state: 'current', test: s.test, body, origin: { source: 't', position: 1 } };
}

function householdsOf(records: readonly Short[]): AnySourceRecord[] {
  const seen = new Map<string, AnySourceRecord>();
  for (const r of records) {
    if (r.in === undefined) continue;
    const system = r.at.split('/')[0]!;
    seen.set(`${system}/${r.in[1]}`, {
      system, recordType: 'household', naturalKey: r.in[1], order: '1', observedAt: '2026-03-31T00:00:00+08:00', state: 'current',
      body: { kind: r.in[0], type: r.in[1].startsWith('C') ? 'collective' : 'family' }, origin: { source: 't', position: 1 },
    });
  }
  return [...seen.values()];
}

function resolve(records: readonly Short[], decisions: Decision[] = []) {
  const features = featuresOf([...records.map(recordOf), ...householdsOf(records)]);
  const r = resolveFeatures(features, decisions, personModel());
  const groups = new Map<number, string[]>();
  r.persons.cluster.forEach((c, i) => groups.set(c, [...(groups.get(c) ?? []), records[i]!.at]));
  return {
    partition: [...groups.values()].map((g) => g.sort().join(' ')).sort(),
    reviews: r.persons.potential.map((p) => `${[records[p.a]!.at, records[p.b]!.at].sort().join(' ')} ${p.reason}`),
  };
}

const grandpa = { name: '张建国', sex: '1' as const };

/** [case of docs, what it is, records, expected clusters, expected reviews] */
const WRITTEN: [string, string, Short[], string[], string[]?][] = [
  ['1', '15 digits are the same number', [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '张伟强', id: '990101620315031' }], ['a/1 b/1']],
  ['2', 'full width, spaces, apostrophe', [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '张伟强', id: "'９９０１０１ 19620315 0315" }], ['a/1 b/1']],
  ['3', 'a spreadsheet number is matched on the others', [{ at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'b/1', name: '张伟强', id: '990101196203150000', birth: '1962-03-15', phone: '13900000001' }], ['a/1 b/1']],
  ['4', 'a wrong check digit with name and birth', [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '张伟强', id: '990101196203150316', birth: '1962-03-15' }], ['a/1 b/1']],
  ['4', 'a wrong check digit and another name is nothing', [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '王小明', id: '990101196203150316', birth: '1962-03-15' }], ['a/1', 'b/1']],
  ['5', 'transposed birth digits', [{ at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'b/1', name: '张伟强', id: '990101196203510315', phone: '13900000001' }], ['a/1 b/1']],
  ['6', 'one number given to two people: two persons, contested', [{ at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'b/1', name: '陈志远', id: FATHER, phone: '13900000002' }], ['a/1', 'b/1'], ['a/1 b/1 contestedId']],
  ['7', 'a number that was changed', [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '张伟强', id: '990102196203150311', formerId: FATHER }], ['a/1 b/1']],
  ['8', 'one person, two numbers: review', [{ at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'b/1', name: '张伟强', id: '990102196203150311', phone: '13900000001' }], ['a/1', 'b/1'], ['a/1 b/1 twoIds']],
  ['9', "a child under a parent's number", [
    { at: 'a/1', name: '张伟强', id: FATHER, home: HOME }, { at: 'a/2', name: '张小宝', id: CHILD, home: HOME },
    { at: 'b/1', name: '张小宝', id: FATHER, birth: '2018-09-01', home: HOME },
  ], ['a/1', 'a/2 b/1']],
  ['9', "a child under a parent's number, its birth taken from it", [{ at: 'a/1', name: '张伟强', id: FATHER, home: HOME }, { at: 'b/1', name: '张小宝', id: FATHER, home: HOME }], ['a/1', 'b/1'], ['a/1 b/1 contestedId']],
  ['10', 'a newborn by mother and birth date', [{ at: 'a/1', name: '张小宝', id: CHILD, kin: { mother: WIFE } }, { at: 'b/1', name: '张宝宝', id: WIFE, birth: '2018-09-01', kin: { mother: WIFE } }], ['a/1 b/1']],
  ['10', 'a newborn twin belongs to neither', [
    { at: 'a/1', name: '张小宝', id: CHILD, sex: '1', kin: { mother: WIFE } }, { at: 'a/2', name: '张小贝', id: '990101201809010177', sex: '1', kin: { mother: WIFE } },
    { at: 'b/1', name: '张宝宝', birth: '2018-09-01', sex: '1', kin: { mother: WIFE } },
  ], ['a/1', 'a/2', 'b/1']],
  ['11', 'twins', [
    { at: 'a/1', name: '张小宝', birth: '2018-09-01', home: HOME, phone: '13900000001', kin: { mother: WIFE } },
    { at: 'b/1', name: '张小贝', birth: '2018-09-01', home: HOME, phone: '13900000001', kin: { mother: WIFE } },
  ], ['a/1', 'b/1']],
  ['12', 'same name, birth and sex: not enough', [{ at: 'a/1', name: '张伟', sex: '1', birth: '1962-03-15' }, { at: 'b/1', name: '张伟', sex: '1', birth: '1962-03-15' }], ['a/1', 'b/1']],
  ['12', 'a phone is one witness', [{ at: 'a/1', name: '张伟', birth: '1962-03-15', phone: '13900000001' }, { at: 'b/1', name: '张伟', birth: '1962-03-15', phone: '13900000001' }], ['a/1 b/1']],
  ['12', 'a dwelling is one witness', [{ at: 'a/1', name: '张伟', birth: '1962-03-15', home: HOME }, { at: 'b/1', name: '张伟', birth: '1962-03-15', home: HOME }], ['a/1 b/1']],
  ['12', 'a relative is one witness', [{ at: 'a/1', name: '张伟', birth: '1962-03-15', kin: { spouse: WIFE } }, { at: 'b/1', name: '张伟', birth: '1962-03-15', kin: { spouse: WIFE } }], ['a/1 b/1']],
  ['13', 'grandfather and grandson of one name', [
    { at: 'a/1', ...grandpa, birth: '1938-02-03', home: HOME, phone: '13900000001' }, { at: 'a/2', ...grandpa, birth: '1996-07-08', home: HOME, phone: '13900000001' },
    { at: 'b/1', ...grandpa, birth: '1938-02-03', home: HOME }, { at: 'b/2', ...grandpa, birth: '1996-07-08', home: HOME },
    { at: 'c/1', name: '张建国', phone: '13900000001' },
  ], ['a/1 b/1', 'a/2 b/2', 'c/1']],
  ['14', 'a masked number is a candidate only', [{ at: 'a/1', name: '张伟强', id: FATHER, home: HOME }, { at: 'b/1', name: '张伟强', id: '9901**********0315', home: '石门大道54号莱茵雅居1-2-301' }], ['a/1', 'b/1'], ['a/1 b/1 noWitness']],
  ['14', 'with name and house it links', [{ at: 'a/1', name: '张伟强', id: FATHER, home: HOME }, { at: 'b/1', name: '张伟强', id: '9901**********0315', home: HOME }], ['a/1 b/1']],
  ['16', 'a pseudo-ID is local to its source', [{ at: 'a/1', name: '张伟强', id: 'CAN0QE520695' }, { at: 'b/1', name: '张伟强', id: FATHER }], ['a/1', 'b/1']],
  ['17', 'spaces in a name', [{ at: 'a/1', name: '张　伟强', id: FATHER }, { at: 'b/1', name: '张 伟 强', id: FATHER }], ['a/1 b/1']],
  ['18', 'dots or none', [{ at: 'a/1', name: '买买提•艾力', birth: '1970-05-06', phone: '13900000001' }, { at: 'b/1', name: '买买提艾力', birth: '1970-05-06', phone: '13900000001' }], ['a/1 b/1']],
  ['19', 'another transliteration with the same number', [{ at: 'a/1', name: '买买提·艾力', id: FATHER }, { at: 'b/1', name: '麦麦提·艾力', id: FATHER }], ['a/1 b/1']],
  ['20', 'a name cut at its width', [{ at: 'a/1', name: '古丽巴哈尔·买买提', id: FATHER }, { at: 'b/1', name: '古丽巴哈尔·', cut: true, id: FATHER }], ['a/1 b/1']],
  ['22', 'an unreadable character needs the number', [{ at: 'a/1', name: '王䶮', id: FATHER }, { at: 'b/1', name: '王?', id: FATHER }, { at: 'c/1', name: '王*' }], ['a/1 b/1', 'c/1']],
  ['23', 'traditional characters', [{ at: 'a/1', name: '張偉強', birth: '1962-03-15', phone: '13900000001' }, { at: 'b/1', name: '张伟强', birth: '1962-03-15', phone: '13900000001' }], ['a/1 b/1']],
  ['24', 'a former name', [{ at: 'a/1', name: '张伟强', former: '张卫东', id: FATHER }, { at: 'b/1', name: '张卫东', id: FATHER }], ['a/1 b/1']],
  ['25', 'equal number, another name, nothing else: contested', [{ at: 'a/1', name: '李秀英', id: WIFE }, { at: 'b/1', name: '王玉兰', id: WIFE }], ['a/1', 'b/1'], ['a/1 b/1 contestedId']],
  ['26', 'pinyin is no identity', [{ at: 'a/1', name: '张伟强' }, { at: 'b/1', name: '章威墙' }], ['a/1', 'b/1']],
  ['27', 'a lunar birthday', [{ at: 'a/1', name: '张伟强', birth: '1962-03-15', phone: '13900000001' }, { at: 'b/1', name: '张伟强', birth: '1962-02-10', phone: '13900000001' }], ['a/1 b/1']],
  ['28', 'a 01-01 default is a year', [{ at: 'a/1', name: '张伟强', birth: '1962-03-15', phone: '13900000001' }, { at: 'b/1', name: '张伟强', birth: '1962-01-01', phone: '13900000001' }], ['a/1 b/1']],
  ['30', 'sex of the number decides', [{ at: 'a/1', name: '张伟强', id: FATHER, sex: '2' }, { at: 'b/1', name: '张伟强', id: FATHER, sex: '1' }], ['a/1 b/1']],
  ['31', 'a phone shared by a family joins nobody', [
    { at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'a/2', name: '李秀英', id: WIFE, phone: '13900000001' }, { at: 'a/3', name: '张小宝', id: CHILD, phone: '13900000001' },
    { at: 's/1', phone: '13900000001' },
  ], ['a/1', 'a/2', 'a/3', 's/1']],
  ['31', "a form of address tells whose account on the family's phone it is", [
    { at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'a/2', name: '李秀英', id: WIFE, phone: '13900000001' },
    { at: 's/1', name: '秀英', phone: '13900000001' }, { at: 's/2', name: '李阿姨', phone: '13900000001' },
  ], ['a/1', 'a/2 s/1 s/2']],
  ['40', 'a collective is no family', [
    { at: 'a/1', name: '张伟', birth: '2000-05-06', in: ['registered', 'C1', '99'] }, { at: 'a/2', name: '李强', id: FATHER, in: ['registered', 'C1', '99'] }, { at: 'a/3', name: '王芳', id: WIFE, in: ['registered', 'C1', '99'] },
    { at: 'b/1', name: '张伟', birth: '2000-05-06', in: ['registered', 'C9', '99'] }, { at: 'b/2', name: '李强', id: FATHER, in: ['registered', 'C9', '99'] }, { at: 'b/3', name: '王芳', id: WIFE, in: ['registered', 'C9', '99'] },
  ], ['a/1', 'a/2 b/2', 'a/3 b/3', 'b/1']],
  ['49', 'one person twice in one system', [{ at: 'grid/1', name: '张伟强', id: FATHER }, { at: 'grid/2', name: '张伟强', id: FATHER }], ['grid/1 grid/2']],
  ['52', 'test rows never link', [{ at: 'a/1', name: '测试', id: '111111111111111111', test: true }, { at: 'b/1', name: '测试', id: '111111111111111111', test: true }], ['a/1', 'b/1']],
  ['52', 'a real name over 111… is a real person', [{ at: 'a/1', name: '张伟强', id: FATHER, phone: '13900000001' }, { at: 'b/1', name: '张伟强', id: '111111111111111111', birth: '1962-03-15', phone: '13900000001' }], ['a/1 b/1']],
  ['stage 3', 'a spouse and a child that agree rescue a misspelt mother', [
    { at: 'a/1', name: '张伟强', id: FATHER, in: ['residential', 'h1', '02'] }, { at: 'a/2', name: '李秀英', birth: '1964-08-22', in: ['residential', 'h1', '10'] }, { at: 'a/3', name: '张小宝', id: CHILD, in: ['residential', 'h1', '21'] },
    { at: 'b/1', name: '张伟强', id: FATHER, in: ['residential', 'h2', '02'] }, { at: 'b/2', name: '李香英', birth: '1964-08-22', in: ['residential', 'h2', '10'] }, { at: 'b/3', name: '张小宝', id: CHILD, in: ['residential', 'h2', '21'] },
  ], ['a/1 b/1', 'a/2 b/2', 'a/3 b/3']],
  ['stage 3', 'but twins in one family stay two', [
    { at: 'a/1', name: '张伟强', id: FATHER, in: ['residential', 'h1', '02'] }, { at: 'a/2', name: '李秀英', id: WIFE, in: ['residential', 'h1', '10'] }, { at: 'a/3', name: '张小宝', birth: '2018-09-01', in: ['residential', 'h1', '21'] },
    { at: 'b/1', name: '张伟强', id: FATHER, in: ['residential', 'h2', '02'] }, { at: 'b/2', name: '李秀英', id: WIFE, in: ['residential', 'h2', '10'] }, { at: 'b/3', name: '张小贝', birth: '2018-09-01', in: ['residential', 'h2', '21'] },
  ], ['a/1 b/1', 'a/2 b/2', 'a/3', 'b/3']],
];

const CASES = WRITTEN.map(([id, what, records, clusters, reviews = []]) => [id, what, records, clusters, reviews] as const);

describe('identity cases', () => {
  it.each(CASES)('%s: %s', (_case, _what, records, clusters, reviews) => {
    const r = resolve(records);
    expect(r.partition).toEqual([...clusters].sort());
    for (const review of reviews) expect(r.reviews).toContain(review);
  });

  it.each(CASES)('%s: %s, whatever the order', (_case, _what, records) => {
    expect(resolve([...records].reverse()).partition).toEqual(resolve(records).partition);
  });
});

describe('steward decisions', () => {
  const two: Short[] = [{ at: 'a/1', name: '张伟强', id: FATHER }, { at: 'b/1', name: '张伟强', id: FATHER }, { at: 'c/1', name: '陈志远', phone: '13900000001' }];
  it('a no keeps two records apart that everything else joins', () => {
    expect(resolve(two, [{ id: '1', kind: 'noLink', records: ['a:person:1', 'b:person:1'] }]).partition).toEqual(['a/1', 'b/1', 'c/1']);
  });
  it('a link joins what nothing else joins', () => {
    expect(resolve(two, [{ id: '1', kind: 'link', records: ['a:person:1', 'c:person:1'] }]).partition).toEqual(['a/1 b/1 c/1']);
  });
  it('a no is stronger than a link', () => {
    const both: Decision[] = [{ id: '1', kind: 'link', records: ['a:person:1', 'c:person:1'] }, { id: '2', kind: 'noLink', records: ['a:person:1', 'c:person:1'] }];
    expect(resolve(two, both).partition).toEqual(['a/1 b/1', 'c/1']);
  });
});
