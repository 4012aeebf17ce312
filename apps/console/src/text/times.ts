import type { Language } from './fill.js';

const ZONE = 'Asia/Shanghai';
const LOCALE = { zh: 'zh-CN', en: 'en-GB' } as const;

/** 2026-04-01 09:05, in China's time whatever the browser's. */
export function minuteOf(iso: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** 2026-04-01 */
export function dayOf(iso: string): string {
  return minuteOf(iso).slice(0, 10);
}

/** Midnight in China is a day and no time: 2026-04-01; else 2026-04-01 09:05. */
export function momentOf(iso: string): string {
  const minute = minuteOf(iso);
  return minute.endsWith(' 00:00') ? minute.slice(0, 10) : minute;
}

/** 09:05:07 */
export function secondOf(iso: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(iso));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** 3 分钟前 / 3 minutes ago; older than a week: the day. A clock that is a little ahead makes no future. */
export function agoOf(iso: string, now: number, language: Language): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds > 7 * 86_400) return dayOf(iso);
  const [unit, size] = STEPS.find(([, s]) => seconds >= s) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(LOCALE[language], { numeric: 'auto', style: language === 'zh' ? 'long' : 'short' }).format(-Math.floor(seconds / size), unit);
}

/** Today in China, yyyy-mm-dd. */
export function todayInChina(now: number): string {
  return dayOf(new Date(now).toISOString());
}
