import { describe, expect, it } from '@jest/globals';
import { agoOf, dayOf, isoDayOf, minuteOf, momentOf, secondOf } from './times.js';

describe('times', () => {
  it("are China's, wherever the browser is, in the form of the language", () => {
    expect([minuteOf('2026-03-31T16:05:00Z', 'zh'), minuteOf('2026-03-31T16:05:00Z', 'en')]).toEqual(['2026年4月1日 00:05', '1 Apr 2026, 00:05']);
    expect([dayOf('2026-03-31T16:00:00Z', 'zh'), dayOf('2026-03-31T16:00:00Z', 'en')]).toEqual(['2026年4月1日', '1 Apr 2026']);
    expect(secondOf('2026-03-31T16:05:09Z')).toBe('00:05:09');
    expect(isoDayOf('2026-12-31T16:30:00Z')).toBe('2027-01-01');
  });

  it('show a day alone where no time is known', () => {
    expect(momentOf('2026-04-01T00:00:00+08:00', 'zh')).toBe('2026年4月1日');
    expect(momentOf('2026-04-01T00:01:00+08:00', 'zh')).toBe('2026年4月1日 00:01');
  });

  it('are told by their distance, in both languages', () => {
    const now = Date.parse('2026-04-01T12:00:00+08:00');
    const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
    expect([0, 5, 125, 7300].map((s) => agoOf(ago(s), now, 'zh'))).toEqual(['现在', '5秒钟前', '2分钟前', '2小时前']);
    expect(agoOf(ago(125), now, 'en')).toBe('2 min ago');
    expect(agoOf(ago(-30), now, 'zh')).toBe('现在');
    expect(agoOf(ago(30 * 86_400), now, 'zh')).toBe('2026年3月2日');
  });
});
