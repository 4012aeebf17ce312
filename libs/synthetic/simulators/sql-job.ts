const EVERY_MS = 500;

/** A job that a system runs for itself, again and again, one run at a time. A run that fails is tried again. */
export class ExchangeJob {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly work: () => Promise<void>) {}

  start(everyMs = EVERY_MS): void {
    this.timer = setInterval(() => {
      this.running ??= this.work().catch(() => undefined).finally(() => (this.running = undefined));
    }, everyMs);
    this.timer.unref();
  }

  /** Lets the run under way end. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
