import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as soap from 'soap';
import { startPublicHealth } from './public-health-simulator.js';
import { startResidencePermit } from './residence-permit-simulator.js';
import type { Simulator, SimulatorContext } from './simulator.js';
import { respelt } from './soap-echo.js';

/** The services as a client of another library meets them: by their WSDL. */
const CITY = path.resolve(import.meta.dirname, '../../../test/fixtures/sample-city');
let dir: string;
const left: { file: string; line: number }[] = [];
const context = (name: string, cityDir = CITY): SimulatorContext => {
  mkdirSync(path.join(dir, name), { recursive: true });
  return { cityDir, hubUrl: '', databaseUrl: '', dir: path.join(dir, name), secret: (s) => s.toLowerCase(), log: (event, details) => void (event === 'row-left-out' && left.push(details as never)) };
};
type Call = (args: object) => Promise<[Record<string, unknown>, string]>;
const client = async (simulator: Simulator, url: string, options: object = {}): Promise<Record<string, Call>> => {
  const made = await soap.createClientAsync(`${simulator.environment[url]!}?wsdl`, options);
  return made as unknown as Record<string, Call>;
};
beforeAll(() => void (dir = mkdtempSync(path.join(os.tmpdir(), 'yici-soap-'))));
afterAll(() => rmSync(dir, { recursive: true }));

describe('the permit office', () => {
  let office: Simulator;
  let call: Record<string, Call>;
  beforeAll(async () => {
    office = await startResidencePermit(context('permits'));
    call = await client(office, 'YICI_RESIDENCE_PERMIT_URL');
  });
  afterAll(() => office.stop());
  afterEach(() => office.faults.clear());

  const head = (token = 'yici_residence_permit_token', ref = '') => `<head><user>yici_residence_permit_user</user><token>${token}</token><ref>${ref}</ref></head>`;
  const query = async (condition: string, token?: string): Promise<string> => (await call['QueryLdrkAsync']!({ in0: `<request>${head(token)}<condition>${condition}</condition></request>` }))[0]['out'] as string;
  const update = async (ldrk: string, ref = ''): Promise<string> => (await call['UpdateLdrkAsync']!({ in0: `<request>${head(undefined, ref)}<ldrk>${ldrk}</ldrk></request>` }))[0]['out'] as string;
  const codeOf = (answer: string) => /<resultCode>(\d\d)/.exec(answer)?.[1];
  const keyOf = (answer: string) => /<LSH>([^<]*)/.exec(answer)?.[1];

  it('gives out its rows by time, page by page, with the total', async () => {
    const first = await query('<gxsjFrom/><pageNo>1</pageNo><pageSize>30</pageSize>');
    const second = await query('<gxsjFrom/><pageNo>2</pageNo><pageSize>30</pageSize>');
    expect([codeOf(first), /<total>(\d+)/.exec(first)?.[1]]).toEqual(['00', '44']);
    const times = [...`${first}${second}`.matchAll(/<GXSJ>(\d*)/g)].map((m) => m[1]!);
    expect(times).toEqual([...times].sort());
    expect([...`${first}${second}`.matchAll(/<result>/g)].length).toBe(44);
    const since = await query(`<gxsjFrom>${times.at(-2)!}</gxsjFrom><pageNo>1</pageNo><pageSize>30</pageSize>`);
    expect([...since.matchAll(/<result>/g)].length).toBe(2);
  });

  it('refuses a wrong token, a bad page, a bad time, no request, and is busy when told', async () => {
    expect(codeOf(await query('<pageNo>1</pageNo><pageSize>1</pageSize>', 'x'))).toBe('02');
    expect(codeOf(await query('<pageNo>0</pageNo><pageSize>1</pageSize>'))).toBe('01');
    expect(codeOf(await query('<gxsjFrom>soon</gxsjFrom><pageNo>1</pageNo><pageSize>1</pageSize>'))).toBe('01');
    expect(codeOf((await call['QueryLdrkAsync']!({ in0: '<request' }))[0]['out'] as string)).toBe('01');
    office.faults.fail({ kind: 'busy' }, 1);
    expect(codeOf(await query('<pageNo>1</pageNo><pageSize>1</pageSize>'))).toBe('99');
  });

  it('registers an arrival once for each ref, and knows it after a restart', async () => {
    const arrival = '<LSH/><XM>王五</XM><SFZH>990101196203150315</SFZH><XZZ>幸福家园3幢101室</XZZ>';
    const key = keyOf(await update(arrival, 'p-1'))!;
    expect(key).toMatch(/^LD\d{9}$/);
    expect(keyOf(await update(arrival, 'p-1'))).toBe(key);
    expect(keyOf(await update(arrival, 'p-2'))).not.toBe(key);
    const before = await office.record(key);
    await office.stop();
    office = await startResidencePermit(context('permits'));
    call = await client(office, 'YICI_RESIDENCE_PERMIT_URL');
    expect(await office.record(key)).toEqual(before);
    expect(keyOf(await update(arrival, 'p-1'))).toBe(key);
    // Nothing changed, so its time did not move.
    expect(await office.record(key)).toEqual(before);
  });

  it.each([
    ['an unknown LSH', '<LSH>LD000000000</LSH><XZZ>a</XZZ>', /01.*LSH/],
    ['a column of its own', '<LSH>?</LSH><YXQX>20990101</YXQX>', /01.*YXQX/],
    ['a text wider than the column', `<LSH>?</LSH><XZZ>${'好'.repeat(101)}</XZZ>`, /01.*XZZ/],
    ['an arrival without an address', '<LSH/><XM>王五</XM><SFZH/>', /01.*XZZ/],
  ])('refuses %s', async (_, ldrk, expected) => {
    const [key] = await office.keys();
    expect(await update(ldrk.replace('?', key!), 'p-9')).toMatch(expected);
  });

  it('keeps what it does not carry out of its answers and names it in the log', async () => {
    const city = path.join(dir, 'spoilt');
    cpSync(path.join(CITY, 'residence-permit'), path.join(city, 'residence-permit'), { recursive: true });
    const file = path.join(city, 'residence-permit/LDRK_0001.xml');
    const bytes = readFileSync(file);
    // The first byte of somebody's name becomes one that starts no character.
    bytes[bytes.indexOf('<XM>') + 4] = 0xff;
    writeFileSync(file, bytes);
    left.length = 0;
    const spoilt = await startResidencePermit(context('spoilt-state', city));
    expect(left).toEqual([{ file: 'LDRK_0001.xml', line: 3 }]);
    expect((await spoilt.keys()).length).toBe((await office.keys()).length - 1 - 2);
    await spoilt.stop();
  });
});

describe('the health stations', () => {
  let stations: Simulator;
  beforeAll(async () => {
    stations = await startPublicHealth(context('files'));
  });
  afterAll(() => stations.stop());

  const security = () => new soap.WSSecurity('yici_public_health_user', 'yici_public_health_password', { passwordType: 'PasswordDigest', hasTimeStamp: false });
  const signed = async (): Promise<Record<string, Call> & { setSecurity(s: unknown): void; lastRequest?: string }> => {
    const made = await soap.createClientAsync(`${stations.environment['YICI_PUBLIC_HEALTH_URL']!}?wsdl`, { forceSoap12Headers: true });
    made.setSecurity(security());
    return made as never;
  };

  it('gives out typed files and takes one', async () => {
    const call = await signed();
    const [{ return: page }] = (await call['queryArchiveAsync']!({ updatedFrom: '', page: 1, size: 10 })) as unknown as [{ return: { code: string; total: number; ehrList: { ehr: { attributes: { archiveNo: string }; gender: { attributes: { code: string } } }[] } } }];
    expect([page.code, Number(page.total), page.ehrList.ehr.length]).toEqual(['0', 207, 10]);
    const { archiveNo } = page.ehrList.ehr[0]!.attributes;
    const [{ return: done }] = (await call['updateArchiveAsync']!({ ehr: { attributes: { archiveNo }, phone: '13800000009' } })) as unknown as [{ return: { code: string; archiveNo: string } }];
    expect([done.code, done.archiveNo]).toEqual(['0', archiveNo]);
    expect(await stations.record(archiveNo)).toMatchObject({ phone: '13800000009' });
    const [{ return: refused }] = (await call['updateArchiveAsync']!({ ehr: { attributes: { archiveNo }, birth: 'soon' } })) as unknown as [{ return: { code: string; message: string } }];
    expect([refused.code, refused.message]).toEqual(['1', 'bad field birth']);
  });

  it('refuses a message that comes twice, one of yesterday, a wrong password and none', async () => {
    const call = await signed();
    await call['queryArchiveAsync']!({ updatedFrom: '', page: 1, size: 1 });
    const post = async (body: string): Promise<string> => (await fetch(stations.environment['YICI_PUBLIC_HEALTH_URL']!, { method: 'POST', body, headers: { 'content-type': 'application/soap+xml; charset=utf-8' } })).text();
    expect(await post(call.lastRequest!.replace(/^<soap:Envelope/, '<?xml version="1.0"?><soap:Envelope'))).toContain('nonce was used before');
    expect(await post(call.lastRequest!.replace(/<wsu:Created>[^<]*/, '<wsu:Created>2026-01-01T00:00:00Z'))).toContain('too old');
    expect(await post(call.lastRequest!.replace(/<wsse:Security.*<\/wsse:Security>/, ''))).toContain('UsernameToken is expected');
    const stranger = await signed();
    stranger.setSecurity(new soap.WSSecurity('yici_public_health_user', 'guess', { passwordType: 'PasswordDigest', hasTimeStamp: false }));
    await expect(stranger['queryArchiveAsync']!({ updatedFrom: '', page: 1, size: 1 })).rejects.toThrow(/wrong|Authentication/);
  });
});

it('an echo is respelt and cut the system\'s own way', () => {
  expect(respelt({ XM: '张伟', ID: '99010119620315031X', T: '13800000001', A: '幸福家园3幢301室', O: 'x' }, { XM: 'name', ID: 'citizenId', T: 'phone', A: 'address' }))
    .toEqual({ XM: '张\u3000伟', ID: '99010119620315031x', T: '+86 138 0000 0001', A: '幸福家园３#３０１', O: 'x' });
  expect(respelt({ XM: '买买提·艾力·阿不都' }, { XM: 'name' })).toEqual({ XM: '买买提·艾力' });
});
