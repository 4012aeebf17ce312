import type { Clock } from '#libs/kernel/clock';
import type { Transaction } from './unit-of-work.js';

/** Rows of one batch of a stream, by what became of them; read = accepted + void + dead. */
export interface StreamRows {
  read: number;
  accepted: number;
  void: number;
  dead: number;
}

/** How many rows came through each stream of the live systems. */
export class StreamRowStore {
  constructor(private readonly clock: Clock) {}

  async add(tx: Transaction, system: string, stream: string, rows: StreamRows): Promise<void> {
    await tx.client.query({
      name: 'stream_rows_add',
      text: `insert into stream_rows as s (system, stream, rows_read, rows_accepted, rows_void, rows_dead, counted_at) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (system, stream) do update set rows_read = s.rows_read + excluded.rows_read, rows_accepted = s.rows_accepted + excluded.rows_accepted,
               rows_void = s.rows_void + excluded.rows_void, rows_dead = s.rows_dead + excluded.rows_dead, counted_at = excluded.counted_at`,
      values: [system, stream, rows.read, rows.accepted, rows.void, rows.dead, new Date(this.clock.now())],
    });
  }
}
