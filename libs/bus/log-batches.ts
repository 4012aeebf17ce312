import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { BaseRpcContext, EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { Topic } from '#libs/model/events';
import type { Subscription } from './log.js';

/** Handlers marked with this transport are the log's; other microservices of the same application pass them by. */
export const LOG_TRANSPORT = Symbol('yici.log');

export type LogHandlerOptions = Pick<Subscription, 'group' | 'batchSize' | 'from'>;

/** What `@Ctx()` gives a handler. */
export class LogBatchContext extends BaseRpcContext<[AbortSignal]> {
  /** Aborted when another process has taken the partition: the batch will not be committed. */
  get signal(): AbortSignal {
    return this.getArgByIndex(0);
  }
}

/** Nest's own filter turns every error into "Internal server error"; the log wants the error itself. */
@Catch()
class ErrorsToLog implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Marks a controller's method as reader of a topic for a group. When its promise resolves, the batch is committed; when it
 * rejects, the batch comes again. A method without parameter decorators gets the batch alone.
 * ```
 * \@LogBatches(TOPIC.command, { group: 'resolution' })
 * async commands(\@Payload() batch: Batch, \@Ctx() context: LogBatchContext): Promise<void>
 * ```
 */
export function LogBatches(topic: Topic, options: LogHandlerOptions): MethodDecorator {
  return applyDecorators(EventPattern<string>(topic, LOG_TRANSPORT, { log: options }) as MethodDecorator, UseFilters(ErrorsToLog));
}
