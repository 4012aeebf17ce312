import type { DeliveryOutcome } from './delivery.js';
import type { Attempt } from './plan-attempt.js';

/** A create that waits for another one of the same person looks again after this. */
const LOOK_AGAIN_MS = 500;

/**
 * Of the attempts of one pass those that may go together: one a record, the first of them, and one create a person. A merge
 * brings several deliveries to one record; what is left out here is worked out anew when the first is done, and mostly finds nothing
 * left to write. `first`: the create that may go, by entity id. `now` in milliseconds.
 */
export function oneARecord(attempts: readonly Attempt[], first: ReadonlyMap<string, { id: string; nextAttemptAt: Date }>, now: number): { go: Attempt[]; wait: DeliveryOutcome[] } {
  const go: Attempt[] = [];
  const wait: DeliveryOutcome[] = [];
  const taken = new Set<string>();
  for (const attempt of attempts) {
    const { delivery, item, entityId } = attempt;
    const other = item.naturalKey === undefined ? first.get(entityId) : undefined;
    if (other !== undefined && other.id !== delivery.id) {
      const nextAttemptAt = new Date(Math.max(other.nextAttemptAt.getTime(), now + LOOK_AGAIN_MS));
      wait.push({ id: delivery.id, state: 'waiting', reasonCode: 'createdOnce', attempted: false, nextAttemptAt });
      continue;
    }
    const record = JSON.stringify([item.recordType, item.naturalKey, item.naturalKey === undefined ? entityId : '']);
    if (taken.has(record)) continue;
    taken.add(record);
    go.push(attempt);
  }
  return { go, wait };
}
