import type { NewDelivery } from './delivery.js';
import type { FanoutStore } from './fanout-store.js';
import { planLines, type LineContext, type PlannedLine } from './plan-lines.js';

/** One record of a target that lacks something, and the delivery that will bring it. */
export interface DueDelivery {
  line: PlannedLine;
  naturalKey: string;
  delivery: NewDelivery;
}

/** What the target's records of one entity lack now; each delivery is worked out anew when it is written. */
export function dueDeliveries(store: FanoutStore, context: LineContext, cause: string): DueDelivery[] {
  const { target, members: { entityId, recordType, version } } = context;
  return planLines(context, {}).flatMap((line): DueDelivery[] => {
    const { naturalKey } = line;
    if (line.state !== 'waiting' || naturalKey === undefined) return [];
    return [{
      line, naturalKey,
      delivery: {
        target: target.id, recordType, targetRef: store.refOf({ system: target.id, recordType, naturalKey }),
        entityId, entityVersion: version, cause, action: line.action, state: 'waiting', due: true, ...(line.tickets !== undefined && { payload: { tickets: line.tickets } }),
      },
    }];
  });
}
