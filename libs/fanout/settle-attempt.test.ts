import { describe, expect, it } from '@jest/globals';
import type { ItemAnswer } from '#libs/connector-sdk/target-channel';
import type { Attempt } from './plan-attempt.js';
import { settle } from './settle-attempt.js';

const attempt = (attempts: number): Attempt => ({ delivery: { id: 'd', target: 'grid', attempts }, payload: { paths: [] } }) as unknown as Attempt;
const of = (answer: ItemAnswer, attempts: number) => settle(attempt(attempts), answer, 0, 1);

describe('what an answer means for its delivery', () => {
  it('a target that went away before it is no attempt: it waits, however often that happened', () => {
    expect(of({ outcome: 'unreached' }, 19)).toEqual({ id: 'd', state: 'waiting', reasonCode: 'retrying', attempted: false, nextAttemptAt: new Date(500) });
  });

  it('the twentieth failure of its own ends it as a dead letter', () => {
    expect(of({ outcome: 'failed', detail: 'HTTP 500' }, 18)).toMatchObject({ state: 'waiting', reason: 'HTTP 500' });
    expect(of({ outcome: 'failed', detail: 'HTTP 500' }, 19)).toMatchObject({ state: 'rejected', dead: { code: 'YICI_SENDING_GAVE_UP' } });
  });
});
