import { describe, expect, it } from '@jest/globals';
import { InTurn } from './in-turn.js';

/** Work whose turns end when they are told to. */
function stage(fails: (items: readonly number[]) => boolean = () => false) {
  const turns: number[][] = [];
  let open: (() => void) | undefined;
  const inTurn = new InTurn<number, string>((waiting) => waiting.filter((n) => n % 2 === waiting[0]! % 2).slice(0, 3), async (items) => {
    turns.push([...items]);
    await new Promise<void>((resolve) => { open = resolve; });
    if (fails(items)) throw new Error(`failed ${items.join(' ')}`);
    return items.join(' ');
  });
  const end = async (): Promise<void> => {
    open?.();
    await new Promise((resolve) => { setImmediate(resolve); });
  };
  return { turns, inTurn, end };
}

describe('work in turn', () => {
  it('starts at once, and does together what came meanwhile and may go together, in the order it came', async () => {
    const { turns, inTurn, end } = stage();
    const done = [1, 2, 3, 5, 4, 7, 9].map((n) => inTurn.do(n));
    expect(turns).toEqual([[1]]);
    for (let i = 0; i < 4; i++) await end();
    expect(turns).toEqual([[1], [2, 4], [3, 5, 7], [9]]);
    expect(await Promise.all(done)).toEqual(['1', '2 4', '3 5 7', '3 5 7', '2 4', '3 5 7', '9']);
    const later = inTurn.do(11);
    await end();
    expect(await later).toBe('11');
  });

  it('does each of a failed turn alone: one that is poisoned fails for itself', async () => {
    const { turns, inTurn, end } = stage((items) => items.includes(5));
    const done = Promise.allSettled([1, 3, 5, 7].map((n) => inTurn.do(n)));
    for (let i = 0; i < 5; i++) await end();
    expect(turns).toEqual([[1], [3, 5, 7], [3], [5], [7]]);
    expect((await done).map((d) => (d.status === 'fulfilled' ? d.value : (d.reason as Error).message))).toEqual(['1', '3', 'failed 5', '7']);
  });
});
