/** A loop waits here; a wake-up that comes while it works is not lost. For one waiting loop. */
export class WakeUp {
  private due = false;
  private resolve: (() => void) | undefined;

  wake(): void {
    this.due = true;
    this.resolve?.();
  }

  /** Ends at the next wake-up, at once when one came since the last wait, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.due) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.resolve = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
      this.resolve = undefined;
    }
    this.due = false;
  }
}
