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
  it('does together what comes at one moment, and what came meanwhile and may go together, in the order it came', async () => {
    const { turns, inTurn, end } = stage();
    const first = [1, 3].map((n) => inTurn.do(n));
    await end();
    expect(turns).toEqual([[1, 3]]);
    const done = [2, 5, 4, 7, 9, 11].map((n) => inTurn.do(n));
    for (let i = 0; i < 5; i++) await end();
    expect(turns).toEqual([[1, 3], [2, 4], [5, 7, 9], [11]]);
    expect(await Promise.all([...first, ...done])).toEqual(['1 3', '1 3', '2 4', '5 7 9', '2 4', '5 7 9', '5 7 9', '11']);
  });

  it('does each of a failed turn alone: one that is poisoned fails for itself', async () => {
    const { turns, inTurn, end } = stage((items) => items.includes(5));
    const done = Promise.allSettled([3, 5, 7].map((n) => inTurn.do(n)));
    for (let i = 0; i < 6; i++) await end();
    expect(turns).toEqual([[3, 5, 7], [3], [5], [7]]);
    expect((await done).map((d) => (d.status === 'fulfilled' ? d.value : (d.reason as Error).message))).toEqual(['3', 'failed 5', '7']);
  });
});
