import type { SystemBoard } from '#libs/entries/system-board';

/** Growing counts of the board at one moment, in milliseconds since the epoch. */
export interface Sample {
  at: number;
  received: number;
  delivered: number;
}

export interface Bucket {
  /** When it begins. */
  at: number;
  received: number;
  delivered: number;
}

const BUCKET_MS = 5000;
const BUCKETS = 60;

export function sampleOf({ totals }: SystemBoard, at: number): Sample {
  return { at, received: totals.rows.read, delivered: totals.deliveries.delivered };
}

/** Adds a sample and forgets what lies before the window, except the last one there: from it the first step is counted. */
export function withSample(samples: readonly Sample[], next: Sample): Sample[] {
  const from = next.at - BUCKET_MS * (BUCKETS + 1);
  const keepFrom = Math.max(0, samples.findLastIndex((s) => s.at < from));
  return [...samples.slice(keepFrom), next];
}

/** The last five minutes in buckets of five seconds: how much each count grew in each. A count that fell (another hub) grew by nothing. */
export function bucketsOf(samples: readonly Sample[], now: number): Bucket[] {
  const first = (Math.floor(now / BUCKET_MS) - BUCKETS + 1) * BUCKET_MS;
  const buckets = Array.from({ length: BUCKETS }, (_, i): Bucket => ({ at: first + i * BUCKET_MS, received: 0, delivered: 0 }));
  for (let i = 1; i < samples.length; i += 1) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    const bucket = buckets[Math.floor((after.at - first) / BUCKET_MS)];
    if (bucket === undefined) continue;
    bucket.received += Math.max(0, after.received - before.received);
    bucket.delivered += Math.max(0, after.delivered - before.delivered);
  }
  return buckets;
}
