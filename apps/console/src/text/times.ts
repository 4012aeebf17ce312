import type { Language } from './fill.js';

const ZONE = 'Asia/Shanghai';
const LOCALE = { zh: 'zh-CN', en: 'en-GB' } as const;
const MINUTES = {
  zh: new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, dateStyle: 'long', timeStyle: 'short' }),
  en: new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, dateStyle: 'medium', timeStyle: 'short' }),
};
const DAYS = { zh: new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, dateStyle: 'long' }), en: new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, dateStyle: 'medium' }) };
const CLOCK = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit' });
const ISO_DAY = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' });

/** 2026年4月1日 09:05, 1 Apr 2026, 09:05: in China's time whatever the browser's. */
export function minuteOf(iso: string, language: Language): string {
  return MINUTES[language].format(new Date(iso));
}

/** 2026年4月1日, 1 Apr 2026 */
export function dayOf(iso: string, language: Language): string {
  return DAYS[language].format(new Date(iso));
}

/** Midnight in China is a day and no time: 2026年4月1日; else 2026年4月1日 09:05. */
export function momentOf(iso: string, language: Language): string {
  return secondOf(iso) === '00:00:00' ? dayOf(iso, language) : minuteOf(iso, language);
}

/** 09:05:07 */
export function secondOf(iso: string): string {
  return CLOCK.format(new Date(iso));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** 3 分钟前 / 3 minutes ago; older than a week: the day. A clock that is a little ahead makes no future. */
export function agoOf(iso: string, now: number, language: Language): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds > 7 * 86_400) return dayOf(iso, language);
  const [unit, size] = STEPS.find(([, s]) => seconds >= s) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(LOCALE[language], { numeric: 'auto', style: language === 'zh' ? 'long' : 'short' }).format(-Math.floor(seconds / size), unit);
}

/** The day in China as data writes it, yyyy-mm-dd. */
export function isoDayOf(time: number | string): string {
  return ISO_DAY.format(new Date(time));
}
