import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';

/** Where a golden value came from and why it won. */
export interface Provenance {
  record: RecordKey;
  system: string;
  observedAt: string;
  /** The source's time, which decides recency. */
  trueAt?: string;
  raw?: string;
  /** The dispute whose answer this value is. */
  dispute?: string;
  /** `authority`, `recency`, `onlyValue`, `twoSources`, `settled` … */
  reason: string;
}

export interface GoldenValue<V = unknown> {
  value: V;
  provenance: Provenance;
  /** Values that lost, with theirs. Never empty values. */
  others?: { value: V; provenance: Provenance }[];
  /** For a merged list (phones, relatives …): provenance of each element, in the order of `value`. */
  itemProvenance?: Provenance[];
}

/** Canonical path → winning value. Paths are those of the bodies; facets are `facets.<name>`. */
export type GoldenFields = Record<string, GoldenValue>;

export interface GoldenRecord {
  id: EntityId;
  recordType: RecordType;
  version: number;
  fields: GoldenFields;
  /** Record keys of its members, sorted by UTF-8 bytes. */
  members: RecordKey[];
  /** Household members by person entity, for households. */
  memberEntities?: { person: EntityId; relation?: string; from?: string; to?: string }[];
  /** When this version began to be true at the source, and when the hub learned it. ISO 8601. */
  validFrom: string;
  recordedAt: string;
}
