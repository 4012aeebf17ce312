import type { RecordType } from '#libs/kernel/record-key';
import type { RowCounts } from '#libs/store/snapshot-file-store';

/** What a load did; `yici load --json` prints it as its last line. */
export interface LoadResult {
  rows: Record<string, RowCounts>;
  entities: Record<RecordType, number>;
  reviews: number;
  partitionHash: string;
  seconds: Record<string, number>;
  peakRssMiB: number;
  /** Files not read as a whole, with the reason a clerk understands. */
  refused: { system: string; file: string; code: string; reason: string }[];
  /** Files that an earlier load had read already. */
  skipped?: { system: string; file: string }[];
}

/** Where a load stands; `total` is unknown (0) while a file is being read to its end. */
export interface LoadProgress {
  stage: 'decode' | 'resolve' | 'golden' | 'copy' | 'index';
  system?: string;
  done: number;
  total: number;
}

export type OnProgress = (progress: LoadProgress) => void;

/** Adds up wall seconds by stage. */
export class StageTimes {
  readonly seconds: Record<string, number> = {};

  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[stage] = Math.round(((this.seconds[stage] ?? 0) + (performance.now() - start) / 1000) * 1000) / 1000;
    }
  }
}
