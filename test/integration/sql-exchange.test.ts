import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { SqlExchangeSource } from '#libs/connector-sdk/protocols/sql-exchange';
import { openSqlSource } from '#libs/connector-sdk/protocols/sql-source';
import { systemClock } from '#libs/kernel/clock';
import type { AnySourceRecord } from '#libs/model/source-record';
import { Divisions } from '#libs/values/divisions';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const hukou = loadConnector(path.resolve(import.meta.dirname, '../../connectors/hukou'));
const live = hukou.manifest.live[0] as SqlExchangeSpec;
const [PERSONS, HOUSEHOLDS] = ['HJXX_CZRKJBXXB', 'HJXX_HXXB'] as const;
const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');

let db: TestDatabase;
let owner: pg.Client;

beforeAll(async () => {
  db = await createTestDatabase();
  owner = new pg.Client({ connectionString: db.ownerUrl });
  await owner.connect();
  const columns = (t: number, number: string): string => hukou.manifest.snapshot.tables[t]!.read.columns.map((c) => `"${String(c)}" ${c === number ? 'bigint primary key' : 'text'}`).join(', ');
  await owner.query(`create schema hukou; create table hukou."${PERSONS}" (${columns(0, 'RYNBID')}); create table hukou."${HOUSEHOLDS}" (${columns(1, '')})`);
});
afterAll(async () => {
  await Promise.all(opened.map((r) => r.close()));
  await owner.end();
  await db.drop();
});
beforeEach(() => owner.query(`truncate hukou."${PERSONS}", hukou."${HOUSEHOLDS}"`));

async function insert(table: string, row: Record<string, string | number>): Promise<void> {
  const names = Object.keys(row).map((c) => `"${c}"`).join(', ');
  await owner.query(`insert into hukou."${table}" (${names}) values (${Object.keys(row).map((_, i) => `$${i + 1}`).join(', ')})`, Object.values(row));
}
const person = (version: number, key: string, more: Record<string, string> = {}) =>
  insert(PERSONS, { RYNBID: version, RYID: key, HHNBID: 'H1', XM: '张伟强', RYZT: '0', JLBZ: '1', CXBZ: '0', GXSJ: '20240512103000', ...more });
const household = (time: string, rest: string) =>
  insert(HOUSEHOLDS, { HHNBID: 'H1', HH: '1', HLX: '1', SSXQ: '990101', JLX: '牡丹大道', MLPH: '251号', MLXZ: rest, HHZT: '0', JLBZ: '1', GXSJ: time });

const opened: SqlExchangeSource[] = [];
const reader = (): SqlExchangeSource => {
  const made = new SqlExchangeSource(hukou, live, { secret: (name) => (name === live.urlSecret ? db.ownerUrl : undefined), divisions, clock: systemClock });
  opened.push(made);
  return made;
};

/** `marks` by table. */
async function poll(r: SqlExchangeSource, marks: Map<string, string>): Promise<AnySourceRecord[]> {
  const records: AnySourceRecord[] = [];
  for await (const batch of r.poll(new Map([...marks].map(([table, watermark]) => [`sql:${table}`, { watermark }])))) {
    for (const row of batch.rows) if (row.kind === 'accepted') records.push(...row.records);
    marks.set(batch.channel.slice('sql:'.length), String(batch.mark!['watermark']));
  }
  return records;
}
const keys = (records: AnySourceRecord[]): string[] => records.map((r) => `${r.recordType} ${r.naturalKey} ${r.order.split('|')[0]}`);

describe('polling exchange tables', () => {
  it('reads everything once, over many pages', async () => {
    await household('20210303082824', '机械厂新村3幢1单元301室');
    await owner.query(`insert into hukou."${PERSONS}" ("RYNBID", "RYID", "HHNBID", "XM", "RYZT", "JLBZ", "CXBZ") select n, 'R' || n, 'H1', '张伟强', '0', '1', '0' from generate_series(1, 1203) n`);
    const r = reader();
    const marks = new Map<string, string>();
    const records = await poll(r, marks);
    expect(records.filter((x) => x.recordType === 'person')).toHaveLength(1203);
    expect(records.find((x) => x.naturalKey === 'R7')).toMatchObject({ body: { registeredAddress: { building: '3', room: '301' } } });
    expect(marks).toEqual(new Map([[HOUSEHOLDS, '20210303082824'], [PERSONS, '1203']]));
    expect(await poll(r, marks)).toEqual([]);
  });

  it('finds a row that committed late, below the watermark', async () => {
    const r = reader();
    const marks = new Map<string, string>();
    await person(600, 'A');
    await poll(r, marks);
    await person(590, 'B');
    expect(keys(await poll(r, marks))).toEqual(['person B 000000000590']);
    expect(marks.get(PERSONS)).toBe('600');
    await person(601, 'A', { XM: '张大强' });
    expect(keys(await poll(r, marks))).toEqual(['person A 000000000601']);
  });

  it('after a restart reads its window again and nothing before it', async () => {
    await person(10, 'old');
    await person(800, 'window');
    const marks = new Map([[PERSONS, '900']]);
    expect(keys(await poll(reader(), marks))).toEqual(['person window 000000000800']);
  });

  it('does not take a batch that the caller did not finish', async () => {
    await person(1, 'A');
    const r = reader();
    for await (const batch of r.poll(new Map())) {
      expect(batch.rows).toHaveLength(1);
      break;
    }
    expect(keys(await poll(r, new Map()))).toEqual(['person A 000000000001']);
  });

  it('hands out the persons of a household whose address changed, as newer versions', async () => {
    await household('20210303082824', '机械厂新村3幢1单元301室');
    await person(1, 'A');
    const r = reader();
    const marks = new Map<string, string>();
    const [before] = (await poll(r, marks)).filter((x) => x.recordType === 'person');
    await household('20260301000000', '机械厂新村5幢2单元402室');
    const after = await poll(r, marks);
    expect(after.map((x) => x.recordType)).toEqual(['household', 'person']);
    expect(after[1]).toMatchObject({ naturalKey: 'A', body: { registeredAddress: { building: '5', unit: '2', room: '402' } } });
    expect(after[1]!.order > before!.order).toBe(true);
  });

  it('calls a missing column drift, an unreachable server retriable, a foreign host forbidden', async () => {
    await owner.query(`alter table hukou."${PERSONS}" rename column "GMSFHM" to "SFZH"`);
    await expect(poll(reader(), new Map())).rejects.toMatchObject({ code: 'YICI_SNAPSHOT_SCHEMA_DRIFT', retriable: false });
    await owner.query(`alter table hukou."${PERSONS}" rename column "SFZH" to "GMSFHM"`);
    const at = { schema: 'hukou', allowedHosts: ['127.0.0.1'], as: 'source' as const };
    await expect(openSqlSource({ url: 'postgres://x:y@127.0.0.1/none?host=example.org', ...at })).rejects.toMatchObject({ code: 'YICI_URL_UNREADABLE' });
    await expect(openSqlSource({ url: 'oracle://x:y@127.0.0.1/none', ...at })).rejects.toMatchObject({ code: 'YICI_DRIVER_MISSING', message: expect.stringContaining('npm install --save-exact oracledb') });
    await expect(openSqlSource({ url: 'mssql://x:y@127.0.0.1/none', ...at })).rejects.toMatchObject({ code: 'YICI_DRIVER_MISSING', message: expect.stringContaining('npm install --save-exact mssql') });
    await expect(openSqlSource({ url: 'postgres://x:y@127.0.0.1:1/none', ...at })).rejects.toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
    await expect(openSqlSource({ url: 'postgres://x:y@example.org/none', ...at })).rejects.toMatchObject({ code: 'YICI_HOST_NOT_ALLOWED' });
  });
});
