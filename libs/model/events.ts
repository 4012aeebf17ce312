import type { EntityId } from '#libs/kernel/ids';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { AnySourceRecord } from './source-record.js';

/** Topics of the log. Each event is a CloudEvents 1.0 envelope whose `data` is sealed by the publisher. */
export const TOPIC = {
  sourceRecordAccepted: 'yici.source-record.accepted.v1',
  command: 'yici.command.v1',
  goldenRecordChanged: 'yici.golden-record.changed.v1',
  targetKeyMinted: 'yici.target-key.minted.v1',
  deadLetter: 'yici.dead-letter.v1',
} as const;

/** The group that works out who is who: what it has read, the store tells. */
export const RESOLUTION_GROUP = 'resolution';

export type Topic = (typeof TOPIC)[keyof typeof TOPIC];

/** Keyed by record ref. */
export interface SourceRecordAccepted {
  record: AnySourceRecord;
  /** Entry that this record is, when `record.system` is `hub`. */
  entryId?: string;
}

/** Keyed by record ref (of the first record it names). */
export type Command =
  | { kind: 'entry'; entryId: string; record: AnySourceRecord; /** The worker picked this record's person first. */ linkTo?: RecordKey; actor: string }
  | { kind: 'link' | 'noLink'; decisionId: string; records: RecordKey[]; actor: string; reason?: string }
  /** The answer to a dispute: a record of the hub that settles one field of the person the dispute is about. */
  | { kind: 'settlement'; disputeId: string; record: AnySourceRecord; linkTo: RecordKey; actor: string }
  | { kind: 'revoke'; decisionId: string; revokes: string; actor: string; reason?: string }
  /** Read or write what a dead letter holds once more; for intake and fan-out, resolution leaves it. */
  | { kind: 'replay'; deadLetterId: string; actor: string };

/** Keyed by entity id. Carries no values: a consumer reads the store, so that it never acts on an outdated value. */
export interface GoldenRecordChanged {
  entityId: EntityId;
  recordType: RecordType;
  version: number;
  /** Canonical paths whose winning value changed; empty for a change of membership alone, and of an initial event. */
  changed: string[];
  kind: 'created' | 'updated' | 'merged' | 'split' | 'retired';
  mergedInto?: EntityId;
  /** Record keys that caused it; deliveries of one entry are found by it. */
  causes: RecordKey[];
  /** From a bulk load: delivered only through a first connection. */
  initial: boolean;
  /** Only what readers of these restricted facets may see has changed: nobody else is to hear that anything did. */
  scopes?: string[];
  /** The steward's decision that caused it. */
  decisionId?: string;
}

/** A target created a record for us and named its key; resolution adds the record to the crosswalk. Keyed by entity id. */
export interface TargetKeyMinted {
  system: string;
  recordType: RecordType;
  naturalKey: string;
  ownRef: string;
  entityId: EntityId;
  /** What we wrote there, as a source record whose every field is marked hub-origin. */
  record: AnySourceRecord;
}

export interface DeadLetterRaised {
  id: string;
  system: string;
  recordType: string;
  code: string;
  stage: string;
}
