import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '#libs/store/migrate';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';

let db: TestDatabase;
beforeAll(async () => { db = await createTestDatabase(); });
afterAll(() => db.drop());

describe('schema', () => {
  it('is applied once', async () => {
    expect(await migrate(db.ownerUrl)).toEqual([]);
    const done = await db.pool.query<{ name: string }>('select name from schema_migration order by timestamp');
    expect(done.rows[0]!.name).toContain('0001-initial');
  });
  it('explains every table', async () => {
    const bare = await db.pool.query(`select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      and relname <> 'schema_migration' and obj_description(oid) is null`);
    expect(bare.rows).toEqual([]);
  });
});

describe('the application role', () => {
  it('works as yici_app', async () => {
    expect((await db.pool.query('select current_user as u')).rows).toEqual([{ u: 'yici_app' }]);
  });
  it.each(['source_record_version', 'entity_version', 'crosswalk_history', 'steward_decision', 'audit_log'])(
    'cannot change or empty %s', async (table) => {
      await expect(db.pool.query(`delete from ${table}`)).rejects.toThrow('permission denied');
      await expect(db.pool.query(`truncate ${table}`)).rejects.toThrow('permission denied');
      const column = (await db.pool.query<{ c: string }>('select column_name as c from information_schema.columns where table_name = $1 limit 1', [table])).rows[0]!.c;
      await expect(db.pool.query(`update ${table} set ${column} = ${column}`)).rejects.toThrow('permission denied');
    });
  it('cannot pretend that a migration ran, nor make tables', async () => {
    await expect(db.pool.query('delete from schema_migration')).rejects.toThrow('permission denied');
    await expect(db.pool.query('create table x (y int)')).rejects.toThrow('permission denied');
  });
});
