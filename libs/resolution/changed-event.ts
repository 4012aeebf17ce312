import type { Clock } from '#libs/kernel/clock';
import { uuidv7 } from '#libs/kernel/ids';
import { encodeEvent } from '#libs/bus/cloud-event';
import { TOPIC, type GoldenRecordChanged } from '#libs/model/events';
import type { Sealing } from '#libs/platform/sealing';
import type { OutboxEvent } from '#libs/store/outbox';

/** The announcement of a changed golden record, as the outbox holds it. Keyed by entity, so that its order is kept. */
export function changedEvent(sealing: Sealing, clock: Clock, data: GoldenRecordChanged): OutboxEvent {
  const now = clock.now();
  return {
    topic: TOPIC.goldenRecordChanged, key: data.entityId, initial: data.initial,
    event: encodeEvent(sealing, { id: uuidv7(now), type: TOPIC.goldenRecordChanged, source: '/resolution', time: new Date(now).toISOString(), data }),
  };
}
