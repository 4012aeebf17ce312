import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import pg from 'pg';
import { HukouSimulator } from '#libs/synthetic/simulators/hukou-simulator';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const city = path.resolve(import.meta.dirname, '../fixtures/sample-city');
const folder = mkdtempSync(path.join(tmpdir(), 'yici-tickets-'));
const PERSON = '99010238337776';

let db: TestDatabase;
let hukou: HukouSimulator;
let hub: pg.Client;
const leftOut: object[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  hukou = await HukouSimulator.start({ cityDir: city, postgresUrl: db.ownerUrl, ticketFolder: folder, ticketEveryMs: 60_000, log: (event, details) => { if (event === 'row-left-out') leftOut.push(details); } });
  hub = new pg.Client({ connectionString: db.ownerUrl });
  await hub.connect();
});
afterAll(async () => {
  await hub.end();
  await hukou.stop();
  await db.drop();
  rmSync(folder, { recursive: true, force: true });
});

const versions = async (key: string): Promise<{ RYNBID: string; JLBZ: string; DHHM: string }[]> =>
  (await hub.query<{ RYNBID: string; JLBZ: string; DHHM: string }>('select "RYNBID", "JLBZ", "DHHM" from hukou."HJXX_CZRKJBXXB" where "RYID" = $1 order by "RYNBID"', [key])).rows;

describe('the register simulator', () => {
  it('holds the snapshot, and leaves out and names what SQL cannot carry', async () => {
    const counts = await hub.query<{ p: string; h: string }>('select (select count(*) from hukou."HJXX_CZRKJBXXB") p, (select count(*) from hukou."HJXX_HXXB") h');
    // 345 rows in both files, one of them malformed.
    expect(Number(counts.rows[0]!.p) + Number(counts.rows[0]!.h)).toBe(344);
    expect(leftOut).toHaveLength(1);
    expect((await hukou.person(PERSON))?.['XM']).toBe('罗宇航');
  });

  it('keeps history: a change is a new row version', async () => {
    const before = await versions(PERSON);
    const rowVersion = await hukou.change(PERSON, { DHHM: '13800000001' });
    const after = await versions(PERSON);
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)).toEqual({ RYNBID: String(rowVersion), JLBZ: '1', DHHM: '13800000001' });
    expect(after.filter((v) => v.JLBZ === '1')).toHaveLength(1);
    await expect(hukou.change('none', {})).rejects.toThrow('no person');
  });

  it('may commit row versions out of order', async () => {
    const other = (await hub.query<{ RYID: string }>('select "RYID" from hukou."HJXX_CZRKJBXXB" where "RYID" <> $1 and "JLBZ" = \'1\' limit 1', [PERSON])).rows[0]!.RYID;
    const slow = await hukou.begin(PERSON, { DHHM: '13800000002' });
    const quick = await hukou.change(other, { DHHM: '13800000003' });
    expect(quick).toBeGreaterThan(slow.rowVersion);
    expect((await versions(PERSON)).some((v) => v.RYNBID === String(slow.rowVersion))).toBe(false);
    await slow.commit();
    expect((await versions(PERSON)).at(-1)?.RYNBID).toBe(String(slow.rowVersion));
  });

  it('moves a household and adds a person', async () => {
    const { HHNBID } = (await hukou.person(PERSON))!;
    await hukou.changeHousehold(HHNBID!, { MLXZ: '枫丹苑1-402' });
    await hukou.changeHousehold(HHNBID!, { MLXZ: '枫丹苑1-403' });
    expect(await hukou.household(HHNBID!)).toMatchObject({ MLXZ: '枫丹苑1-403', JLBZ: '1' });
    await hukou.add({ RYID: '99010900000001', HHNBID: HHNBID!, XM: '罗新生', XB: '1', MZ: '01', CSRQ: '20260301' });
    expect(await hukou.person('99010900000001')).toMatchObject({ XM: '罗新生', RYZT: '0', JLBZ: '1' });
  });

  it('takes ticket files away and leaves what is none', () => {
    const ticket = (name: string, text: string): void => writeFileSync(path.join(folder, name), iconv.encode(text, 'gb18030'));
    ticket('GD_20260401103000123_001.csv', 'GDBH,GDLX,GMSFHM,XM,SM\r\nT1,03,990101196203150315,张伟强,"现住枫丹苑, 1-402"\r\n');
    ticket('GD_20260401103000123_002.csv', 'GDBH,GDLX,GMSFHM,XM,SM\r\nT2,09,,,\r\n');
    ticket('other.csv', 'GDBH\r\n');
    expect(hukou.takeTickets()).toBe(1);
    expect(hukou.tickets).toEqual([expect.objectContaining({ GDBH: 'T1', GDLX: '03', XM: '张伟强', SM: '现住枫丹苑, 1-402' })]);
    expect([...hukou.refusedFiles.keys()]).toEqual(['GD_20260401103000123_002.csv', 'other.csv']);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(existsSync(path.join(folder, 'GD_20260401103000123_001.csv'))).toBe(false);
  });

  it('keeps its state over a restart', async () => {
    await hukou.stop();
    hukou = await HukouSimulator.start({ cityDir: city, postgresUrl: db.ownerUrl, ticketFolder: folder });
    expect((await hukou.person(PERSON))?.['DHHM']).toBe('13800000002');
  });
});
