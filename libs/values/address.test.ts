import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { addressKey, readAddress } from './address.js';
import { Divisions } from './divisions.js';

const CSV = `code,name,level,parent,valid_from,valid_to,successor
9901,望江市,city,,1983-07-01,,
990101,白石区,district,9901,2000-01-01,,
990102,南浦区,district,9901,2011-07-01,,
990121,东湖县,district,9901,1983-07-01,1999-12-31,990101
990122,西城区,district,9901,1983-07-01,2011-06-30,990102;990101
990101001,玉带街道,street,990101,2000-01-01,,
990102001,彩云街道,street,990102,2011-07-01,,
990101001001,杨家社区,community,990101001,2001-01-01,,
990101001200,马家村委会,community,990101001,2001-01-01,,
990102001002,向阳社区,community,990102001,2001-01-01,,
990101001007,和平社区,community,990101001,2001-01-01,,
990102001007,和平社区,community,990102001,2001-01-01,,
990122001,明月办事处,street,990122,1990-01-01,2011-06-30,990102001
990122001001,盐场居委会,community,990122001,1990-01-01,2011-06-30,990102001002
`;
const divisions = Divisions.parse(CSV);

/** The address without its raw text, parts joined in a fixed order for reading. */
function parts(raw: string, hint?: Parameters<typeof readAddress>[2]): string {
  const a = readAddress(raw, divisions, hint);
  if (a === undefined) return 'none';
  const shown = [a.division, a.place, a.road, a.number, a.estate, a.building, a.unit, a.floor && `F${a.floor}`, a.room].map((p) => p ?? '').join('|');
  return a.tags === undefined ? shown : `${shown} ${a.tags.join(' ')}`;
}

describe('readAddress: dwelling', () => {
  it.each([
    // building spellings
    ['枫丹苑3幢1单元301室', '||||枫丹苑|3|1||301'], ['枫丹苑3栋1单元301', '||||枫丹苑|3|1||301'], ['枫丹苑3号楼1单元301室', '||||枫丹苑|3|1||301'],
    ['枫丹苑三号楼1单元301室', '||||枫丹苑|3|1||301'], ['枫丹苑③号楼1单元301室', '||||枫丹苑|3|1||301'], ['枫丹苑3#1单元301', '||||枫丹苑|3|1||301'],
    ['枫丹苑３号楼１单元３０１室', '||||枫丹苑|3|1||301'], ['枫丹苑 3幢 1单元 301', '||||枫丹苑|3|1||301'], ['枫丹苑13幢二单元1203', '||||枫丹苑|13|2||1203'],
    ['枫丹苑二十三幢201', '||||枫丹苑|23|||201'], ['国际大厦A座1201', '||||国际大厦|A|||1201'], ['国际大厦东座1201', '||||国际大厦|东|||1201'], ['枫丹苑A3幢201', '||||枫丹苑|A3|||201'],
    // dashes
    ['枫丹苑3-1-301', '||||枫丹苑|3|1||301'], ['枫丹苑3-1-301室', '||||枫丹苑|3|1||301'], ['枫丹苑2-103', '||||枫丹苑|2|||103'], ['枫丹苑3－1—301', '||||枫丹苑|3|1||301'],
    ['枫丹苑3幢1-301', '||||枫丹苑|3|1||301'], ['枫丹苑3#-1-301', '||||枫丹苑|3|1||301'], ['枫丹苑3幢1单元301-1', '||||枫丹苑|3|1||301-1'], ['枫丹苑3-2-5-501', '||||枫丹苑|3|2|F5|501'],
    // rooms
    ['枫丹苑3幢0301', '||||枫丹苑|3|||301'], ['枫丹苑3幢1单元102号', '||||枫丹苑|3|1||102'], ['枫丹苑1栋702室', '||||枫丹苑|1|||702'], ['枫丹苑二#301室', '||||枫丹苑|2|||301'],
    ['枫丹苑3幢三〇一', '||||枫丹苑|3|||301'], ['枫丹苑3栋3层2室', '||||枫丹苑|3||F3|302'], ['枫丹苑3幢3楼302', '||||枫丹苑|3||F3|302'], ['枫丹苑3幢101、102室', '||||枫丹苑|3|||101'],
    ['枫丹苑3幢甲单元301', '||||枫丹苑|3|甲||301'], ['枫丹苑3号楼2门501', '||||枫丹苑|3|2||501'], ['枫丹苑3幢负1层', '||||枫丹苑|3||F负1|'],
    // parts missing
    ['枫丹苑', '||||枫丹苑||||'], ['枫丹苑3幢', '||||枫丹苑|3|||'], ['枫丹苑301', '||||枫丹苑||||301'], ['枫丹苑12号', '||||枫丹苑|12|||'],
    // numbers that belong to the estate's name
    ['枫丹苑二期3幢301', '||||枫丹苑2期|3|||301'], ['万科城3期5幢1201', '||||万科城3期|5|||1201'], ['88小区3幢1单元301', '||||88小区|3|1||301'], ['阳光100国际A座1201', '||||阳光100国际|A|||1201'],
    ['五一花园3幢201', '||||五一花园|3|||201'], ['学府一号3-1-301', '||||学府一号|3|1||301'], ['学府一号三号楼201', '||||学府一号|3|||201'], ['南门小区3幢201', '||||南门小区|3|||201'],
    ['廉租房小区3幢201', '||||廉租房小区|3|||201'], ['铁路新村3号楼201', '||||铁路新村|3|||201'], ['A区3幢201', '||||A区|3|||201'],
  ])('%s', (raw, expected) => {
    expect(parts(raw)).toBe(expected);
  });
});

describe('readAddress: street', () => {
  it.each([
    ['千山路373号', '||千山路|373|||||'], ['千山路373号3幢201', '||千山路|373||3|||201'], ['牡丹大道251号1#203', '||牡丹大道|251||1|||203'], ['千山路280号1-1-202', '||千山路|280||1|1||202'],
    ['千山路280号蓝湾里1号楼1单元1601号', '||千山路|280|蓝湾里|1|1||1601'], ['千山路280弄5号302室', '||千山路|280弄||5|||302'], ['千山路12-3号枫丹苑', '||千山路|12-3|枫丹苑||||'],
    ['千山路枫丹苑3幢201', '||千山路||枫丹苑|3|||201'], ['解放路新村3幢201', '||||解放路新村|3|||201'], ['牡丹大道251号院3号楼501', '||牡丹大道|251||3|||501'],
    ['蓝湾里1号1单元301', '||||蓝湾里|1|1||301'], ['千山路', '||千山路||||||'], ['千山路一号', '||千山路|1|||||'],
  ])('%s', (raw, expected) => {
    expect(parts(raw)).toBe(expected);
  });
});

describe('readAddress: divisions', () => {
  it.each([
    ['望江市白石区玉带街道杨家社区枫丹苑', '990101001001||||枫丹苑||||'], ['杨家社区枫丹苑3-101', '990101001001||||枫丹苑|3|||101'], ['白石区千山路280号', '990101||千山路|280|||||'],
    ['杨家居委会枫丹苑', '990101001001||||枫丹苑||||'], ['玉带街道办事处杨家社区居委会枫丹苑', '990101001001||||枫丹苑||||'], ['某省望江市白石区枫丹苑', '990101||||枫丹苑||||'],
    // closed ones are recoded
    ['东湖县千山路280号', '990101||千山路|280|||||'], ['西城区明月办事处盐场居委会千山路280号', '990102001002||千山路|280|||||'], ['明月办事处向阳社区枫丹苑', '990102001002||||枫丹苑||||'],
    ['西城区枫丹苑', '||||枫丹苑||||'],
    // a misspelt street, an unknown community
    ['白石区玉代街道杨家社区枫丹苑', '990101001001||||枫丹苑||||'], ['白石区幸福社区枫丹苑3-101', '990101||||枫丹苑|3|||101'],
    // other cities, also with a district's namesake
    ['疆南屯市东湖县高坎乡马家村6组75号', '|疆南屯市东湖县高坎乡||75|马家村6组||||'], ['东湖县高坎乡马家村6组75号', '|东湖县高坎乡||75|马家村6组||||'],
    ['湘西渡市东湖县红岩街道马家村1组23号', '|湘西渡市东湖县红岩街道||23|马家村1组||||'], ['沧州岭市东湖县青龙街道竹山村8组28号', '|沧州岭市东湖县青龙街道||28|竹山村8组||||'],
    ['乌兰河市柳湾县', '|乌兰河市柳湾县|||||||'],
    // estates that only look like another city
    ['城市花园小区3幢201', '||||城市花园小区|3|||201'], ['望江市南浦区城市花园3幢201', '990102||||城市花园|3|||201'], ['南浦区水乡花园3幢201', '990102||||水乡花园|3|||201'],
    // villages
    ['马家村第六村民小组75号', '990101001200|||75|马家村委会6组||||'], ['高坎村12号', '|||12|高坎村||||'], ['马家村委会3组12号', '990101001200|||12|马家村委会3组||||'],
    ['盐场居委会3组12号', '990102001002|||12|向阳社区3组||||'], ['马家村6组', '990101001200||||马家村委会6组||||'], ['供销社3组12号', '|||12|供销社3组||||'],
  ])('%s', (raw, expected) => {
    expect(parts(raw)).toBe(expected);
  });

  it.each([
    ['枫丹苑3-101', '990102001002', '990102001002'], ['枫丹苑3-101', '990121', '990101'], ['枫丹苑3-101', '990101001', '990101001'], ['南浦区枫丹苑', '990102001002', '990102001002'],
    ['南浦区枫丹苑', '990101001001', '990102'], ['疆南屯市东湖县高坎乡马家村6组75号', '995323000000', '995323'], ['疆南屯市东湖县高坎乡马家村6组75号', '990101001001', undefined],
  ])('%s with the code %s is in %s', (raw, division, expected) => {
    expect(readAddress(raw, divisions, { division })?.division).toBe(expected);
  });
});

describe('readAddress: one name, two communities', () => {
  it.each([
    ['和平社区枫丹苑', undefined, undefined], ['和平社区枫丹苑', '990102', '990102001007'], ['和平社区枫丹苑', '990101001007', '990101001007'], ['南浦区和平社区枫丹苑', undefined, '990102001007'], ['白石区和平社区枫丹苑', '990102', '990101001007'],
  ])('%s with the code %s is in %s', (raw, division, expected) => {
    const read = readAddress(raw, divisions, division === undefined ? undefined : { division });
    expect([read?.division, read?.estate]).toEqual([expected, '枫丹苑']);
  });
});

describe('readAddress: tags', () => {
  it.each([
    ['枫丹苑3幢1单元302空挂户', '||||枫丹苑|3|1||302 空挂户'], ['枫丹苑1栋1单元0702（空挂户）', '||||枫丹苑|1|1||702 空挂户'], ['枫丹苑3-101（对面）', '||||枫丹苑|3|||101 对面'],
    ['枫丹苑3-101对面', '||||枫丹苑|3|||101 对面'], ['团结大学集体户', '||||团结大学|||| 集体户'], ['团结大学宿舍8号楼318室', '||||团结大学|8|||318 宿舍'], ['枫丹苑3幢101车库', '||||枫丹苑|3|||101 车库'],
  ])('%s', (raw, expected) => {
    expect(parts(raw)).toBe(expected);
  });
});

describe('readAddress: hints and nothing', () => {
  it('takes parts from columns of their own before those of the text', () => {
    expect(parts('枫丹苑三#1单元301号', { estate: '枫丹苑', building: '三号楼', unit: '1', room: '0302' })).toBe('||||枫丹苑|3|1||302');
    expect(parts('枫丹苑3-101', { road: '千山路', number: '373号' })).toBe('||千山路|373|枫丹苑|3|||101');
    expect(parts('', { estate: '枫丹苑', building: '③号楼', unit: '一单元', room: '101室' })).toBe('||||枫丹苑|3|1||101');
    expect(parts('6组12号', { division: '990101001200' })).toBe('990101001200|||12|马家村委会6组||||');
    expect(parts('枫丹苑3-101', { estate: ' ', building: '', unit: '0', room: '' })).toBe('||||枫丹苑|3|||101');
  });

  it.each(['', '不详', '无', '-', ' ', '0', 'null'])('%j is no address', (raw) => {
    expect(readAddress(raw, divisions)).toBeUndefined();
  });

  it('keeps what the source wrote', () => {
    expect(readAddress(' 枫丹苑３幢 ', divisions)?.raw).toBe(' 枫丹苑３幢 ');
  });
});

describe('addressKey', () => {
  it('is one spelling for one dwelling', () => {
    const keys = ['千山路373号枫丹苑3#1单元0301', '千山路373号枫丹苑③栋1单元301室', '千山路373号枫丹苑3-1-301（空挂户）', '南浦区千山路373号枫丹苑三号楼1单元301号']
      .map((raw) => addressKey(readAddress(raw, divisions) ?? { raw }));
    expect(new Set(keys)).toEqual(new Set(['千山路373号枫丹苑3幢1单元301室']));
  });

  it('needs a spot', () => {
    expect(addressKey({ raw: '', road: '千山路' })).toBeUndefined();
    expect(addressKey({ raw: '', building: '3', room: '301' })).toBeUndefined();
  });

  it('reads back as itself, whatever the parts', () => {
    const estate = fc.constantFrom('枫丹苑', '机械厂新村', '万科城3期', '莱茵雅居', '蓝湾里', '阳光100国际', '王庄');
    const digits = fc.integer({ min: 1, max: 99 }).map(String);
    const room = fc.integer({ min: 101, max: 3304 }).map(String);
    fc.assert(fc.property(fc.record({
      road: fc.option(fc.constantFrom('千山路', '牡丹大道', '人民街'), { nil: undefined }), number: digits, estate: fc.option(estate, { nil: undefined }),
      building: fc.option(digits, { nil: undefined }), unit: fc.option(digits, { nil: undefined }), room: fc.option(room, { nil: undefined }),
    }), ({ road, number, ...rest }) => {
      const address = road === undefined ? rest : { road, number, ...rest };
      const key = addressKey({ raw: '', ...address });
      if (key === undefined) return;
      expect(addressKey(readAddress(key, divisions) ?? { raw: key })).toBe(key);
    }));
  });

  it('is stable over every address of the sample city', () => {
    const users = readFileSync(new URL('../../test/fixtures/sample-city/smart-community/users.jsonl', import.meta.url), 'utf8');
    const raws = users.split('\n').flatMap((line) => /"address": ?"([^"]+)"/.exec(line)?.[1] ?? []);
    expect(raws.length).toBeGreaterThan(50);
    for (const raw of raws) {
      const key = addressKey(readAddress(raw, divisions) ?? { raw });
      if (key !== undefined) expect(addressKey(readAddress(key, divisions) ?? { raw: key })).toBe(key);
    }
  });
});
