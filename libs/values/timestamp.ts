import { isRealDate } from './calendar.js';

/** How a source writes a moment. Local formats are China Standard Time (+08:00); `iso` carries its own offset. */
export type TimestampFormat = 'yyyyMMddHHmmss' | 'yyyy-MM-dd HH:mm:ss' | 'iso';

const COMPACT = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;
const COMPACT_DAY = /^(\d{4})(\d{2})(\d{2})$/;
const SPACED = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?$/;
const SHANGHAI_MS = 8 * 3_600_000;
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * Reads a moment as ISO 8601 with offset +08:00, to the second (to the millisecond where the source gives them), so that
 * moments of different sources compare as strings. A bare date is its midnight. Undefined when empty, impossible or in no
 * known shape; the shape decides, the format only names what is expected.
 */
export function readTimestamp(raw: string, format: TimestampFormat): string | undefined {
  const text = raw.trim();
  if (text === '') return undefined;
  if (format === 'iso' || text.length > 19) return zoned(text) ?? local(text);
  return local(text) ?? zoned(text);
}

function local(text: string): string | undefined {
  const p = COMPACT.exec(text) ?? SPACED.exec(text) ?? COMPACT_DAY.exec(text);
  if (p === null) return undefined;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = p;
  if (!isRealDate(+year, +month, +day) || +hour > 23 || +minute > 59 || +second > 59) return undefined;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${hour.padStart(2, '0')}:${minute}:${second}+08:00`;
}

function zoned(text: string): string | undefined {
  if (!ZONED.test(text)) return undefined;
  if (text.endsWith('+08:00') && text.length === 25) return local(text.slice(0, 19));
  const millis = Date.parse(text);
  if (Number.isNaN(millis)) return undefined;
  const iso = new Date(millis + SHANGHAI_MS).toISOString();
  return `${iso.endsWith('.000Z') ? iso.slice(0, 19) : iso.slice(0, 23)}+08:00`;
}
