import { describe, expect, it } from '@jest/globals';
import { PushAnswers } from './push-answers.js';

const body = Buffer.from('[1]');

describe('answers by Idempotency-Key', () => {
  it('are given again for the same body, and for no other door', () => {
    const answers = new PushAnswers<string>();
    expect(answers.find('library/readers', 'k', body)).toBeUndefined();
    answers.keep('library/readers', 'k', body, 'taken');
    expect(answers.find('library/readers', 'k', body)).toBe('taken');
    expect(answers.find('library/loans', 'k', body)).toBeUndefined();
  });

  it('refuse a key that came with another body, or is none', () => {
    const answers = new PushAnswers<string>();
    answers.keep('library/readers', 'k', body, 'taken');
    expect(() => answers.find('library/readers', 'k', Buffer.from('[2]'))).toThrow(expect.objectContaining({ code: 'YICI_PUSH_KEY_REUSED' }));
    expect(() => answers.find('library/readers', 'k'.repeat(201), body)).toThrow(expect.objectContaining({ code: 'YICI_PUSH_KEY_MALFORMED' }));
  });

  it('are bounded', () => {
    const answers = new PushAnswers<string>(2);
    for (const key of ['a', 'b', 'c']) answers.keep('d', key, body, key);
    expect(['a', 'b', 'c'].map((k) => answers.find('d', k, body))).toEqual([undefined, 'b', 'c']);
  });
});
