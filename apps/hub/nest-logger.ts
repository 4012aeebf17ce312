import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#libs/platform/logger';

/** Nest's own messages in the hub's log: start-up chatter at debug, trouble as it is. They name classes and routes, no values. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug('nest', { text: textOf(message) }),
    debug: () => undefined,
    verbose: () => undefined,
    warn: (message: unknown) => logger.warn('nest.warning', { text: textOf(message) }),
    error: (message: unknown) => logger.error('nest.error', { text: textOf(message) }, message instanceof Error ? message : undefined),
    fatal: (message: unknown) => logger.error('nest.fatal', { text: textOf(message) }, message instanceof Error ? message : undefined),
  };
}

function textOf(message: unknown): string {
  return message instanceof Error ? message.name : String(message).slice(0, 200);
}
