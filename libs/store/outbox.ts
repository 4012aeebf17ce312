import type { Transaction } from './unit-of-work.js';

/** NOTIFY channel that wakes the relay. */
export const OUTBOX_CHANNEL = 'yici_outbox';

export interface OutboxEvent {
  topic: string;
  /** Decides the partition; never a personal value. */
  key: string;
  /** The encoded event, its data sealed. */
  event: Uint8Array;
  /** From a bulk load: only a rehearsed first connection delivers it. */
  initial?: boolean;
}

/**
 * Adds events in the transaction that caused them; the relay publishes them after the commit, in this order. One NOTIFY a
 * call: it takes a lock of the whole server at commit.
 */
export async function appendToOutbox(tx: Transaction, events: readonly OutboxEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.client.query({
    name: 'outbox_append',
    text: `with added as (
             insert into outbox (topic, key, initial, event)
             select t, k, i, e from unnest($1::text[], $2::text[], $3::boolean[], $4::bytea[]) with ordinality as u(t, k, i, e, n) order by n
             returning 1)
           select pg_notify($5, '') where exists (select from added)`,
    values: [events.map((e) => e.topic), events.map((e) => e.key), events.map((e) => e.initial ?? false), events.map((e) => asBuffer(e.event)), OUTBOX_CHANNEL],
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
