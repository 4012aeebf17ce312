import type { Log } from '#libs/bus/log';
import type { Clock } from '#libs/kernel/clock';
import { Progress, type HealthCheck } from '#libs/platform/health';

/** A group that has messages before it and commits none of them for so long does not work, whatever its connection says. */
const STILL_MS = 60_000;

/** Health of a consumer group by progress: it moves, or has nothing left to read. */
export function groupProgress(log: Log, group: string, topics: readonly string[], clock: Clock): () => Promise<HealthCheck> {
  const progress = new Progress(clock, STILL_MS);
  let before = '';
  return async () => {
    const positions = await log.positions(group, topics);
    const committed = positions.map((p) => p.committed).join(',');
    if (committed !== before || positions.every((p) => BigInt(p.committed) >= BigInt(p.end))) progress.progressed();
    before = committed;
    return progress.check();
  };
}
