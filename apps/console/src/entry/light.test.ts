import { describe, expect, it } from '@jest/globals';
import { lightOf, sumOf } from './light.js';

describe('lights', () => {
  it('burn for every state of a receipt, and never claim what they do not know', () => {
    const states = ['notShared', 'noRecord', 'waiting', 'written', 'pickedUp', 'confirmed', 'rejected'];
    expect(states.map(lightOf)).toEqual(['closed', 'closed', 'open', 'done', 'done', 'done', 'failed']);
    expect(lightOf('somethingNew')).toBe('open');
    expect(sumOf([...states, 'somethingNew'])).toEqual({ closed: 2, open: 2, done: 3, failed: 1 });
  });
});
