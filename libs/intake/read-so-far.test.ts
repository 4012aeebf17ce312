import { describe, expect, it } from '@jest/globals';
import type { LogPosition } from '#libs/bus/log';
import { ReadSoFar } from './read-so-far.js';

const at = (partition: number, committed: number, end: number): LogPosition => ({ topic: 't', partition, committed: String(committed), end: String(end), begun: true });

describe('what resolution has read', () => {
  it('is reached when every partition has come to where it ended at the first question, whatever came after', async () => {
    let positions = [at(0, 3, 5), at(1, 9, 9)];
    const read = new ReadSoFar({ positions: () => Promise.resolve(positions) });
    expect(await read.isReached()).toBe(false);
    positions = [at(0, 4, 80), at(1, 9, 70)];
    expect(await read.isReached()).toBe(false);
    positions = [at(0, 5, 90), at(1, 9, 90)];
    expect(await read.isReached()).toBe(true);
  });

  it('is reached on an empty log', async () => {
    expect(await new ReadSoFar({ positions: () => Promise.resolve([at(0, 0, 0)]) }).isReached()).toBe(true);
  });
});
