import type { Acknowledgement, ItemAnswer } from '#libs/connector-sdk/target-channel';
import type { AnySourceRecord, SourceRecord } from '#libs/model/source-record';
import type { TargetKeyMinted } from '#libs/model/events';
import type { Delivery, DeliveryOutcome } from './delivery.js';
import type { Attempt } from './plan-attempt.js';
import { retryDelay } from './retry-delay.js';

/** After so many attempts that failed for one record alone, a person must look: it goes to the dead letters. */
const MOST_ATTEMPTS = 20;

/** So many calls that broke under one write alone, while others were answered: over four minutes at least, by the pauses between them. */
const MOST_UNANSWERED = 10;

export interface Settlement extends DeliveryOutcome {
  /** The delivery ends here and is kept as a dead letter, for a replay. */
  dead?: { code: string; reason: string; attempt: number };
}

/** What an answer means for its delivery. `now` in milliseconds, `random` in [0, 1). */
export function settle(attempt: Attempt, answer: ItemAnswer, now: number, random: number): Settlement {
  const { delivery } = attempt;
  const attempts = delivery.attempts + 1;
  if (answer.outcome === 'accepted') {
    return { id: delivery.id, state: 'written', payload: { ...attempt.payload, ...(answer.naturalKey !== undefined && { key: answer.naturalKey }), ...(answer.token !== undefined && { token: answer.token }) } };
  }
  if (answer.outcome === 'noRecord') return { id: delivery.id, state: 'noRecord', reasonCode: 'noRecordThere', payload: attempt.payload };
  if (answer.outcome === 'refused') {
    return {
      id: delivery.id, state: 'rejected', reasonCode: 'targetRefused', reason: answer.detail, payload: attempt.payload,
      dead: { code: 'YICI_SENDING_REFUSED', reason: refused(delivery.target, answer.detail), attempt: attempts },
    };
  }
  // The target went away before it: no attempt of this delivery, and no mark against it.
  if (answer.outcome === 'unreached') return { id: delivery.id, state: 'waiting', reasonCode: 'retrying', attempted: false, nextAttemptAt: new Date(now + retryDelay(1, random)) };
  if (attempts >= MOST_ATTEMPTS) {
    return {
      id: delivery.id, state: 'rejected', reasonCode: 'targetRefused', reason: `${attempts} attempts`, payload: attempt.payload,
      dead: { code: 'YICI_SENDING_GAVE_UP', reason: `系统 ${delivery.target} 经 ${attempts} 次发送仍未接收。${delivery.target} did not accept the write in ${attempts} attempts.`, attempt: attempts },
    };
  }
  const wait = answer.outcome === 'conflict' ? Math.min(retryDelay(attempts, random), 5000) : retryDelay(attempts, random);
  return {
    id: delivery.id, state: 'waiting', reasonCode: answer.outcome === 'conflict' ? 'conflict' : 'retrying',
    reason: answer.outcome === 'failed' ? answer.detail : undefined, nextAttemptAt: new Date(now + wait),
  };
}

/**
 * What a call that failed as a whole means for one of its deliveries. `own`: it was alone in the call, and the target answered
 * others meanwhile. `pauseMs`: how long the target is left alone. Unless the failure is its own, it waits, however long.
 */
export function settleUnanswered({ delivery, payload }: Attempt, own: boolean, alone: boolean, pauseMs: number, now: number, random: number): Settlement {
  const unanswered = (delivery.payload?.unanswered ?? 0) + (own ? 1 : 0);
  if (unanswered >= MOST_UNANSWERED) {
    const { target, attempts } = delivery;
    const reason = `单独发送此条 ${unanswered} 次，系统 ${target} 均无应答，而同期其他各条均有应答。请与该系统管理员核对此条后重新发送。`
      + `${target} gave no answer to this write in ${unanswered} calls of its own, and answered others meanwhile. Check the record with its administrator, then replay.`;
    return { id: delivery.id, state: 'rejected', reasonCode: 'neverAnswered', payload: { ...payload, unanswered: 0 }, dead: { code: 'YICI_SENDING_UNANSWERED', reason, attempt: attempts + 1 } };
  }
  const wait = Math.max(pauseMs, alone ? retryDelay(unanswered + 1, random) : 0);
  return {
    id: delivery.id, state: 'waiting', reasonCode: 'retrying', attempted: own, nextAttemptAt: new Date(now + wait),
    ...(own && { payload: { ...delivery.payload, unanswered } }),
  };
}

/** For a clerk; the detail names columns and codes, never a value. */
function refused(target: string, detail: string): string {
  return `系统 ${target} 拒绝写入（${detail}）。${target} refused the write (${detail}).`;
}

/** What a late acknowledgement means for its delivery. */
export function settleLater(delivery: Delivery, answer: Acknowledgement): Settlement {
  const which = { id: delivery.id, attempted: false };
  if (answer.outcome === 'pickedUp') return { ...which, state: 'pickedUp' };
  return {
    ...which, state: 'rejected', reasonCode: 'targetRefused', reason: answer.detail, payload: delivery.payload,
    dead: { code: 'YICI_SENDING_REFUSED', reason: refused(delivery.target, answer.detail), attempt: delivery.attempts },
  };
}

/** A lost record whose place another has taken: withdrawn in the hub, as if the target had said so. */
export function withdrawnRecord(record: AnySourceRecord, deliveryId: string, now: number): AnySourceRecord {
  return { ...record, state: 'withdrawn', observedAt: new Date(now).toISOString(), origin: { source: `delivery:${deliveryId}`, position: 0 } };
}

/** What we created there, as a source record whose every field only repeats the hub; any real version of it is newer. */
export function mintedRecord(attempt: Attempt, naturalKey: string, now: number): TargetKeyMinted {
  const body: Record<string, unknown> = {};
  const facets: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(attempt.fields)) {
    if (path.startsWith('facets.')) facets[path.slice('facets.'.length)] = value;
    else body[path] = value;
  }
  if (Object.keys(facets).length > 0) body['facets'] = facets;
  const record: SourceRecord<'person'> = {
    system: attempt.delivery.target, recordType: 'person', naturalKey, order: '', observedAt: new Date(now).toISOString(), state: 'current',
    body: body as AnySourceRecord['body'] as SourceRecord<'person'>['body'], hubOrigin: Object.keys(attempt.fields), origin: { source: `delivery:${attempt.delivery.id}`, position: 0 },
  };
  return { system: attempt.delivery.target, recordType: 'person', naturalKey, ownRef: attempt.item.ref, entityId: attempt.entityId, record };
}
