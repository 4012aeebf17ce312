import { describe, expect, it } from '@jest/globals';
import { stateReason, systemState } from './board-words.js';

describe('the state of a system on the board', () => {
  it('tells a system that does not answer from one that nobody set up', () => {
    expect(systemState('disabled', 'YICI_SOURCE_UNREACHABLE')).toBe('notReached');
    expect(systemState('disabled', 'YICI_SOME_NEW_FAULT')).toBe('notReached');
    expect(systemState('disabled', 'YICI_CONNECTOR_SECRET_MISSING')).toBe('disabled');
    expect(systemState('stopped', 'YICI_LIVE_SCHEMA_DRIFT')).toBe('stopped');
    expect(systemState('running', null)).toBe('running');
    expect(systemState(undefined, null)).toBe('waiting');
  });

  it('has words in both languages for every code, also for one it does not know', () => {
    expect(stateReason(null, null)).toBeUndefined();
    expect(stateReason('YICI_SOURCE_UNREACHABLE', 'The exchange database does not answer.')).toEqual({ zh: '对方系统没有响应，会自动重试', en: 'The exchange database does not answer.' });
    expect(stateReason('YICI_SOME_NEW_FAULT', null)).toEqual({ zh: expect.stringMatching(/\p{Script=Han}/u), en: 'YICI_SOME_NEW_FAULT' });
  });
});
