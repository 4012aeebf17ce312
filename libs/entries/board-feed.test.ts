import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Account } from '#libs/access/account';
import { silentLogger } from '#libs/platform/logger';
import { BoardFeed } from './board-feed.js';
import type { SystemBoard } from './system-board.js';

const account = (facetScopes: Account['facetScopes'] = []): Account => ({ id: 'a', username: 'a', displayName: 'a', role: 'worker', communities: [], facetScopes });

/** A board whose number of open reviews is the only thing that changes. */
class CountingBoard {
  reads = 0;
  reviews = 0;
  failing = false;

  scopeOf(of: Account): string {
    return of.facetScopes.join(' ');
  }

  read(): Promise<SystemBoard> {
    this.reads += 1;
    return this.failing ? Promise.reject(new Error('away')) : Promise.resolve({ systems: [], entities: {}, entries: {}, reviews: this.reviews } as unknown as SystemBoard);
  }
}

describe('the feed of the board', () => {
  afterEach(() => { jest.useRealTimers(); });

  it('reads once for all of one scope, tells changes only, and rests when nobody watches', async () => {
    jest.useFakeTimers();
    const boards = new CountingBoard();
    const feed = new BoardFeed(boards, silentLogger);
    const heard: number[][] = [[], [], []];
    const ends = [account(), account(), account(['party'])].map((a, i) => feed.watch(a, (b) => heard[i]!.push(b.reviews)));
    await jest.advanceTimersByTimeAsync(0);
    expect([boards.reads, heard]).toEqual([2, [[0], [0], [0]]]);
    await jest.advanceTimersByTimeAsync(1000);
    expect([boards.reads, heard[0]]).toEqual([4, [0]]);
    boards.reviews = 5;
    await jest.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual([[0, 5], [0, 5], [0, 5]]);
    ends.forEach((end) => end());
    const reads = boards.reads;
    await jest.advanceTimersByTimeAsync(5000);
    expect(boards.reads).toBe(reads);
    await feed.onApplicationShutdown();
  });

  it('goes on after a store that was away', async () => {
    jest.useFakeTimers();
    const boards = new CountingBoard();
    const feed = new BoardFeed(boards, silentLogger);
    const heard: number[] = [];
    boards.failing = true;
    const end = feed.watch(account(), (b) => heard.push(b.reviews));
    await jest.advanceTimersByTimeAsync(0);
    boards.failing = false;
    await jest.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual([0]);
    end();
    await feed.onApplicationShutdown();
  });
});
