import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FixedClock } from '#libs/kernel/clock';
import type { SourceRecord } from '#libs/model/source-record';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { AuditStore } from '#libs/store/audit-store';
import { copyBinary, copyRows } from '#libs/store/copy';
import { ConnectorStateStore } from '#libs/store/connector-state-store';
import { DeadLetterStore } from '#libs/store/dead-letter-store';
import { SnapshotFileStore } from '#libs/store/snapshot-file-store';
import { SourceRecordStore } from '#libs/store/source-record-store';
import { UnitOfWork } from '#libs/store/unit-of-work';
import { WatermarkStore } from '#libs/store/watermark-store';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const sealing = new Sealing(ephemeralSealingKeys());
const clock = new FixedClock(Date.UTC(2026, 0, 1));
let db: TestDatabase;
let uow: UnitOfWork;
beforeAll(async () => {
  db = await createTestDatabase();
  uow = new UnitOfWork(db.dataSource);
});
afterAll(() => db.drop());

function person(naturalKey: string, order: string, sex: string, more: Partial<SourceRecord<'person'>> = {}): SourceRecord<'person'> {
  return {
    system: 'grid', recordType: 'person', naturalKey, order, sourceTime: '2026-01-01T00:00:00.000Z', observedAt: '2026-01-02T00:00:00.000Z',
    state: 'current', body: { sex, name: { value: '张三', key: '张三' } }, origin: { source: 'file', position: 1 }, ...more,
  };
}

describe('record set', () => {
  const store = new SourceRecordStore(sealing);

  it('keeps a record whole, and nothing of it readable in the table', async () => {
    const record = person('whole', '1', '1', { raw: { sex: '男' }, issues: [{ field: 'sex', code: 'YICI_X', raw: '男' }], legacy: { XM: '张三' }, hubOrigin: ['sex'], test: true });
    const [result] = await uow.run((tx) => store.put(tx, [record]));
    expect(result).toMatchObject({ outcome: 'created', current: record });
    const found = await uow.run((tx) => store.findByKeys(tx, ['grid:person:whole', 'grid:person:none']));
    expect([...found]).toEqual([['grid:person:whole', { id: result!.id, record }]]);
    expect((await uow.run((tx) => store.findByIds(tx, [result!.id]))).get(result!.id)!.record).toEqual(record);
    const row = (await db.pool.query('select s::text as t from source_record s where id = $1', [result!.id])).rows[0] as { t: string };
    expect(row.t).not.toMatch(/张三|whole/);
    expect((await db.pool.query('select field, code from quality_issue where record_id = $1', [result!.id])).rows).toEqual([{ field: 'sex', code: 'YICI_X' }]);
  });

  it('ends the same in any order of arrival and any batching', async () => {
    let run = 0;
    await fc.assert(fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('1', '2', '3'), fc.constantFrom('1', '2')), { minLength: 2, maxLength: 6 }), fc.boolean(),
      async (versions, oneBatch) => {
        run += 1;
        const arrive = async (key: string, list: [string, string][]) => {
          const records = list.map(([order, sex]) => person(key, order, sex));
          if (oneBatch) await uow.run((tx) => store.put(tx, records));
          else for (const r of records) await uow.run((tx) => store.put(tx, [r]));
          const { record } = [...(await uow.run((tx) => store.findByKeys(tx, [`grid:person:${key}`]))).values()][0]!;
          return [record.order, (record as SourceRecord<'person'>).body.sex];
        };
        expect(await arrive(`a${run}`, versions)).toEqual(await arrive(`b${run}`, [...versions].reverse()));
      }), { numRuns: 25 });
  });

  it('lets the version seen later stand where a source gives two the same order', async () => {
    const seen = (key: string, second: number, sex: string) => person(key, '5', sex, { observedAt: `2026-01-02T00:00:0${second}.000Z` });
    const sexOf = async (r: SourceRecord<'person'>) => ((await uow.run((tx) => store.put(tx, [r])))[0]!.current as SourceRecord<'person'>).body.sex;
    await sexOf(seen('early', 1, '2'));
    expect(await sexOf(seen('early', 2, '1'))).toBe('1');
    await sexOf(seen('late', 2, '1'));
    expect(await sexOf(seen('late', 1, '2'))).toBe('1');
  });

  it('names each outcome and keeps history once', async () => {
    const put = async (r: SourceRecord<'person'>) => (await uow.run((tx) => store.put(tx, [r])))[0]!.outcome;
    expect(await put(person('h', '2', '1'))).toBe('created');
    expect(await put(person('h', '2', '1'))).toBe('unchanged');
    expect(await put(person('h', '3', '1'))).toBe('touched');
    expect(await put(person('h', '1', '2'))).toBe('older');
    expect(await put(person('h', '1', '2'))).toBe('older');
    expect(await put(person('h', '4', '2', { state: 'withdrawn' }))).toBe('changed');
    const history = await db.pool.query('select v.version_order from source_record_version v join source_record s on s.id = v.record_id where s.record_ref = $1 order by 1', [sealing.ref('record', 'grid:person:h')]);
    expect(history.rows).toEqual([{ version_order: '1' }, { version_order: '3' }]);
  });

  it('lets two transactions create one record at once', async () => {
    const results = await Promise.all([1, 2, 3].map(() => uow.run((tx) => store.put(tx, [person('rival', '1', '1')]))));
    expect(results.map((r) => r[0]!.outcome).sort()).toEqual(['created', 'unchanged', 'unchanged']);
    expect(new Set(results.map((r) => r[0]!.id)).size).toBe(1);
  });
});

describe('dead letters', () => {
  it('keeps the bytes, one letter a position', async () => {
    const store = new DeadLetterStore(sealing, clock);
    const letter = (position: number, naturalKey?: string) => ({
      system: 'hukou', recordType: 'person', naturalKey, code: 'YICI_X', stage: 'decoding' as const, reason: 'Broken.',
      origin: { source: 'd', position }, bytes: Buffer.from([0xff, 0, 1]),
    });
    const first = await uow.run((tx) => store.add(tx, [letter(1, 'R1'), letter(2)]));
    const again = await uow.run((tx) => store.add(tx, [letter(2), letter(3)]));
    expect(again[0]).toBeUndefined();
    expect(again[1]).toBeDefined();
    const page = await uow.run((tx) => store.list(tx, { system: 'hukou', limit: 2 }));
    expect(page.map((l) => [l.id, l.naturalKey, l.origin.position])).toEqual([[first[0], 'R1', 1], [first[1], undefined, 2]]);
    expect([...page[0]!.bytes]).toEqual([0xff, 0, 1]);
    await uow.run((tx) => store.markReplayed(tx, first[0]!));
    expect((await uow.run((tx) => store.find(tx, first[0]!)))!.replayedAt).toEqual(new Date(clock.now()));
    expect((await uow.run((tx) => store.list(tx, { after: page[1]!.id, limit: 9 }))).map((l) => l.id)).toEqual([again[1]]);
  });
});

describe('audit log', () => {
  it('tells of restricted facts within their scopes alone, that something happened to everybody', async () => {
    const store = new AuditStore(sealing, clock);
    await uow.run((tx) => store.append(tx, [
      { actor: 'a', action: 'workbook.download', subject: 'p-known', detail: { target: 'party-volunteer', scopes: ['party'] } }, { actor: 'a', action: 'person.read', subject: 'p-known' },
    ]));
    const seen = (openScopes: string[], subject?: string) => uow.run((tx) => store.list(tx, { subject, openScopes, limit: 2 }));
    expect((await seen(['party'], 'p-known')).map((r) => r.action)).toEqual(['person.read', 'workbook.download']);
    expect((await seen(['correction'], 'p-known')).map((r) => r.action)).toEqual(['person.read']);
    const [, row] = await seen([]);
    expect(row).toMatchObject({ actor: 'a', action: 'workbook.download', subject: undefined, detail: { withheld: true } });
    expect(await uow.run((tx) => store.findBreak(tx))).toBeUndefined();
  });

  it('shows an edit and a gap', async () => {
    const store = new AuditStore(sealing, clock);
    const entries = Array.from({ length: 5 }, (_, i) => ({ actor: 'a', action: 'person.read', subject: `p-${i}`, detail: { z: 1, a: ['x'] } }));
    await Promise.all([0, 1, 2].map(() => uow.run((tx) => store.append(tx, entries))));
    expect(await uow.run((tx) => store.findBreak(tx))).toBeUndefined();
    expect((await uow.run((tx) => store.list(tx, { subject: 'p-4', openScopes: [], limit: 2 }))).map((r) => r.id)).toEqual([17, 12]);
    await db.asOwner(async (owner) => {
      await owner.query(`update audit_log set subject = 'p-9' where id = 7`);
      expect(await uow.run((tx) => store.findBreak(tx))).toBe(7);
      await owner.query(`update audit_log set subject = 'p-4' where id = 7`);
      expect(await uow.run((tx) => store.findBreak(tx))).toBeUndefined();
      await owner.query('delete from audit_log where id = 3');
      expect(await uow.run((tx) => store.findBreak(tx))).toBe(3);
    });
  });
});

describe('small stores', () => {
  it('moves watermarks', async () => {
    const store = new WatermarkStore(clock);
    const manager = db.dataSource.manager;
    expect(await store.find(manager, 'hukou', 'rows')).toBeUndefined();
    await store.move(manager, 'hukou', 'rows', { id: 5 });
    await store.move(manager, 'hukou', 'rows', { id: 9 });
    expect(await store.find(manager, 'hukou', 'rows')).toEqual({ id: 9 });
  });
  it('keeps what became of each file', async () => {
    const store = new SnapshotFileStore(clock);
    const manager = db.dataSource.manager;
    const file = { digest: 'd1', system: 'grid', name: 'persons.jsonl', bytes: 10 };
    await store.begin(manager, file);
    expect(await store.find(manager, 'd1')).toMatchObject({ state: 'reading', endedAt: null });
    await store.finish(manager, file, { read: 4, accepted: 1, superseded: 1, void: 1, dead: 1 });
    await store.refuse(manager, { ...file, digest: 'd2' }, 'Columns are missing.');
    expect((await store.list(manager, 'grid')).map((f) => [f.state, f.rowsRead, f.reason])).toEqual([['read', '4', null], ['refused', '0', 'Columns are missing.']]);
  });
  it('says why a connector stands still', async () => {
    const store = new ConnectorStateStore(clock);
    await store.set(db.dataSource.manager, 'grid', 'stopped', { code: 'YICI_SNAPSHOT_SCHEMA_DRIFT', reason: 'A column is missing.' });
    await store.set(db.dataSource.manager, 'grid', 'running');
    expect(await store.list(db.dataSource.manager)).toMatchObject([{ system: 'grid', state: 'running', reason: null }]);
  });
});

describe('COPY', () => {
  const odd = ['a\tb', 'line\nbreak\r', 'back\\slash \\N', '', '住宅𠀀', '\\'];
  it('carries any text and bytes in text form', async () => {
    await db.asOwner(async (owner) => {
      await owner.query('create table copied (t text, n bigint, b bytea, d timestamptz, f boolean, a text[])');
      const rows = odd.map((t, i) => [t, BigInt(i) << 60n, Buffer.from(t), new Date(i), i % 2 === 0, [t, 'x"y']]);
      expect(await copyRows(owner, 'copied', ['t', 'n', 'b', 'd', 'f', 'a'], [...rows, [null, undefined, null, null, null, null]] as never)).toBe(odd.length + 1);
      const back = await owner.query<Record<string, unknown>>('select * from copied where t is not null');
      expect(back.rows.map((r) => [r['t'], BigInt(r['n'] as string), r['b'], r['d'], r['f'], r['a']])).toEqual(rows);
    });
  });
  it('carries any value in binary form', async () => {
    await db.asOwner(async (owner) => {
      await owner.query('create table copied_binary (t text, n bigint, h bigint, b bytea, d timestamptz, f boolean, i int, s smallint, r real, j jsonb, z text)');
      const halves = new Uint32Array(2);
      sealing.hash64Into('键', halves, 0);
      const count = await copyBinary(owner, 'copied_binary', ['t', 'n', 'h', 'b', 'd', 'f', 'i', 's', 'r', 'j', 'z'], odd, (t, out) => {
        out.text(t); out.int8(-1234567890123); out.int8OfHalves(halves[1]!, halves[0]!); out.bytea(Buffer.from(t)); out.timestamptz(1234567890123);
        out.bool(true); out.int4(-5); out.int2(7); out.float4(0.5); out.jsonb({ t }); out.null();
      });
      expect(count).toBe(odd.length);
      const back = await owner.query<Record<string, unknown>>('select * from copied_binary');
      expect(back.rows.map((r) => r['t'])).toEqual(odd);
      expect(back.rows[0]).toEqual({
        t: odd[0], n: '-1234567890123', h: String(sealing.hash64('键')), b: Buffer.from(odd[0]!), d: new Date(1234567890123), f: true, i: -5, s: 7, r: 0.5, j: { t: odd[0] }, z: null,
      });
    });
  });
  it('fails when a row fails, and the connection stays usable', async () => {
    await db.asOwner(async (owner) => {
      await owner.query('create table copied_int (n int)');
      await expect(copyRows(owner, 'copied_int', ['n'], [[1], ['x']])).rejects.toThrow('invalid input syntax');
      const failing = (function* () { yield [1]; throw new Error('reader failed'); })();
      await expect(copyRows(owner, 'copied_int', ['n'], failing)).rejects.toThrow('reader failed');
      expect((await owner.query('select * from copied_int')).rowCount).toBe(0);
    });
  });
});
