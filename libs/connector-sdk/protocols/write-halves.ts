import { YiciError } from '#libs/kernel/errors';
import type { ItemAnswer, OutgoingItem } from '../target-channel.js';

/**
 * Writes a batch, and halves it while the target refuses it as a whole: one item that it cannot bear must not take the others with
 * it. `write` answers undefined for a batch that was refused as such, and always answers for one item alone. What the hub sends
 * twice on the way has the same refs. Throws what `write` throws while nothing was answered; later the rest is `unreached`.
 */
export async function writeHalves(items: readonly OutgoingItem[], write: (items: readonly OutgoingItem[]) => Promise<ItemAnswer[] | undefined>): Promise<ItemAnswer[]> {
  const answers = await write(items);
  if (answers !== undefined) return answers;
  const half = Math.ceil(items.length / 2);
  const first = await writeHalves(items.slice(0, half), write);
  try {
    return [...first, ...(await writeHalves(items.slice(half), write))];
  } catch (error) {
    if (!(error instanceof YiciError)) throw error;
    return [...first, ...items.slice(half).map((): ItemAnswer => ({ outcome: 'unreached' }))];
  }
}
