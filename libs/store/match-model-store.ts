import type pg from 'pg';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** The model of this store, as its file said it; undefined while no record was ever resolved in it. */
export async function findMatchModel(db: Queryable): Promise<unknown> {
  return (await db.query<{ model: unknown }>('select model from match_model')).rows[0]?.model;
}

/** The model of this store from now on: what stands already, else the one given. */
export async function keepMatchModel(db: Queryable, model: object, now: Date): Promise<unknown> {
  await db.query('insert into match_model (model, changed_at) values ($1, $2) on conflict do nothing', [JSON.stringify(model), now]);
  return findMatchModel(db);
}

/** Puts another model in its place. Only for a store without records: those that were resolved with one stay with it. */
export async function replaceMatchModel(db: Queryable, model: object, now: Date): Promise<void> {
  await db.query('insert into match_model (model, changed_at) values ($1, $2) on conflict (one) do update set model = excluded.model, changed_at = excluded.changed_at', [JSON.stringify(model), now]);
}
