import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { RawRow } from '../row.js';
import type { FormatOptions, ManifestOptions } from './format-options.js';
import { checkManifest } from './manifests.js';
import { memoryFile } from './memory-file.js';
import { readFormat } from './read-format.js';

const CITY = new URL('../../../test/fixtures/sample-city/', import.meta.url);
const words = (s: string): string[] => s.split(/[\s,]+/);
const C = (name: string, width: number) => ({ name, type: 'C' as const, width });
const csv = { format: 'delimited' as const, delimiter: ',' as const, quoting: 'rfc4180' as const, header: true };

interface Case {
  file: string;
  options: FormatOptions;
  manifest?: ManifestOptions;
  /** Data rows, void rows, and rows that are dead for the format alone (a missing key is the mapping's matter). */
  rows: number;
  voids?: number;
  dead: number;
}

const CASES: Case[] = [
  { file: 'hukou/HJXX_CZRKJBXXB.csv', rows: 267, dead: 1, options: { ...csv, encoding: 'gb18030', columns: words('RYNBID RYID HHNBID XM CYM XB MZ CSRQ GMSFHM YHZGX HYZK WHCD JHRYXM JHRYGMSFHM FQGMSFHM MQGMSFHM DHHM RYZT SWRQ JLBZ CXBZ GXSJ') } },
  { file: 'hukou/HJXX_HXXB.csv', rows: 77, dead: 0, options: { ...csv, encoding: 'gb18030', columns: words('HHNBID HH HLX SSXQ XZJD JCWH JLX MLPH MLXZ HHZT JLBZ GXSJ') } },
  { file: 'residence-permit/LDRK_0001.xml', rows: 43, dead: 1, manifest: { kind: 'total', element: 'total' }, options: { format: 'xml-records', encoding: 'gbk', recordElement: 'result', rootElement: 'response', columns: words('LSH XM XB SFZH CSRQ MZ JZZH HJDZ XZZ FZXM FZDH LXDH YHZGX ZCS ZZSY DJRQ YXQX ZXBZ GXSJ') } },
  { file: 'family-planning/QYRK.DBF', rows: 141, dead: 0, options: { format: 'dbf', columns: [C('HBM', 18), C('RBM', 20), C('XM', 20), C('XB', 1), C('SFZH', 18), { name: 'CSRQ', type: 'D', width: 8 }, C('HKXZ', 1), C('YHZGX', 2), C('MZ', 2), C('HYZK', 2), C('POXM', 20), C('POSFZ', 18), { name: 'ZNS', type: 'N', width: 2, decimals: 0 }, C('LXDH', 20), C('DZ', 80)] } },
  { file: 'grid/persons.jsonl', rows: 222, dead: 1, options: { format: 'json-lines', columns: words('id tenantId gridCode ident name usedname sex birthday nation politics education marriage phone domicile domiciledetail residence residencedetail account accountidentity accountrelation uniformlogo flowRea isLow isDisabled isElderlyAlone delFlag updateTime') } },
  { file: 'corrections/T_JZRY.csv', rows: 4, dead: 2, options: { ...csv, encoding: 'utf-8', columns: words('ID RECTNUM XM SFZH XB CSRQ JZLB JZKSRQ JZJSRQ ZM SFTG XZZ LXDH TBBZ TBXX GXSJ') } },
  { file: 'social-assistance/BASEINFO_FAMILY.csv', rows: 11, dead: 0, options: { ...csv, encoding: 'gb18030', columns: words('FAMILY_ID FAMILY_NAME FAMILY_CARD_NO CARD_NO DOMICILE_CODE ADDRESS ASSISTANCE_TYPE BEGIN_DATE END_DATE ACCOUNT_NUMBER POPULATION UPDATE_TIME') } },
  { file: 'social-assistance/BASEINFO_PEOPLE.csv', rows: 26, dead: 1, options: { ...csv, encoding: 'gb18030', columns: words('PEOPLE_ID FAMILY_ID NAME ID_CARD SEX BIRTHDAY NATION RELATIONSHIP MARRIAGE DOMICILE_TYPE TEL_MOBILE PERSONAL_STATS_TAG DEATH_FLAG UPDATE_TIME') } },
  { file: 'disability/CJR_20260331.csv', rows: 9, dead: 0, manifest: { kind: 'companion', extension: '.OK', lines: ['count', 'sm3'] }, options: { ...csv, encoding: 'gbk', quoting: 'none', free: 'HKDZ', columns: words('CJZH XM SFZH XB CJLB CJDJ JHRXM JHRDH HKDZ ZT') } },
  { file: 'social-insurance/GRCB_20260331.txt', rows: 188, dead: 1, manifest: { kind: 'companion', extension: '.END', lines: ['count'] }, options: { format: 'delimited', encoding: 'gb18030', delimiter: '|', quoting: 'none', header: false, cutColumn: 'AAC003', cutBytes: 12, columns: words('AAC001 AAC002 AAC003 AAC004 AAC005 AAC006 AAC009 AAC010 AAE005 AAB001 AAB004 AAC008 AAE041') } },
  { file: 'public-health/EHR_0001.xml', rows: 207, dead: 0, options: { format: 'xml-records', encoding: 'utf-8', recordElement: 'ehr', rootElement: 'ehrList', columns: words('@archiveNo name idNo gender@code gender birth nation phone address divisionCode familyNo relation motherId orgName seniorService contracted status updateTime') } },
  { file: 'smart-community/users.jsonl', rows: 98, dead: 1, options: { format: 'json-lines', columns: words('userId mobile realName nickName idCard idVerified houseId address consents registeredAt updatedAt') } },
  { file: 'housing/V_FWCQ.csv', rows: 93, dead: 1, options: { ...csv, encoding: 'utf-8', columns: words('ID FWBM XQMC LDH DYH FJH DZ CQRXM CQRZJH MJ YT SQDM') } },
  { file: 'party-volunteer/党员志愿者花名册_202603.xlsx', rows: 18, voids: 3, dead: 0, options: { format: 'workbook', totalLabel: '合计', columns: words('编号 姓名 性别 身份证号 出生日期 民族 学历 入党时间 所在支部 联系电话 志愿时长(小时) 居住类型 现住址') } },
];

async function readAll(file: string, options: FormatOptions, manifest?: ManifestOptions): Promise<RawRow[]> {
  const folder = new URL(file.slice(0, file.indexOf('/') + 1), CITY);
  const beside = Object.fromEntries(readdirSync(folder).map((n) => [n, readFileSync(new URL(encodeURIComponent(n), folder))]));
  const name = file.slice(file.indexOf('/') + 1);
  const snapshot = memoryFile(name, beside[name]!, beside);
  if (manifest) await checkManifest([snapshot], manifest, options);
  const rows: RawRow[] = [];
  for await (const batch of readFormat(snapshot, options)) rows.push(...batch);
  return rows;
}

describe('the formats of the sample city', () => {
  it.each(CASES)('$file', async ({ file, options, manifest, rows, voids = 0, dead }) => {
    const read = await readAll(file, options, manifest);
    const count = (kind: RawRow['kind']): number => read.filter((r) => r.kind === kind).length;
    expect({ rows: count('row'), voids: count('void'), dead: count('dead') }).toEqual({ rows, voids, dead });
    expect(read.map((r) => r.position)).toEqual(read.map((_, i) => i + 1));
  });

  it('reads date serials as numbers and texts with an apostrophe as they are', async () => {
    const { file, options } = CASES.at(-1)!;
    const row = (await readAll(file, options)).flatMap((r) => (r.kind === 'row' && r.values['编号'] === 'DY017984832' ? [r.values] : []))[0]!;
    expect(row['出生日期']).toBe(28579);
    expect(row['身份证号']).toBe("'990121197803301818");
  });
});
