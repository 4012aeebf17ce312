import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Log } from './log.js';

/** Injection token of the log: `@Inject(LOG) private readonly log: Log`. */
export const LOG = Symbol('yici.log.port');

/** Gives the one log of the process to every module. Who opened the log closes it, after the application. */
@Global()
@Module({})
export class BusModule {
  static with(log: Log): DynamicModule {
    return { module: BusModule, providers: [{ provide: LOG, useValue: log }], exports: [LOG] };
  }
}
