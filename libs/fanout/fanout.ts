import type pg from 'pg';
import { decodeEvent, type CloudEvent } from '#libs/bus/cloud-event';
import type { Batch, Log } from '#libs/bus/log';
import type { Connector } from '#libs/connector-sdk/connector';
import { openTarget, type ConnectionParts } from '#libs/connector-sdk/open-target';
import type { TargetChannel } from '#libs/connector-sdk/target-channel';
import { YiciError } from '#libs/kernel/errors';
import { TOPIC, type Topic } from '#libs/model/events';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import type { Sealing } from '#libs/platform/sealing';
import { ChangePlanner } from './change-planner.js';
import { EchoConfirmer } from './echo-confirmer.js';
import type { FanoutStore } from './fanout-store.js';
import { LogNews } from './log-news.js';
import { proposalsOf } from './propose-agreements.js';
import { measureDrift } from './drift-metrics.js';
import { withReadBack } from './read-back.js';
import { Reconciler } from './reconciler.js';
import { Replays } from './replays.js';
import { SenderLoop } from './sender-loop.js';
import { targetOf, type Target } from './target.js';
import { TargetSender } from './target-sender.js';
import { Workbooks } from './workbooks.js';

export interface FanoutParts extends Omit<ConnectionParts, 'clock'> {
  store: FanoutStore;
  log: Log;
  sealing: Sealing;
  connectors: readonly Connector[];
  logger: Logger;
  metrics?: Metrics;
  /** Where intake keeps the files it fetched: what a file system can be compared by. */
  spoolDir?: string;
}

/** Changes kept open for the targets that have not read them yet; a target further behind opens them itself. */
const MOST_OPENED = 5000;

/** An event with the bytes it was opened from. */
interface Opened<T extends Topic> {
  value: Uint8Array;
  event: CloudEvent<T>;
}

/**
 * The whole of fan-out without Nest: one planner a target, one sender a live target. Targets that are not live share one
 * consumer group: nothing is sent to them, so there is nothing to keep apart.
 */
export class Fanout {
  readonly targets: readonly Target[];
  readonly reconciler: Reconciler;
  /** What offices download instead of being written to. */
  readonly workbooks: Workbooks;
  private readonly planners: ReadonlyMap<string, ChangePlanner>;
  private readonly senders = new Map<string, SenderLoop>();
  private readonly channels: TargetChannel[] = [];
  private readonly confirmer: EchoConfirmer;
  private readonly replays: Replays;
  private readonly news: LogNews;
  /** Every target reads every change: each is opened once. By partition and offset, which another log may give to another message. */
  private readonly changed = new Map<string, Opened<typeof TOPIC.goldenRecordChanged>>();

  constructor(private readonly parts: FanoutParts) {
    const { store, connectors } = parts;
    this.targets = connectors.map(targetOf);
    this.workbooks = new Workbooks(store, this.targets, connectors);
    this.planners = new Map(this.targets.map((t) => [t.id, new ChangePlanner(store, t)]));
    this.confirmer = new EchoConfirmer(store, new Set(this.targets.filter((t) => t.live).map((t) => t.id)));
    this.replays = new Replays(store);
    this.reconciler = new Reconciler(parts);
    if (parts.metrics !== undefined) measureDrift(parts.metrics, store);
    this.news = new LogNews(parts.log, parts.sealing, store);
  }

  /** Proposes what the folders propose and sets the senders to work. */
  async start(): Promise<void> {
    const { store, connectors, logger } = this.parts;
    const proposed = await store.unitOfWork.run((tx) => store.agreements.propose(tx, proposalsOf(connectors)));
    if (proposed > 0) logger.info('fanout.agreementsProposed', { agreements: proposed });
    for (const [i, target] of this.targets.entries()) {
      if (!target.live) continue;
      const channel = this.channelOf(connectors[i]!);
      if (channel === undefined) continue;
      const sender = new TargetSender(target, channel, store, this.news, logger);
      this.senders.set(target.id, new SenderLoop(sender, this.pool, logger));
      this.channels.push(channel);
    }
  }

  /** Lets running writes end. */
  async close(): Promise<void> {
    this.confirmer.close();
    await Promise.all([...this.senders.values()].map((s) => s.close()));
    this.senders.clear();
    await Promise.all(this.channels.splice(0).map(async (c) => c.close?.()));
  }

  /** A folder that cannot be connected disables its own target and no other: its deliveries wait. */
  private channelOf(connector: Connector): TargetChannel | undefined {
    const { logger, store } = this.parts;
    try {
      const channel = openTarget(connector, { ...this.parts, clock: store.clock });
      if (channel === undefined) logger.warn('fanout.targetDisabled', { target: connector.id, reason: 'a secret of its folder is missing' });
      return channel && withReadBack(connector, channel, { ...this.parts, clock: store.clock });
    } catch (error) {
      logger.error('fanout.targetDisabled', { target: connector.id }, error);
      return undefined;
    }
  }

  /** Changed golden records, for these targets. */
  async changes(batch: Batch, targetIds: readonly string[]): Promise<void> {
    const messages = await this.open(batch, TOPIC.goldenRecordChanged, this.changed);
    if (messages.length === 0) return;
    for (const id of targetIds) {
      const due = await this.planners.get(id)?.plan(messages);
      if (due !== undefined && due > 0) this.wake(id);
    }
  }

  /** Accepted source records: echoes of our own writes confirm them. */
  async accepted(batch: Batch): Promise<void> {
    const events = await this.open(batch, TOPIC.sourceRecordAccepted);
    await this.confirmer.confirm(events.map((e) => e.data.record));
  }

  /** Replays of dead letters of the sending stage; other commands are for others. */
  async commands(batch: Batch): Promise<void> {
    for (const event of await this.open(batch, TOPIC.command)) {
      if (event.data.kind !== 'replay') continue;
      const target = await this.replays.replay(event.data.deadLetterId);
      if (target !== undefined) this.wake(target);
    }
  }

  /** Something became due at a target (an approval, a replay). */
  wake(target: string): void {
    this.senders.get(target)?.wake();
  }

  private get pool(): pg.Pool {
    return this.parts.store.pool;
  }

  /** Opens a batch; a message that is no event is set aside with its bytes and harms no other. */
  private async open<T extends Topic>(batch: Batch, topic: T, opened?: Map<string, Opened<T>>): Promise<CloudEvent<T>[]> {
    const { store, sealing, logger } = this.parts;
    const events: CloudEvent<T>[] = [];
    for (const message of batch.messages) {
      try {
        const at = `${message.partition} ${message.offset}`;
        const known = opened?.get(at);
        const event = known !== undefined && Buffer.compare(known.value, message.value) === 0 ? known.event : decodeEvent(sealing, topic, message.value);
        events.push(event);
        opened?.set(at, { value: message.value, event });
        if (opened !== undefined && opened.size > MOST_OPENED) opened.delete(opened.keys().next().value!);
      } catch (error) {
        if (!(error instanceof YiciError) || error.retriable) throw error;
        logger.error('fanout.messageSetAside', { topic, partition: message.partition, offset: message.offset }, error);
        const letter = { system: 'hub', recordType: 'unknown', code: error.code, stage: error.stage };
        const [id] = await store.unitOfWork.run((tx) => store.deadLetters.add(tx, [{
          ...letter, reason: error.message, origin: { source: `${topic}/${message.partition}`, position: Number(message.offset) }, bytes: message.value,
        }]));
        if (id !== undefined) await this.news.deadLetters([{ id, ...letter }]).catch((e: unknown) => logger.warn('fanout.deadLettersNotTold', { letters: 1 }, e));
      }
    }
    return events;
  }
}
