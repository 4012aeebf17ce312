import type pg from 'pg';
import type { Logger } from '#libs/platform/logger';
import { SessionLocks } from '#libs/platform/session-locks';
import type { TargetSender } from './target-sender.js';

/** Class of the advisory lock that makes one process at a time the sender of a target; order per target key rests on it. */
const SENDER_LOCK = 0x6661_6e6f;
const IDLE_MS = 1000;
const ACKNOWLEDGED_MS = 2000;

/** Keeps one target's sender at work: wakes when something is due, and holds the target's lock while it runs. */
export class SenderLoop {
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private readonly locks: SessionLocks;
  private rouse: (() => void) | undefined;
  private woken = false;
  private lastAsked = 0;

  constructor(private readonly sender: TargetSender, pool: pg.Pool, private readonly logger: Logger) {
    this.locks = SessionLocks.of(pool);
    this.running = this.run();
  }

  /** Something may be due now. */
  wake(): void {
    this.woken = true;
    this.rouse?.();
  }

  /** Lets the running call end, then gives up the lock. */
  async close(): Promise<void> {
    this.stop.abort();
    this.rouse?.();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      let busy = false;
      this.woken = false;
      try {
        if (await this.holdsLock()) busy = (await this.sender.sendDue(this.stop.signal)) > 0 || (await this.acknowledged());
      } catch (error) {
        this.logger.error('fanout.senderFailed', { target: this.sender.target.id }, error);
      }
      if (!busy && !this.woken) await this.sleep(Math.max(IDLE_MS, this.sender.pauseMs()));
    }
    await this.locks.release(SENDER_LOCK, this.sender.target.id);
  }

  private async acknowledged(): Promise<boolean> {
    const now = performance.now();
    if (now - this.lastAsked < ACKNOWLEDGED_MS) return false;
    this.lastAsked = now;
    return (await this.sender.lookForAcknowledged(this.stop.signal)) > 0;
  }

  /** One process at a time; the locks of all targets are on one connection, so that no slow target keeps one from the others. */
  private async holdsLock(): Promise<boolean> {
    const { id } = this.sender.target;
    return this.locks.holds(SENDER_LOCK, id) || this.locks.take(SENDER_LOCK, id);
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.rouse = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.stop.signal.aborted || this.woken) this.rouse();
    });
    this.rouse = undefined;
  }
}
