import type { Readable } from 'node:stream';

/** One file of a snapshot, wherever it lies (a city directory, an SFTP drop, an upload). */
export interface SnapshotFile {
  /** File name without folders. */
  name: string;
  bytes: number;
  open(): Readable;
  /** A file beside this one, e.g. `CJR_20260331.OK`; undefined when there is none. */
  beside(name: string): SnapshotFile | undefined;
  /**
   * Of a file that was fetched or uploaded: the date that orders its rows (`yyyymmdd`, `~nnnn` behind it for a later edition of the same
   * name and date), when its system wrote it (ISO 8601), and what it is known by for ever. Absent: by its name, the snapshot and its digest.
   */
  stamp?: FileStamp;
}

export interface FileStamp {
  fileDate: string;
  observedAt: string;
  identity: string;
  /** An export of a later date was read before this one came. */
  outdated?: true;
}

/** Cell values by legacy column. `null`: the source wrote an explicit null (JSON). Structured JSON stays structured. */
export type RowValues = Readonly<Record<string, RowValue>>;
export type RowValue = string | number | boolean | null | readonly RowValue[] | { readonly [key: string]: RowValue };

/**
 * A format reader is `(file, options) => AsyncIterable<RawRow[]>`: it streams a file in batches of at most some hundred rows, memory
 * bounded whatever the file holds, and throws a YiciError for faults of the whole file (`YICI_SNAPSHOT_NOT_READY`,
 * `YICI_SNAPSHOT_SCHEMA_DRIFT`, `YICI_SNAPSHOT_UNREADABLE` …).
 *
 * What a format reader yields for each data row, in file order. `position` counts data rows from 1 (header not counted);
 * over several files of one record type it starts anew in each. `bytes` are the original bytes of the row.
 */
export type RawRow =
  | { kind: 'row'; position: number; bytes: Uint8Array; values: RowValues; /** Columns whose text the format itself saw cut. */ cut?: readonly string[] }
  | { kind: 'void'; position: number; bytes: Uint8Array; /** `deleted`, `total` … */ why: string }
  | { kind: 'dead'; position: number; bytes: Uint8Array; code: string; /** For a clerk; no personal value. */ reason: string };
