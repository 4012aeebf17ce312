import { encodeEvent, type EventData } from '#libs/bus/cloud-event';
import type { Log, LogMessage } from '#libs/bus/log';
import { sha256Hex } from '#libs/kernel/hashing';
import { TOPIC, type DeadLetterRaised, type TargetKeyMinted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Sealing } from '#libs/platform/sealing';
import type { FanoutStore } from './fanout-store.js';
import type { FanoutNews } from './target-sender.js';

/** Publishes what fan-out learns from targets. */
export class LogNews implements FanoutNews {
  constructor(private readonly log: Pick<Log, 'publish'>, private readonly sealing: Sealing, private readonly store: FanoutStore) {}

  async minted(events: readonly TargetKeyMinted[]): Promise<void> {
    // The id is of the fact, not of the telling: a key told twice is one event to the inbox.
    await this.log.publish(TOPIC.targetKeyMinted, events.map((e) => this.message(TOPIC.targetKeyMinted, e.entityId, `minted-${e.system}-${e.ownRef}`, e)));
  }

  async readBack(records: readonly AnySourceRecord[]): Promise<void> {
    await this.log.publish(TOPIC.sourceRecordAccepted, records.map((record) => {
      const key = this.store.refOf(record).toString('hex');
      return this.message(TOPIC.sourceRecordAccepted, key, `read-${sha256Hex(`${key} ${record.order} ${record.observedAt}`).slice(0, 32)}`, { record });
    }));
  }

  async deadLetters(raised: readonly DeadLetterRaised[]): Promise<void> {
    await this.log.publish(TOPIC.deadLetter, raised.map((letter) => this.message(TOPIC.deadLetter, letter.id, letter.id, letter)));
  }

  private message<T extends keyof EventData>(type: T, key: string, id: string, data: EventData[T]): LogMessage {
    return { key, value: encodeEvent(this.sealing, { id, type, source: '/fanout', time: new Date(this.store.clock.now()).toISOString(), data }) };
  }
}
