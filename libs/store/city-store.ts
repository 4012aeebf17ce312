import type pg from 'pg';
import { YiciError } from '#libs/kernel/errors';

export interface City {
  /** 4 digits. */
  code: string;
  name: string;
  /** yyyy-mm-dd */
  snapshotDate: string;
  /** divisions.csv as given. */
  divisions: string;
}

/** The one city of this store; undefined before anything was loaded. */
export async function findCity(db: Pick<pg.ClientBase, 'query'>): Promise<City | undefined> {
  const found = await db.query<City>(`select code, name, to_char(snapshot_date, 'YYYY-MM-DD') as "snapshotDate", divisions from city`);
  return found.rows[0];
}

/** Keeps the city, newest snapshot wins. Throws YICI_STORE_OTHER_CITY when the store is about another. */
export async function saveCity(db: Pick<pg.ClientBase, 'query'>, city: City, now: Date): Promise<void> {
  const before = await findCity(db);
  if (before !== undefined && before.code !== city.code) {
    throw new YiciError({
      code: 'YICI_STORE_OTHER_CITY', stage: 'storing',
      message: `This store holds the city ${before.code}; the directory is of the city ${city.code}.`,
      fix: 'Give another --data-dir for another city.',
    });
  }
  await db.query(
    `insert into city (code, name, snapshot_date, divisions, changed_at) values ($1, $2, $3, $4, $5)
     on conflict (code) do update set name = excluded.name, snapshot_date = excluded.snapshot_date, divisions = excluded.divisions, changed_at = excluded.changed_at
      where city.snapshot_date <= excluded.snapshot_date`,
    [city.code, city.name, city.snapshotDate, city.divisions, now]);
}
