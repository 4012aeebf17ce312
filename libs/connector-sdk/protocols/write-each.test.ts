import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { YiciError } from '#libs/kernel/errors';
import type { ItemAnswer, OutgoingItem } from '../target-channel.js';
import { writeEach } from './write-each.js';

const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((ref): OutgoingItem => ({ ref, recordType: 'person', naturalKey: ref, columns: {}, plannedAt: new Date(0) }));
const away = new YiciError({ code: 'YICI_TARGET_UNREACHABLE', stage: 'sending', retriable: true, message: 'Away.', fix: 'Wait.' });
const accepted: ItemAnswer = { outcome: 'accepted' };
const outcomes = (answers: readonly ItemAnswer[]): string => answers.map((a) => a.outcome).join(' ');

describe('a call an item', () => {
  it('has so many under way at once, in their order, and answers in it', async () => {
    const begun: string[] = [];
    let now = 0;
    let most = 0;
    const answers = await writeEach(items, 3, async ({ ref }) => {
      begun.push(ref);
      most = Math.max(most, ++now);
      // The later ones are the quicker.
      await sleep(20 - 3 * begun.length);
      now -= 1;
      return { outcome: 'accepted', token: ref };
    });
    expect([most, begun.join('')]).toEqual([3, 'abcdef']);
    expect(answers).toEqual(items.map(({ ref }) => ({ outcome: 'accepted', token: ref })));
  });

  it('keeps what was answered when the target goes away, blames the item that met it and no other', async () => {
    const answers = await writeEach(items, 2, ({ ref }) => (ref === 'c' ? sleep(10).then(() => Promise.reject(away)) : sleep(ref === 'd' ? 50 : 5, accepted)));
    expect(outcomes(answers)).toBe('accepted accepted failed accepted unreached unreached');
    expect(answers[2]).toEqual({ outcome: 'failed', detail: 'YICI_TARGET_UNREACHABLE' });
  });

  it('throws when nobody was answered, having asked no more than once each way', async () => {
    let calls = 0;
    await expect(writeEach(items, 2, () => Promise.reject((calls += 1, away)))).rejects.toBe(away);
    expect(calls).toBe(2);
  });

  it('hides no fault of its own behind an answer', async () => {
    await expect(writeEach(items, 2, ({ ref }) => (ref === 'b' ? Promise.reject(new TypeError('ours')) : Promise.resolve(accepted)))).rejects.toThrow('ours');
  });

  it('of nothing is nothing', async () => {
    expect(await writeEach([], 4, () => Promise.reject(away))).toEqual([]);
  });
});
