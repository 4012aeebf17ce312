import type { OnApplicationShutdown } from '@nestjs/common';
import type { Account } from '#libs/access/account';
import type { Logger } from '#libs/platform/logger';
import type { SystemBoard, SystemBoardReader } from './system-board.js';

const SHORTEST_PAUSE_MS = 1000;
/** Counting a large city takes its time: the board takes at most a tenth of it. */
const REST = 9;

type Listener = (board: SystemBoard) => void;

/** Those who watch with the same scope share one reading. */
interface Watch {
  account: Account;
  listeners: Set<Listener>;
  timer?: NodeJS.Timeout;
  last?: { text: string; board: SystemBoard };
}

/** Tells the board to whoever watches it: once a second at most, only when something changed, and reads nothing while nobody does. */
export class BoardFeed implements OnApplicationShutdown {
  private readonly watches = new Map<string, Watch>();
  private readonly reading = new Set<Promise<void>>();
  private closed = false;

  constructor(
    private readonly boards: Pick<SystemBoardReader, 'read' | 'scopeOf'>,
    private readonly logger: Logger,
  ) {}

  /** Calls with the board as it stands, then after every change; returns the function that ends it. */
  watch(account: Account, listener: Listener): () => void {
    const scope = this.boards.scopeOf(account);
    const known = this.watches.get(scope);
    const watch = known ?? { account, listeners: new Set() };
    watch.listeners.add(listener);
    if (known === undefined) {
      this.watches.set(scope, watch);
      this.read(watch);
    } else if (watch.last !== undefined) listener(watch.last.board);
    return () => {
      watch.listeners.delete(listener);
      if (watch.listeners.size > 0 || this.watches.get(scope) !== watch) return;
      clearTimeout(watch.timer);
      this.watches.delete(scope);
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    for (const watch of this.watches.values()) clearTimeout(watch.timer);
    this.watches.clear();
    await Promise.all(this.reading);
  }

  private read(watch: Watch): void {
    const started = performance.now();
    const done = this.boards.read(watch.account)
      .then((board) => this.tell(watch, board))
      .catch((error: unknown) => this.logger.warn('board.readFailed', {}, error))
      .finally(() => {
        this.reading.delete(done);
        if (this.closed || watch.listeners.size === 0) return;
        watch.timer = setTimeout(() => this.read(watch), Math.max(SHORTEST_PAUSE_MS, (performance.now() - started) * REST));
      });
    this.reading.add(done);
  }

  private tell(watch: Watch, board: SystemBoard): void {
    const text = JSON.stringify(board);
    if (watch.last?.text === text) return;
    watch.last = { text, board };
    for (const listener of watch.listeners) listener(board);
  }
}
