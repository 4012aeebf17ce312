import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { request } from 'undici';
import readXlsxFile from 'read-excel-file/node';
import { AccountStore, type NewAccount } from '#libs/access/account-store';
import { systemClock } from '#libs/kernel/clock';
import type { AnySourceRecord } from '#libs/model/source-record';
import { projectRoot } from '#libs/platform/project-root';
import { recordRef } from '#libs/store/source-record-codec';
import { startPartyVolunteer } from '#libs/synthetic/simulators/party-volunteer-simulator';
import type { Simulator, StartSimulator } from '#libs/synthetic/simulators/simulator';
import { caller } from '#test/support/http-hub';
import { essence, liveHub, type LiveHub } from '#test/support/live-hub';
import { until } from '#test/support/until';

jest.setTimeout(180_000);

const SYSTEM = 'party-volunteer';
const PASSWORD = 'a password for a test';
const start: StartSimulator = (context) => startPartyVolunteer({ ...context, secret: () => `office:${PASSWORD}` });
const UPLOAD = `/intake/${SYSTEM}/files/${encodeURIComponent('党员志愿者花名册_202603.xlsx')}`;
const ROSTER = readFileSync(path.join(projectRoot(), `test/fixtures/sample-city/${SYSTEM}/党员志愿者花名册_202603.xlsx`));

let live: LiveHub<{ [SYSTEM]: StartSimulator }>;
let office: Simulator;
const tokens = new Map<string, string>();

const deliveries = () => live.db.pool.query<{ id: string; state: string }>(`select id, state from delivery where target = $1 and state <> 'notShared' order by id`, [SYSTEM]).then((r) => r.rows);
async function account(username: string, more: Partial<NewAccount>): Promise<void> {
  await new AccountStore(live.db.dataSource, systemClock).create({ username, displayName: username, role: 'worker', communities: [], facetScopes: [], password: PASSWORD, ...more });
  tokens.set(username, (await caller(live.hub.url)('POST', '/login', { body: { username, password: PASSWORD, bearer: true } })).body.token);
}
async function call(username: string, method: 'PUT' | 'GET' | 'HEAD', address: string, body?: Buffer) {
  const answer = await request(live.hub.url + address, { method, headers: { authorization: `Bearer ${tokens.get(username)!}` }, ...(body && { body }) });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  let json: { code?: string; read?: number; [k: string]: unknown } = {};
  try {
    json = JSON.parse(bytes.toString('utf8')) as typeof json;
  } catch {
    // A workbook.
  }
  return { status: answer.statusCode, headers: answer.headers, bytes, json };
}

beforeAll(async () => {
  live = await liveHub({ simulators: { [SYSTEM]: start }, snapshots: ['grid'] });
  office = live.simulators[SYSTEM];
  await account('office', { facetScopes: ['party'] });
  await account('outsider', {});
  await account('local', { facetScopes: ['party'], communities: ['990101001001'] });
  await account('chief', { role: 'admin' });
  await account('reviewer', { role: 'auditor' });
  await account('inspector', { role: 'auditor', facetScopes: ['party'] });
}, 120_000);
afterAll(() => live.close(), 60_000);

describe('the roster', () => {
  it('uploaded by its office gives the very records of the snapshot, and their dead letters', async () => {
    const sent = await call('office', 'PUT', UPLOAD, ROSTER);
    expect(sent).toMatchObject({ status: 200, json: { read: 21, dead: 3, void: 3 } });
    const { records, dead } = await live.arrived(SYSTEM);
    expect(essence(await live.records(SYSTEM))).toEqual(essence(records));
    expect(await live.letters(SYSTEM)).toEqual(dead);
    expect(await live.state(SYSTEM)).toEqual({ state: 'running', code: null });
  });

  it('is taken from nobody else: they get the answer of a system without uploads', async () => {
    for (const username of ['outsider', 'local', 'chief']) {
      const here = await call(username, 'PUT', UPLOAD, ROSTER);
      const nowhere = await call(username, 'PUT', '/intake/no-such-system/files/a.xlsx', ROSTER);
      expect([here.status, here.json]).toEqual([404, nowhere.json]);
      const download = await call(username, 'GET', `/deliveries/${SYSTEM}/workbook`);
      expect([download.status, download.json]).toEqual([404, (await call(username, 'GET', '/deliveries/no-such-system/workbook')).json]);
    }
  });

  it('is refused where it is no roster, each time with a reason', async () => {
    const put = (name: string, body: Buffer) => call('office', 'PUT', `/intake/${SYSTEM}/files/${encodeURIComponent(name)}`, body);
    expect(await put('党员志愿者花名册_202603.xls', ROSTER)).toMatchObject({ status: 415, json: { code: 'YICI_UPLOAD_LEGACY_XLS', fix: expect.stringContaining('.xlsx') } });
    expect(await put('../党员志愿者花名册_202603.xlsx', ROSTER)).toMatchObject({ status: 400, json: { code: 'YICI_UPLOAD_NAME' } });
    expect(await put('党员志愿者花名册_202603.xlsm', ROSTER)).toMatchObject({ status: 400 });
    expect(await put('党员志愿者花名册_202604.xlsx', Buffer.from('d0cf11e0a1b11ae1', 'hex'))).toMatchObject({ status: 422, json: { code: 'YICI_FILE_UNREADABLE' } });
    expect(await live.state(SYSTEM)).toEqual({ state: 'stopped', code: 'YICI_FILE_UNREADABLE' });
    expect(await put('党员志愿者花名册_202604.xlsx', ROSTER)).toMatchObject({ status: 200 });
    expect(await live.state(SYSTEM)).toEqual({ state: 'running', code: null });
  });

  it('of a hundred megabytes is refused while memory stays flat', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const answer = await request(live.hub.url + UPLOAD, {
      method: 'PUT', headers: { authorization: `Bearer ${tokens.get('office')!}` },
      body: Readable.from((function* () {
        for (let i = 0; i < 1600; i++) yield Buffer.alloc(64 * 1024, 0x61);
      })()),
    });
    expect(answer.statusCode).toBe(413);
    await answer.body.dump();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('corrections', () => {
  it('wait, marked in a workbook of the same layout, are picked up by its download alone, and confirmed by the next upload', async () => {
    await until(() => live.db.pool.query(`select 1 from snapshot_file where system = 'grid' and state = 'read'`), (done) => done.rowCount === 1);
    await live.drained();
    await live.connect(SYSTEM);
    await until(deliveries, (all) => all.every((d) => d.state !== 'waiting'));
    const first = await call('office', 'GET', `/deliveries/${SYSTEM}/workbook`);
    if (first.status === 200) await office.publish();
    const records = [...(await live.records(SYSTEM)).values()].filter((r) => r.recordType === 'person' && r.test !== true && r.body.citizenId?.status === 'valid');
    // Somebody whom the grid knows as well: who is known to the office alone is seen by nobody outside it.
    const ref = (r: AnySourceRecord) => recordRef(live.hub.parts.store.sealing, `${SYSTEM}:person:${r.naturalKey}`);
    const { entity, found } = (await live.db.pool.query<{ entity: string; found: Buffer }>(
      `select c.entity_id as entity, s.record_ref as found from crosswalk c join source_record s on s.id = c.record_id where s.record_ref = any($1::bytea[])
         and exists (select from crosswalk o join source_record g on g.id = o.record_id where o.entity_id = c.entity_id and g.system = 'grid') order by s.id limit 1`,
      [records.map(ref)])).rows[0]!;
    const own = records.find((r) => ref(r).equals(found))!;
    const known = (await deliveries()).length;
    await live.enter(entity, { kind: 'phone', phone: '13900000077' });
    await until(deliveries, (all) => all.length > known && all.at(-1)!.state === 'written');
    expect((await call('office', 'HEAD', `/deliveries/${SYSTEM}/workbook`)).status).toBe(405);
    expect((await deliveries()).at(-1)!.state).toBe('written');

    const download = await call('office', 'GET', `/deliveries/${SYSTEM}/workbook`);
    expect(download.status).toBe(200);
    expect((await deliveries()).at(-1)!.state).toBe('pickedUp');
    const about = async (username: string) => (await call(username, 'GET', `/audit?subject=${entity}&limit=200`)).json['items'] as { action: string; detail?: object }[];
    expect((await about('inspector')).map((r) => r.action)).toContain('workbook.download');
    expect((await about('reviewer')).map((r) => r.action)).not.toContain('workbook.download');
    const all = (await call('reviewer', 'GET', '/audit?limit=200')).json['items'] as { action: string }[];
    expect(all.filter((r) => r.action === 'workbook.download' && 'subject' in r)).toEqual([]);
    expect(all.find((r) => r.action === 'workbook.download')).toMatchObject({ detail: { withheld: true } });
    const sheets = await readXlsxFile(download.bytes);
    const { data } = sheets.find(({ data: rows }) => rows.some((r) => r[0] === own.naturalKey))!;
    expect(data[0]![0]).toContain('黄底＝本平台更正');
    expect(data[1]).toEqual(['编号', '姓名', '性别', '身份证号', '出生日期', '民族', '学历', '入党时间', '所在支部', '联系电话', '志愿时长(小时)', '居住类型', '现住址']);
    const row = data.find((r) => r[0] === own.naturalKey)!;
    expect(row[9]).toBe('13900000077');
    expect([row[2], row[3], row[7]]).toEqual([null, null, null]);

    expect((await call('office', 'GET', `/deliveries/${SYSTEM}/workbook`)).status).toBe(204);
    const again = await call('office', 'GET', `/deliveries/${SYSTEM}/workbook?again=${String(download.headers['x-yici-download'])}`);
    expect(await readXlsxFile(again.bytes)).toEqual(sheets);
    await (office as unknown as { download(again: string): Promise<number> }).download('last');
    expect(await office.record(own.naturalKey)).toMatchObject({ 联系电话: '13900000077' });
    await office.publish();
    await until(deliveries, (all) => all.at(-1)!.state === 'confirmed');
  });
});
