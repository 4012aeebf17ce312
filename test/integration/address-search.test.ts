import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Address } from '#libs/model/values';
import { silentLogger } from '#libs/platform/logger';
import { SearchBacklog } from '#libs/resolution/search-backlog';
import { UnitOfWork } from '#libs/store/unit-of-work';
import type { Caller, HttpHub } from '#test/support/http-hub';
import { startHttpHub } from '#test/support/http-hub';
import { loadAuthority, personRecord, resolveRecords } from '#test/support/resolved-records';
import { CHILD, EAST, LI, ZHANG } from '#test/support/secret-records';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

const WEST = '990101001002';
const HIDDEN = '990102198203110313';

// A busy machine takes its time to start PostgreSQL.
jest.setTimeout(120_000);

const at = (building: string, unit: string, room: string, more: Partial<Address> = {}): Address => ({ division: EAST, estate: '幸福小区', building, unit, room, raw: `幸福小区${building}-${unit}-${room}`, ...more });

/** Zhang lives at 3-2-301 and is registered elsewhere; Li lives at 3-1-101, and her file at the insurer still says 8-1-101; the child lives in the west. */
const ordinary = [
  personRecord('grid', 'G1', { name: '张伟强', citizenId: ZHANG, currentAddress: at('3', '2', '301') }, { sourceTime: '2025-01-01T00:00:00.000Z' }),
  personRecord('hukou', 'R1', { name: '张伟强', citizenId: ZHANG, registeredAddress: { division: EAST, road: '中山路', number: '153', raw: '中山路153号' } }),
  personRecord('grid', 'G2', { name: '李秀英', citizenId: LI, currentAddress: at('3', '1', '101') }, { sourceTime: '2025-01-01T00:00:00.000Z' }),
  personRecord('social-insurance', 'S2', { name: '李秀英', citizenId: LI, currentAddress: at('8', '1', '101') }, { sourceTime: '2010-01-01T00:00:00.000Z' }),
  personRecord('grid', 'G3', { name: '张小明', citizenId: CHILD, currentAddress: { division: WEST, estate: '西山花园', building: '1', room: '201', raw: '西山花园1-201' } }),
];
/** What nobody outside may find: where the probation office and the party have them, and a man whom the office alone knows. */
const restricted = [
  personRecord('corrections', 'C1', { name: '张伟强', citizenId: ZHANG, currentAddress: at('66', '6', '606'), facets: { correction: { kind: '1' } } }, { sourceTime: '2026-02-01T00:00:00.000Z' }),
  personRecord('corrections', 'C2', { name: '赵无人', citizenId: HIDDEN, currentAddress: at('3', '2', '302'), facets: { correction: { kind: '1' } } }),
  personRecord('party-volunteer', 'D1', { name: '李秀英', citizenId: LI, currentAddress: at('77', '7', '707'), facets: { party: { branch: '一支部' } } }, { sourceTime: '2026-02-01T00:00:00.000Z' }),
];

let db: TestDatabase;
let hub: HttpHub;
let worker: Caller;

const answer = async (call: Caller, address: string) => (await call('POST', '/persons/search', { body: { address } })).body;
const names = async (call: Caller, address: string): Promise<string[]> => (await answer(call, address)).items.map((p: { name: string }) => p.name).sort();

beforeAll(async () => {
  db = await createTestDatabase();
  hub = await startHttpHub(db);
  await loadAuthority(db);
  await resolveRecords(db, hub.sealing, ordinary);
  worker = await hub.as('worker');
});
afterAll(async () => {
  await hub?.close();
  await db?.drop();
});

describe('persons are found by an address', () => {
  it('or a part of it, as a clerk writes it', async () => {
    expect(await names(worker, '幸福小区')).toEqual(['张伟强', '李秀英']);
    expect(await names(worker, '东园社区幸福小区三号楼')).toEqual(['张伟强', '李秀英']);
    for (const typed of ['幸福3栋2单元', '幸福小区3-2-301', '幸福小区 3幢 301室', '幸福小区301', '白石区东园社区幸福小区3幢2单元301室', '中山路153号', '中山路']) expect([typed, await names(worker, typed)]).toEqual([typed, ['张伟强']]);
    for (const typed of ['幸福小区3幢2单元302室', '幸福小区2单元101室', '幸福苑', '西园社区幸福小区', '中山路15号']) expect([typed, await names(worker, typed)]).toEqual([typed, []]);
  });

  it('and it says which address that is: also a registered one, also one that another system still has', async () => {
    const found = async (typed: string) => (await answer(worker, typed)).items[0].foundAddress;
    expect(await found('幸福小区3幢2单元')).toEqual({ field: 'currentAddress', address: at('3', '2', '301') });
    expect(await found('中山路')).toMatchObject({ field: 'registeredAddress', address: { number: '153' } });
    expect(await found('幸福小区8幢')).toMatchObject({ field: 'currentAddress', address: { building: '8' } });
    expect((await worker('POST', '/persons/search', { body: { name: '张伟强' } })).body.items[0].foundAddress).toBeUndefined();
  });

  it('page by page, nobody twice', async () => {
    const first = (await worker('POST', '/persons/search', { body: { address: '幸福小区', limit: 1 } })).body;
    const second = (await worker('POST', '/persons/search', { body: { address: '幸福小区', limit: 1, after: first.next } })).body;
    expect([first.items.length, second.items.length, second.next]).toEqual([1, 1, null]);
    expect(new Set([...first.items, ...second.items].map((p: { name: string }) => p.name))).toEqual(new Set(['张伟强', '李秀英']));
  });

  it('that names a place; else the answer says at its field what is missing', async () => {
    for (const address of ['3幢301室', '东园社区', '  ', '不详', '路'.repeat(201)]) {
      const { status, body } = await worker('POST', '/persons/search', { body: { address } });
      expect([address, status, body.errors?.[0]]).toEqual([address, 400, { field: 'address', zh: expect.stringContaining('小区、村组或路名'), en: expect.stringContaining('estate') }]);
    }
    expect((await worker('POST', '/persons/search', { body: { address: '幸福小区', name: '张伟强' } })).status).toBe(400);
  });

  it('by those who may look for persons, in their own communities, and it is noted without the address', async () => {
    const [east, west] = [await hub.as('worker', { communities: [EAST] }), await hub.as('steward', { communities: [WEST] })];
    expect([await names(east, '幸福小区'), await names(west, '幸福小区'), await names(west, '西山花园1幢'), await names(east, '西山花园')]).toEqual([['张伟强', '李秀英'], [], ['张小明'], []]);
    for (const role of ['statistician', 'auditor', 'admin'] as const) expect((await (await hub.as(role))('POST', '/persons/search', { body: { address: '幸福小区' } })).status).toBe(403);
    const auditor = await hub.as('auditor');
    const { text } = await auditor('GET', '/audit?limit=200');
    expect(text).toContain('"by":"address"');
    expect(text).not.toContain('幸福');
  });

  it('without a word of it in the database', async () => {
    const { rows } = await db.pool.query<{ value_ref: Buffer }>(`select value_ref from entity_search where kind = 'address'`);
    expect(rows.length).toBeGreaterThan(5);
    // Hashes of one length, whatever was hashed.
    expect(new Set(rows.map((r) => r.value_ref.length)).size).toBe(1);
    for (const word of ['幸福', '中山路', '西山']) expect(rows.some((r) => r.value_ref.includes(word))).toBe(false);
  });

  it('as it is now, though the value in force stays the same', async () => {
    const file = personRecord('social-insurance', 'S2', { name: '李秀英', citizenId: LI, currentAddress: at('9', '1', '101') }, { sourceTime: '2011-01-01T00:00:00.000Z', order: '2' });
    expect(await names(worker, '幸福小区9幢')).toEqual([]);
    await resolveRecords(db, hub.sealing, [file]);
    expect([await names(worker, '幸福小区9幢'), await names(worker, '幸福小区8幢'), await names(worker, '幸福小区3幢1单元')]).toEqual([['李秀英'], [], ['李秀英']]);
  });
});

describe('a restricted address', () => {
  const everything = async (call: Caller): Promise<unknown> => Promise.all(['幸福小区', '幸福小区3幢', '幸福小区3幢2单元302室', '幸福小区66幢', '幸福小区77幢7单元707室', '中山路'].map((typed) => answer(call, typed)));

  it('is found by its scope alone; to everybody else the answers are the same to the byte', async () => {
    const readers = [worker, await hub.as('steward'), await hub.as('worker', { communities: [EAST] })];
    const before = await Promise.all(readers.map(everything));
    await resolveRecords(db, hub.sealing, restricted);
    expect(await Promise.all(readers.map(everything))).toEqual(before);
    const [corrections, party] = [await hub.as('worker', { facetScopes: ['correction'] }), await hub.as('worker', { facetScopes: ['party'] })];
    expect([await names(corrections, '幸福小区66幢'), await names(corrections, '幸福小区3幢2单元302室'), await names(corrections, '幸福小区77幢')]).toEqual([['张伟强'], ['赵无人'], []]);
    expect([await names(party, '幸福小区77幢'), await names(party, '幸福小区66幢')]).toEqual([['李秀英'], []]);
  });

  it('keeps its scope when a store from before is indexed', async () => {
    await db.pool.query(`delete from entity_search where kind = 'address'`);
    await db.pool.query(`insert into search_backlog select id from entity where record_type = 'person'`);
    expect(await names(worker, '幸福小区')).toEqual([]);
    await new SearchBacklog(new UnitOfWork(db.dataSource), hub.sealing, silentLogger).work();
    expect((await db.pool.query('select from search_backlog')).rowCount).toBe(0);
    expect([await names(worker, '幸福小区'), await names(worker, '幸福小区66幢'), await names(worker, '中山路153号')]).toEqual([['张伟强', '李秀英'], [], ['张伟强']]);
    expect(await names(await hub.as('steward', { facetScopes: ['correction'] }), '幸福小区66幢')).toEqual(['张伟强']);
    expect((await worker('POST', '/persons/search', { body: { name: '张伟强' } })).body.items).toHaveLength(1);
  });
});
