import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds, from a millisecond to a minute. */
const DURATION_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

/**
 * The hub's metrics. Names: `yici_<room>_<what>_<unit>`; labels are systems, targets, topics, stages, outcomes: closed sets,
 * never an id or a value. Asking twice for one name gives the same metric, so that rooms need no shared list.
 */
export class Metrics {
  private readonly registry = new Registry();

  /** Process metrics (memory, event loop lag) as well; one hub process, one call. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  counter(name: string, help: string, labelNames: string[] = []): Counter {
    const known = this.registry.getSingleMetric(name);
    return known instanceof Counter ? known : new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** @param collect sets the figures when the page is asked for */
  gauge(name: string, help: string, labelNames: string[] = [], collect?: () => Promise<void>): Gauge {
    const known = this.registry.getSingleMetric(name);
    return known instanceof Gauge ? known : new Gauge({ name, help, labelNames, registers: [this.registry], ...(collect && { collect }) });
  }

  /** A duration in seconds. */
  histogram(name: string, help: string, labelNames: string[] = []): Histogram {
    const known = this.registry.getSingleMetric(name);
    return known instanceof Histogram
      ? known : new Histogram({ name, help, labelNames, buckets: DURATION_BUCKETS, registers: [this.registry] });
  }

  /** The page Prometheus reads. */
  page(): Promise<{ contentType: string; text: string }> {
    return this.registry.metrics().then((text) => ({ contentType: this.registry.contentType, text }));
  }
}
