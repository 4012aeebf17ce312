import { describe, expect, it } from '@jest/globals';
import { deliveriesOf } from './system-board.js';

describe('the balance of deliveries', () => {
  it('is changes = delivered + not shared + pending + failed', () => {
    const byState = { written: 3, pickedUp: 2, confirmed: 5, notShared: 7, noRecord: 1, waiting: 4, rejected: 2 };
    expect(deliveriesOf({ byState, retrying: 1, answered: 6 }, 6)).toMatchObject({ changes: 24, delivered: 10, notShared: 8, pending: 4, failed: 2, balanced: true });
  });

  it('counts an entry that a target has no line for as pending', () => {
    expect(deliveriesOf({ byState: { notShared: 2 }, retrying: 0, answered: 2 }, 5)).toMatchObject({ changes: 5, pending: 3, balanced: true });
    expect(deliveriesOf(undefined, 2)).toMatchObject({ changes: 2, pending: 2, balanced: true });
  });

  it('breaks on a state nobody counts, and on more answers than there are entries', () => {
    expect(deliveriesOf({ byState: { lost: 1, waiting: 1 }, retrying: 0, answered: 0 }, 0).balanced).toBe(false);
    expect(deliveriesOf({ byState: { notShared: 3 }, retrying: 0, answered: 3 }, 2).balanced).toBe(false);
  });
});
