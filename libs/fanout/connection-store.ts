import type pg from 'pg';
import { YiciError } from '#libs/kernel/errors';
import type { Clock } from '#libs/kernel/clock';
import { InTurn } from '#libs/platform/in-turn';
import type { Transaction } from '#libs/store/unit-of-work';

export interface FirstConnection {
  target: string;
  state: 'rehearsed' | 'approved';
  /** How many records differed when it was rehearsed. */
  differences: number;
  approvedBy?: string;
}

/** Which targets were rehearsed and approved: before that a target gets nothing. */
export class ConnectionStore {
  private readonly inTurn = new InTurn<string, Set<string>>((waiting) => waiting, (turn) => this.approvedOf(turn));

  constructor(private readonly pool: pg.Pool, private readonly clock: Clock) {}

  async find(target: string): Promise<FirstConnection | undefined> {
    const found = await this.pool.query<{ state: FirstConnection['state']; differences: string; approved_by: string | null }>({
      name: 'first_connection', text: 'select state, differences, approved_by from first_connection where target = $1', values: [target],
    });
    const row = found.rows[0];
    return row && { target, state: row.state, differences: Number(row.differences), approvedBy: row.approved_by ?? undefined };
  }

  async approved(target: string): Promise<boolean> {
    return (await this.inTurn.do(target)).has(target);
  }

  /** Every target asks for itself, at one moment when something changed: asked together. */
  private async approvedOf(targets: readonly string[]): Promise<Set<string>> {
    const found = await this.pool.query<{ target: string }>({
      name: 'connections_approved', text: `select target from first_connection where state = 'approved' and target = any($1::text[])`, values: [[...new Set(targets)]],
    });
    return new Set(found.rows.map((r) => r.target));
  }

  /** An approved connection stays approved: a later rehearsal only shows what differs now. */
  async rehearsed(tx: Transaction, target: string, differences: number): Promise<void> {
    await tx.client.query(
      `insert into first_connection (target, state, differences, changed_at) values ($1, 'rehearsed', $2, $3)
       on conflict (target) do update set differences = excluded.differences, changed_at = excluded.changed_at`,
      [target, differences, new Date(this.clock.now())]);
  }

  /** Throws YICI_FANOUT_NOT_REHEARSED when nobody looked at the differences first. */
  async approve(tx: Transaction, target: string, actor: string): Promise<void> {
    const done = await tx.client.query(
      `update first_connection set state = 'approved', approved_by = $2, changed_at = $3 where target = $1`, [target, actor, new Date(this.clock.now())]);
    if (done.rowCount === 1) return;
    throw new YiciError({
      code: 'YICI_FANOUT_NOT_REHEARSED', stage: 'sharing', message: '首次对接须先核对差异。The first differences of this target were not rehearsed.',
      fix: 'Rehearse the first connection, look at the differences, then approve it.',
    });
  }
}
