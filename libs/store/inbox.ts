import type { Transaction } from './unit-of-work.js';

/**
 * Which of these messages are new to the consumer. Writes their inbox rows in the transaction of the effect, so that a
 * message delivered twice has its effect once; two transactions with the same message wait for each other, and the second
 * finds it done. Ids given twice count once.
 */
export async function newToInbox(tx: Transaction, consumer: string, messageIds: readonly string[]): Promise<Set<string>> {
  // Sorted: transactions that share messages meet in the same order and cannot deadlock.
  const ids = [...new Set(messageIds)].sort();
  const result = await tx.client.query<{ message_id: string }>({
    name: 'inbox_new',
    text: `insert into inbox (consumer, message_id) select $1, id from unnest($2::text[]) as id
           on conflict do nothing returning message_id`,
    values: [consumer, ids],
  });
  return new Set(result.rows.map((r) => r.message_id));
}

/**
 * Forgets messages older than the log keeps (they cannot be delivered again). At most `limit` rows a call; returns how many.
 */
export async function trimInbox(tx: Transaction, olderThan: Date, limit = 50_000): Promise<number> {
  const result = await tx.client.query(
    `delete from inbox where ctid = any(array(select ctid from inbox where processed_at < $1 limit $2))`, [olderThan, limit]);
  return result.rowCount ?? 0;
}
