import type { Log } from '#libs/bus/log';
import type { Metrics } from '#libs/platform/metrics';

/** Messages that lie before each of these groups, worked out when the metrics are asked for. A log that does not answer leaves the last figure. */
export function showLag(metrics: Metrics, log: Log, groups: ReadonlyMap<string, readonly string[]>): void {
  const gauge = metrics.gauge('yici_log_lag_messages', 'Messages on the log that a consumer group of this process has not read yet.', ['group'], async () => {
    await Promise.allSettled([...groups].map(async ([group, topics]) => {
      const positions = await log.positions(group, topics);
      gauge.set({ group }, positions.reduce((n, p) => n + Math.max(0, Number(BigInt(p.end) - BigInt(p.committed))), 0));
    }));
  });
}
