import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';
import type { ItemAnswer, OutgoingItem } from '../target-channel.js';

/** As `atOnce` of a folder. No more than the connections that are kept to one system. */
export const atOnceSchema = z.number().int().min(1).max(4).default(4);

/**
 * Writes items by a call each, some at once: a pass holds at most one item of a record, so that they are independent and the order of each
 * record's writes is kept. When a call throws, the target may be away, so no further one is begun; where another item was
 * answered, that answer stands, the item that threw has failed and those that were not begun are `unreached`. Throws what a
 * call threw when nothing may be assumed of any of them.
 */
export async function writeEach(items: readonly OutgoingItem[], atOnce: number, writeOne: (item: OutgoingItem) => Promise<ItemAnswer>): Promise<ItemAnswer[]> {
  const answers: ItemAnswer[] = items.map(() => ({ outcome: 'unreached' }));
  let away: unknown;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (away === undefined && next < items.length) {
      const i = next++;
      try {
        answers[i] = await writeOne(items[i]!);
      } catch (error) {
        away ??= error;
        answers[i] = { outcome: 'failed', detail: error instanceof YiciError ? error.code : 'no answer' };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  const answered = answers.some(({ outcome }) => outcome !== 'failed' && outcome !== 'unreached');
  if (away !== undefined && (!answered || !(away instanceof YiciError))) throw away;
  return answers;
}
