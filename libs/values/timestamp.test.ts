import { describe, expect, it } from '@jest/globals';
import { readTimestamp } from './timestamp.js';

describe('readTimestamp', () => {
  it.each([
    ['20240512103000', 'yyyyMMddHHmmss', '2024-05-12T10:30:00+08:00'], ['2024-05-12 10:30:00', 'yyyy-MM-dd HH:mm:ss', '2024-05-12T10:30:00+08:00'], ['2024-05-12T10:30:00+08:00', 'iso', '2024-05-12T10:30:00+08:00'],
    ['2024-05-12T02:30:00Z', 'iso', '2024-05-12T10:30:00+08:00'], ['2024-05-12T02:30:00.250Z', 'iso', '2024-05-12T10:30:00.250+08:00'], ['2024-05-12T10:30:00+0900', 'iso', '2024-05-12T09:30:00+08:00'],
    ['20240512', 'yyyyMMddHHmmss', '2024-05-12T00:00:00+08:00'], [' 2024/5/2 9:05 ', 'yyyy-MM-dd HH:mm:ss', '2024-05-02T09:05:00+08:00'], ['2024-05-12T10:30:00', 'iso', '2024-05-12T10:30:00+08:00'],
  ] as const)('%s', (raw, format, expected) => {
    expect(readTimestamp(raw, format)).toBe(expected);
  });

  it.each(['', '不详', '20241340103000', '2024-05-12 25:00:00', '00000000000000', '1715481000'])('%j is none', (raw) => {
    expect(readTimestamp(raw, 'yyyyMMddHHmmss')).toBeUndefined();
  });

  it('reads its own answer', () => {
    const once = readTimestamp('20240512103000', 'yyyyMMddHHmmss') ?? '';
    expect(readTimestamp(once, 'iso')).toBe(once);
  });
});
