import type { Metrics } from '#libs/platform/metrics';
import { DRIFT_KINDS } from './drift-store.js';
import type { FanoutStore } from './fanout-store.js';

/** Drift as the last comparison of each target found it, read when the page of metrics is asked for. */
export function measureDrift(metrics: Metrics, store: FanoutStore): void {
  const records = metrics.gauge('yici_fanout_drift_records', 'Records that differ between a target and the hub, by kind.', ['target', 'kind'], async () => {
    const counts = await store.drift.counts();
    records.reset();
    age.reset();
    for (const target of new Set(counts.map((c) => c.target))) {
      for (const kind of DRIFT_KINDS) {
        const found = counts.find((c) => c.target === target && c.kind === kind);
        records.set({ target, kind }, found?.records ?? 0);
        if (found !== undefined) age.set({ target, kind }, (store.clock.now() - found.oldest.getTime()) / 1000);
      }
    }
  });
  const age = metrics.gauge('yici_fanout_drift_age_seconds', 'Age of the oldest drift of a target, by kind.', ['target', 'kind']);
}
