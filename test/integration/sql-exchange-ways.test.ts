import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import type { LiveBatch, LiveMark } from '#libs/connector-sdk/live-source';
import { SqlExchangeSource } from '#libs/connector-sdk/protocols/sql-exchange';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { FixedClock } from '#libs/kernel/clock';
import type { DwellingBody } from '#libs/model/bodies';
import { projectRoot } from '#libs/platform/project-root';
import { Divisions } from '#libs/values/divisions';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

jest.setTimeout(120_000);

const divisions = Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n');
const clock = new FixedClock(Date.parse('2026-07-01T08:00:00+08:00'));

let db: TestDatabase;
let owner: pg.Client;
const opened: SqlExchangeSource[] = [];

const source = (system: string, held: () => ReadonlySet<number> | undefined = () => new Set()): SqlExchangeSource => {
  const connector = loadConnector(path.join(projectRoot(), 'connectors', system));
  const made = new SqlExchangeSource(connector, connector.manifest.live[0] as SqlExchangeSpec, { secret: (name) => (name.endsWith('_URL') ? db.ownerUrl : undefined), divisions, clock, heldRows: () => Promise.resolve(held()) });
  opened.push(made);
  return made;
};
const marks = new Map<string, LiveMark>();
/** One reading, taken as the hub takes it: rows durable, then the mark, then the flag. */
async function poll(from: SqlExchangeSource, between: (batch: LiveBatch) => Promise<void> = () => Promise.resolve()): Promise<LiveBatch[]> {
  const batches: LiveBatch[] = [];
  for await (const batch of from.poll(marks)) {
    batches.push(batch);
    await between(batch);
    if (batch.mark !== undefined) marks.set(batch.channel, batch.mark);
    await batch.taken?.();
  }
  return batches;
}
const keys = (batches: readonly LiveBatch[]): string[] => batches.flatMap((b) => b.rows.flatMap((r) => (r.kind === 'accepted' ? r.records.map((x) => x.naturalKey) : [r.kind])));
const columnsOf = (system: string, table: number): string[] => loadConnector(path.join(projectRoot(), 'connectors', system)).manifest.snapshot.tables[table]!.read.columns.map(String);

beforeAll(async () => {
  db = await createTestDatabase();
  owner = new pg.Client({ connectionString: db.ownerUrl });
  await owner.connect();
  const table = async (schema: string, name: string, columns: string[]): Promise<void> => {
    await owner.query(`create schema if not exists ${schema}; create table ${schema}."${name}" (${columns.map((c) => `"${c}" ${c === 'ID' ? 'bigint primary key' : 'text'}`).join(', ')})`);
  };
  await table('corrections', 'T_JZRY', columnsOf('corrections', 0));
  await table('social_assistance', 'BASEINFO_FAMILY', columnsOf('social-assistance', 0));
  await table('social_assistance', 'BASEINFO_PEOPLE', columnsOf('social-assistance', 1));
  await table('housing', 'V_FWCQ', columnsOf('housing', 0));
});
beforeEach(() => marks.clear());
afterAll(async () => {
  await Promise.all(opened.map((s) => s.close()));
  await owner.end();
  await db.drop();
});

describe('by a flag', () => {
  const flagsOf = async (): Promise<unknown[]> => (await owner.query('select "RECTNUM", "TBBZ" from corrections."T_JZRY" order by "ID"')).rows.map((r: { RECTNUM: string; TBBZ: string }) => `${r.RECTNUM} ${r.TBBZ}`);

  it('reads all at first, then what is new; a row that changes between reading and setting stays new', async () => {
    await owner.query(`insert into corrections."T_JZRY" ("ID", "RECTNUM", "XM", "TBBZ", "GXSJ") values (1, 'K1', '张一', '0', '2026-01-01 00:00:00'), (2, 'K2', '张二', '1', '2026-01-01 00:00:00'), (3, 'K3', '张三', '9', '2026-01-01 00:00:00')`);
    const from = source('corrections');
    expect(keys(await poll(from))).toEqual(['K1', 'K2', 'K3']);
    expect(await flagsOf()).toEqual(['K1 1', 'K2 1', 'K3 9']);
    expect(keys(await poll(from))).toEqual([]);
    await owner.query(`update corrections."T_JZRY" set "TBBZ" = '0', "LXDH" = '1' where "ID" in (1, 2)`);
    // The same second, the same flag: only the content tells that it is another version.
    expect(keys(await poll(from, async () => void await owner.query(`update corrections."T_JZRY" set "LXDH" = '2' where "ID" = 1 and "LXDH" = '1'`)))).toEqual(['K1', 'K2']);
    expect(await flagsOf()).toEqual(['K1 0', 'K2 1', 'K3 9']);
    expect(keys(await poll(from))).toEqual(['K1']);
    expect(await flagsOf()).toEqual(['K1 1', 'K2 1', 'K3 9']);
  });

  it('a kill before the flag is set offers the same rows again, as the same rows', async () => {
    await owner.query(`update corrections."T_JZRY" set "TBBZ" = '0' where "ID" = 2`);
    marks.set('sql:T_JZRY', { connected: true });
    const positions = async (): Promise<number[]> => {
      for await (const batch of source('corrections').poll(marks)) return batch.rows.map((r) => r.position);
      return [];
    };
    expect(await positions()).toEqual(await positions());
    const first = await positions();
    await owner.query(`update corrections."T_JZRY" set "TBBZ" = '1' where "ID" = 2`);
    const all: number[] = [];
    for await (const rows of source('corrections').readAll()) all.push(...rows.map((r) => r.position));
    expect(all).toEqual(expect.arrayContaining(first));
  });

  it('reads one record, and everything', async () => {
    expect(await source('corrections').readOne('K2')).toMatchObject({ naturalKey: 'K2', body: { name: { value: '张二' } } });
    expect(await source('corrections').readOne('none')).toBeUndefined();
  });
});

describe('by a time', () => {
  it('reads rows without a time at first, and the newest row of a person by key', async () => {
    const people = 'social_assistance."BASEINFO_PEOPLE"';
    await owner.query(`insert into ${people} ("PEOPLE_ID", "FAMILY_ID", "NAME", "UPDATE_TIME") values ('R1', 'F1', '张一', '20260101000000'), ('R1', 'F1', '张新', '20260201000000'), ('R2', 'F1', '张无', null), ('R3', 'F1', '张空', '')`);
    const from = source('social-assistance');
    expect(keys(await poll(from)).sort()).toEqual(['R1', 'R1', 'R2', 'R3']);
    expect(keys(await poll(from))).toEqual([]);
    expect(marks.get('sql:BASEINFO_PEOPLE')).toEqual({ watermark: '20260201000000' });
    expect(await from.readOne('R1')).toMatchObject({ recordType: 'person', body: { name: { value: '张新' } } });
  });
});

describe('by comparison', () => {
  const house = (n: number): string => `990101001001${String(n).padStart(13, '0')}`;

  it('hands out what changed and names all that is there; what the hub holds is not handed out again', async () => {
    await owner.query(`insert into housing."V_FWCQ" ("ID", "FWBM", "CQRXM", "YT") select n, '990101001001' || lpad(n::text, 13, '0'), '张' || n || '、李' || n, '住宅' from generate_series(1, 1203) n`);
    const from = source('housing');
    const first = await poll(from);
    expect(keys(first)).toHaveLength(3 * 1203);
    expect(first.find((b) => b.whole !== undefined)!.whole!.keys.size).toBe(3 * 1203);
    const held = new Set(first.flatMap((b) => b.rows.map((r) => r.position)));
    clock.advance(3_600_000);
    await owner.query(`update housing."V_FWCQ" set "CQRXM" = '钱一' where "ID" = 7; delete from housing."V_FWCQ" where "ID" = 9; insert into housing."V_FWCQ" ("ID", "FWBM", "CQRXM") values (2000, '${house(11)}', '孙大')`);
    // Another process, which knows only what the store says.
    const second = await poll(source('housing', () => held));
    expect(keys(second).sort()).toEqual([house(11), `${house(11)}#1`, house(7), `${house(7)}#1`, 'void'].sort());
    const { keys: there } = second.find((b) => b.whole !== undefined)!.whole!;
    expect([house(9), `${house(7)}#2`, `${house(11)}#2`, house(11), house(8)].map((k) => there.has(`housing:${k.includes('#') ? 'person' : 'dwelling'}:${k}`))).toEqual([false, false, false, true, true]);
    expect(keys(await poll(from)).length).toBeGreaterThan(0);
  });

  it('hands out a row that is written back each time it is, between two comparisons and by one', async () => {
    const uses = async (from: ReturnType<typeof source>): Promise<unknown[]> => (await poll(from)).flatMap((b) => b.rows).flatMap((r) => (r.kind === 'accepted' ? r.records : []))
      .filter((r) => r.naturalKey === house(11)).map((r) => (r.body as DwellingBody).use);
    const write = (use: string) => owner.query(`update housing."V_FWCQ" set "YT" = $1 where "ID" = 2000`, [use]);
    await write('住宅');
    const from = source('housing');
    expect(await uses(from)).toEqual(['residential']);
    for (const [use, canonical] of [['商铺', 'shop'], ['住宅', 'residential'], ['商铺', 'shop']] as const) {
      clock.advance(10_000);
      await write(use);
      expect(await uses(from)).toEqual([canonical]);
    }
    clock.advance(10_000);
    expect(await uses(from)).toEqual([]);
    await write('住宅');
    clock.advance(3_600_000);
    expect(await uses(from)).toEqual(['residential']);
    clock.advance(3_600_000);
    expect(await uses(from)).toEqual([]);
  });

  it('compares only once the hub knows what it holds: what is on its way may be written back meanwhile', async () => {
    const before = (await poll(source('housing'))).flatMap((b) => b.rows);
    await owner.query(`update housing."V_FWCQ" set "YT" = '商铺' where "ID" = 5`);
    clock.advance(3_600_000);
    // The process handed the rewritten row out and was killed; the next one begins while the store still holds the row of before.
    const held = new Set(before.map((r) => r.position));
    let known = false;
    const from = source('housing', () => (known ? held : undefined));
    await owner.query(`update housing."V_FWCQ" set "YT" = '住宅' where "ID" = 5`);
    expect((await poll(from)).some((b) => b.whole !== undefined)).toBe(false);
    held.delete(before.find((r) => r.kind === 'accepted' && r.records.some((x) => x.naturalKey === house(5)))!.position);
    known = true;
    expect(keys(await poll(from)).filter((k) => k !== 'void').sort()).toEqual([house(5), `${house(5)}#1`, `${house(5)}#2`]);
  });
});
