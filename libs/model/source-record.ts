import type { RecordType } from '#libs/kernel/record-key';
import type { BodyByType } from './bodies.js';

/** A doubt about one field: kept, shown, and the value not used. */
export interface QualityIssue {
  /** Canonical path, e.g. `birthDate`, `relatives.mother.citizenId`. */
  field: string;
  /** Stable code, e.g. `YICI_VALUE_UNKNOWN_CODE`. */
  code: string;
  /** What the source wrote (sealed with the record). */
  raw?: string;
}

/** Where the bytes came from: a file's digest or a stream's name, and the position in it (row number from 1, or offset). */
export interface Origin {
  source: string;
  position: number;
}

/** The answer to a dispute: this record states one field in the name of the department that settled it. */
export interface Settlement {
  dispute: string;
  /** Canonical path; the record says nothing else. */
  field: string;
  /** The system of the department: the record stands where its own word would, and goes where its word may go. */
  system: string;
  /** The value found wrong. */
  over?: unknown;
}

/** One system's version of a thing, immutable per version. */
export interface SourceRecord<T extends RecordType = RecordType> {
  system: string;
  recordType: T;
  naturalKey: string;
  /** The source's own order among versions of this key; compared as strings by code unit. Never arrival. */
  order: string;
  /** When the source says this became so (ISO 8601 with offset); absent when it does not say. */
  sourceTime?: string;
  /** When intake read it; for a snapshot without time, the snapshot's time, stamped once. ISO 8601. */
  observedAt: string;
  /** `withdrawn`: its system took it back; it stays in the crosswalk, marked. */
  state: 'current' | 'withdrawn';
  /** Obvious test row: kept apart, never linked to a person. */
  test?: boolean;
  body: BodyByType[T];
  /** Raw text by canonical path where it differs from the canonical value. */
  raw?: Record<string, string>;
  issues?: QualityIssue[];
  origin: Origin;
  /** Source's own field values of this record by legacy column, for differences on write-back (never `never:` columns). */
  legacy?: Record<string, string>;
  /** Fields that only repeat what the hub wrote: no evidence, win nothing. */
  hubOrigin?: string[];
  /**
   * What the record's own system said in those fields before the hub wrote over them, by canonical path: it still tells who this is, or our own
   * write would take a record the evidence that it was linked by. Wins nothing.
   */
  ownValues?: Record<string, unknown>;
  settles?: Settlement;
}

export type AnySourceRecord = SourceRecord<'person'> | SourceRecord<'household'> | SourceRecord<'dwelling'>;
