import type { Logger } from './logger.js';

interface Step {
  name: string;
  close: () => Promise<void>;
}

/**
 * Ordered shutdown: what was started last is closed first. Every step has the same time limit; a step that fails or hangs
 * is logged and the next one runs all the same, so that PostgreSQL, started first, is always stopped.
 */
export class Shutdown {
  private readonly steps: Step[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly logger: Logger, private readonly stepLimitMs: number) {}

  /** Call right after a part has started. */
  add(name: string, close: () => Promise<void>): void {
    this.steps.push({ name, close });
  }

  /** Closes everything once; later calls wait for the same end. */
  run(): Promise<void> {
    this.running ??= this.closeAll();
    return this.running;
  }

  /** SIGINT and SIGTERM close in order, then exit; a second signal exits at once. */
  onSignals(exit: (code: number) => void): void {
    const handle = (signal: NodeJS.Signals) => {
      if (this.running) return exit(1);
      this.logger.info('shutdown.signal', { signal });
      void this.run().then(() => exit(0));
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  }

  private async closeAll(): Promise<void> {
    for (const step of this.steps.reverse()) {
      try {
        await this.limited(step);
      } catch (error) {
        this.logger.error('shutdown.stepFailed', { step: step.name }, error);
      }
    }
  }

  private async limited(step: Step): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${step.name} did not close within ${this.stepLimitMs} ms`)), this.stepLimitMs);
    });
    try {
      await Promise.race([step.close(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
