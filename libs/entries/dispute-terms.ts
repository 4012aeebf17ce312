import type { DataSource } from 'typeorm';
import { afterWorkingDays } from './working-days.js';

/** How long departments have, and which days count. */
export interface DisputeTerms {
  /** Working days for every field that has no term of its own. */
  ordinary: number;
  fields: Record<string, number>;
  /** Days that do not follow the week: whether they are worked. */
  calendar: Record<string, boolean>;
}

const ORDINARY_DAYS = 10;

/** Terms of answer, by field. */
export class DisputeTermStore {
  constructor(private readonly db: DataSource) {}

  async read(): Promise<DisputeTerms> {
    const terms = await this.db.query<{ field: string; working_days: number }[]>('select field, working_days from dispute_term order by field');
    const days = await this.db.query<{ day: string; works: boolean }[]>('select day::text as day, works from calendar_exception order by day');
    return {
      ordinary: ORDINARY_DAYS, fields: Object.fromEntries(terms.map((t) => [t.field, t.working_days])), calendar: Object.fromEntries(days.map((d) => [d.day, d.works])),
    };
  }

  /** The last day to answer about `field` when asked on `day` (yyyy-mm-dd). */
  async dueOn(field: string, day: string): Promise<string> {
    const { ordinary, fields, calendar } = await this.read();
    return afterWorkingDays(day, fields[field] ?? fields[field.split('.').slice(0, 2).join('.')] ?? ordinary, new Map(Object.entries(calendar)));
  }

  /** Undefined: the ordinary term again. */
  async setTerm(field: string, workingDays: number | undefined): Promise<void> {
    await this.db.query('delete from dispute_term where field = $1', [field]);
    if (workingDays !== undefined) await this.db.query('insert into dispute_term (field, working_days) values ($1, $2) on conflict (field) do update set working_days = excluded.working_days', [field, workingDays]);
  }

  /** Undefined: the day follows the week again. */
  async setDay(day: string, works: boolean | undefined): Promise<void> {
    await this.db.query('delete from calendar_exception where day = $1', [day]);
    if (works !== undefined) await this.db.query('insert into calendar_exception (day, works) values ($1, $2) on conflict (day) do update set works = excluded.works', [day, works]);
  }
}
