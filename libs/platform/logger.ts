import { pino, type DestinationStream } from 'pino';
import { YiciError } from '#libs/kernel/errors';

/** Ids, codes and counts that go with an event; never a name, number, address or raw row. */
export type LogFields = Record<string, string | number | boolean | bigint | null | undefined | readonly string[]>;

/** Structured log: an event name (`relay.published`) and ids. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, error?: unknown): void;
  error(event: string, fields?: LogFields, error?: unknown): void;
  child(fields: LogFields): Logger;
}

/** Field names that would hold personal values; a caller's mistake is blanked, not printed. */
const FORBIDDEN = [
  'name', 'formerNames', 'citizenId', 'identCard', 'phone', 'phones', 'address', 'birthDate', 'raw', 'row', 'body', 'value', 'legacy',
  'naturalKey', 'recordKey', 'password', 'secret', 'token', 'authorization', 'url', 'sealed',
];

export interface LoggerOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  destination?: DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const root = pino({
    level: options.level,
    base: { app: 'yici' },
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: FORBIDDEN, censor: '[withheld]' },
  }, options.destination ?? pino.destination({ dest: 2, sync: true }));
  return wrap(root);
}

/** Discards everything: for tests and for the terminal board. */
export const silentLogger: Logger = {
  debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silentLogger,
};

function wrap(p: pino.Logger): Logger {
  return {
    debug: (event, fields) => p.debug(fields ?? {}, event),
    info: (event, fields) => p.info(fields ?? {}, event),
    warn: (event, fields, error) => p.warn({ ...fields, ...describeError(error) }, event),
    error: (event, fields, error) => p.error({ ...fields, ...describeError(error) }, event),
    child: (fields) => wrap(p.child(fields)),
  };
}

function describeError(error: unknown): LogFields {
  if (error === undefined) return {};
  if (error instanceof YiciError) {
    return { code: error.code, stage: error.stage, reason: scrub(error.message), ...cause(error.cause) };
  }
  if (!(error instanceof Error)) return { reason: 'unknown failure' };
  const code = (error as { code?: unknown }).code;
  return { errorType: error.name, errorCode: typeof code === 'string' ? code : undefined, reason: scrub(error.message), at: frames(error) };
}

function cause(error: unknown): LogFields {
  if (!(error instanceof Error)) return {};
  return { cause: scrub(error.message), at: frames(error) };
}

/** The stack without its first line, which repeats the message. */
function frames(error: Error): string {
  return (error.stack ?? '').split('\n').filter((l) => l.startsWith('    at ')).slice(0, 6).map((l) => l.slice(7)).join(' < ');
}

/** Foreign messages may quote values (PostgreSQL: `invalid input syntax … "…"`): quoted parts, long digits and Han go. */
function scrub(text: string): string {
  return text.replace(/"[^"]*"/g, '"…"').replace(/\d[\dXx ]{5,}/g, '#').replace(/\p{Script=Han}+/gu, '…').slice(0, 500);
}
