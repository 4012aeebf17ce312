import type { Intended } from '#libs/connector-sdk/target-channel';
import type { RecordType } from '#libs/kernel/record-key';
import type { DeliveryState } from '#libs/model/receipt';
import type { PlannedWrite } from './plan-write.js';

export type DeliveryAction = 'update' | 'create' | 'ticket';

/** What is kept, sealed, of what is or was to be written. */
export interface DeliveryPayload {
  /** Kinds of the tickets this delivery is to drop. */
  tickets?: string[];
  /** Canonical paths written, and the columns on the wire. */
  paths?: string[];
  columns?: PlannedWrite['columns'];
  /** Canonical paths that reconciliation found missing there: they are written whatever the hub last read. */
  lost?: string[];
  /** The target's own key of the record written to. */
  key?: string;
  /** How often it broke a call alone while the target answered others. */
  unanswered?: number;
  /** What an attempt whose end is not known was about to make final. */
  intended?: Intended;
  /** What the target acknowledges it by: a file's name, a row of an exchange table. */
  token?: string;
}

export interface NewDelivery {
  target: string;
  recordType: RecordType;
  targetRef: Buffer;
  entityId: string;
  entityVersion: number;
  cause: string;
  action: DeliveryAction;
  state: DeliveryState;
  reasonCode?: string;
  /** Names of columns or codes the reason is about; no personal value. */
  reason?: string;
  /** Attempted at once when set; absent: waits for something else than time. */
  due?: boolean;
  payload?: DeliveryPayload;
}

export interface Delivery extends Omit<NewDelivery, 'due'> {
  id: string;
  attempts: number;
  nextAttemptAt?: Date;
  createdAt: Date;
  changedAt: Date;
}

/** What became of one delivery in one attempt. */
export interface DeliveryOutcome {
  id: string;
  state: DeliveryState;
  reasonCode?: string;
  reason?: string;
  payload?: DeliveryPayload;
  /** When to try again; only for `waiting`. */
  nextAttemptAt?: Date;
  /** False when nothing was tried (already there). Default true. */
  attempted?: boolean;
}
