import type { Log, LogMessage } from '#libs/bus/log';
import { TOPIC } from '#libs/model/events';
import type { ResolutionService } from '#libs/resolution/resolution-service';

/** A transaction of so many records is short enough that a hub beside the load is not held up. */
const BATCH = 500;

/**
 * The log of a load into a store that holds records already: what intake publishes is resolved before it counts as acknowledged.
 * So there is nothing to wait for afterwards, and a load killed halfway goes on behind its watermarks.
 */
export class DirectLog implements Pick<Log, 'publish'> {
  private offset = 0;

  constructor(private readonly resolution: ResolutionService) {}

  async publish(topic: string, messages: readonly LogMessage[]): Promise<void> {
    // Whoever watches dead letters on the log finds them in the store.
    if (topic !== TOPIC.sourceRecordAccepted) return;
    for (let at = 0; at < messages.length; at += BATCH) {
      const delivered = messages.slice(at, at + BATCH).map((m) => ({ ...m, headers: m.headers ?? {}, topic, partition: 0, offset: String(this.offset++) }));
      await this.resolution.handle({ topic, partition: 0, messages: delivered });
    }
  }
}
