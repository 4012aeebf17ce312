import { describe, expect, it } from '@jest/globals';
import { stateReason, systemState } from './board-words.js';

describe('the state of a system on the board', () => {
  it('tells a system that does not answer from one that nobody set up', () => {
    expect(systemState('disabled', 'YICI_SOURCE_UNREACHABLE')).toBe('notReached');
    expect(systemState('disabled', 'YICI_SOME_NEW_FAULT')).toBe('notReached');
    expect(systemState('disabled', 'YICI_CONNECTOR_SECRET_MISSING')).toBe('disabled');
    expect(systemState('disabled', 'YICI_CERTIFICATE_REFUSED')).toBe('notReached');
    expect(systemState('disabled', 'YICI_CA_FILE_UNREADABLE')).toBe('disabled');
    expect(systemState('stopped', 'YICI_LIVE_SCHEMA_DRIFT')).toBe('stopped');
    expect(systemState('running', null)).toBe('running');
    expect(systemState(undefined, null)).toBe('waiting');
  });

  it.each(['YICI_CERTIFICATE_REFUSED', 'YICI_FILE_CERTIFICATE_WRONG', 'YICI_REDIRECT_REFUSED', 'YICI_ANSWER_TOO_LARGE', 'YICI_SOURCE_SHRUNK', 'YICI_FILE_SHRUNK', 'YICI_DATABASE_LOGIN', 'YICI_SOURCE_BUSY'])('%s has words of its own', (code) => {
    expect(stateReason(code, 'x')!.zh).not.toBe(stateReason('YICI_SOME_NEW_FAULT', 'x')!.zh);
  });

  it('has words in both languages for every code, also for one it does not know', () => {
    expect(stateReason(null, null)).toBeUndefined();
    expect(stateReason('YICI_SOURCE_UNREACHABLE', 'The exchange database does not answer.')).toEqual({ zh: '对方系统没有响应，会自动重试', en: 'The exchange database does not answer.' });
    expect(stateReason('YICI_SOME_NEW_FAULT', null)).toEqual({ zh: expect.stringMatching(/\p{Script=Han}/u), en: 'YICI_SOME_NEW_FAULT' });
  });
});
