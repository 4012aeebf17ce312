import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { YiciError } from '#libs/kernel/errors';
import type { Batch, Log, RunningSubscription } from './log.js';
import { LOG_TRANSPORT, LogBatchContext, type LogHandlerOptions } from './log-batches.js';

interface Registered {
  topic: string;
  options: LogHandlerOptions;
  handle: MessageHandler;
}

/**
 * Nest's transport over the log port: every `@LogBatches` method becomes one subscription whose payload is a batch.
 * Nest's own Kafka server hands over single messages and retries a poisoned one for ever.
 * ```
 * app.connectMicroservice({ strategy: new LogTransport(log) });
 * await app.startAllMicroservices();
 * ```
 */
export class LogTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = LOG_TRANSPORT;
  /** We wait for the handler and the log acts on its failure; Nest need not report it. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly registered: Registered[] = [];
  private readonly running: RunningSubscription[] = [];

  constructor(private readonly log: Log) {
    super();
  }

  /** Kept as a list: Nest's map would join two groups that read one topic into one handler. */
  override addHandler(pattern: unknown, handle: MessageHandler, _isEvent?: boolean, extras?: Record<string, unknown>): void {
    const options = extras?.['log'] as LogHandlerOptions | undefined;
    if (typeof pattern !== 'string' || !options) {
      throw new YiciError({
        code: 'YICI_LOG_HANDLER_UNMARKED', stage: 'config', severity: 'fatal', message: 'A handler of the log lacks its topic or group.',
        fix: 'Mark it with @LogBatches(topic, { group }).',
      });
    }
    this.registered.push({ topic: pattern, options, handle });
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const { topic, options, handle } of this.registered) {
        this.running.push(await this.log.subscribe({ topics: [topic], ...options, handler: (batch, signal) => deliver(handle, batch, signal) }));
      }
      callback();
    } catch (error) {
      await this.close();
      callback(error);
    }
  }

  /** Lets running batches end. The log itself is closed by who opened it. */
  async close(): Promise<void> {
    await Promise.all(this.running.splice(0).map((s) => s.close()));
  }

  on(): void {
    throw new Error('The log has no events of its own to listen to.');
  }

  unwrap<T>(): T {
    return this.log as T;
  }
}

async function deliver(handle: MessageHandler, batch: Batch, signal: AbortSignal): Promise<void> {
  const result: unknown = await handle(batch, new LogBatchContext([signal]));
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}
