import type { RecordType } from '#libs/kernel/record-key';
import type { GoldenRecordChanged } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import { InTurn } from '#libs/platform/in-turn';
import { newToInbox } from '#libs/store/inbox';
import type { NewDelivery } from './delivery.js';
import { keyOf } from './entity-members.js';
import { entryIdOf, type FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import { OccupancyPlanner, type OccupancyPlan } from './occupancy-planner.js';
import { planLines, waitingFor, type LineContext, type PlannedLine } from './plan-lines.js';
import type { Target } from './target.js';

/** A change as it came from the log. */
export interface ChangeMessage {
  /** Id of the event: the inbox key. */
  id: string;
  data: GoldenRecordChanged;
}

/** A delivery and the message that asks for it. */
export interface Wanted {
  messageId: string;
  delivery: NewDelivery;
}

/**
 * Turns a batch of changed golden records into deliveries for one target, in one transaction with the inbox rows that stand
 * for their messages. It never writes to the target: the sender does, so that a slow target holds up no log.
 */
export class ChangePlanner {
  private readonly occupancy: OccupancyPlanner | undefined;
  /** Batches of several partitions share what is read for them. */
  private readonly inTurn = new InTurn<readonly ChangeMessage[], number>(firstOf, (turn) => this.planAll(turn.flat()));

  constructor(private readonly store: FanoutStore, private readonly target: Target) {
    if (target.countsResidents) this.occupancy = new OccupancyPlanner(store, target);
  }

  /** Returns how many deliveries are now due. */
  plan(messages: readonly ChangeMessage[]): Promise<number> {
    return this.inTurn.do(messages);
  }

  private async planAll(messages: readonly ChangeMessage[]): Promise<number> {
    const concerned = await this.concerned(messages);
    if (concerned.length === 0) return 0;
    const counts = await this.counts(concerned);
    const counted = new Set(counts?.wanted.map((w) => w.delivery.cause));
    const wanted = [...(counts?.wanted ?? []), ...(await this.wantedOf(concerned)).filter((w) => !(counted.has(w.delivery.cause) && w.delivery.reasonCode === 'takesNoFields'))];
    const nothingKept = counts === undefined || (counts.doors.size === 0 && counts.residences.length === 0);
    if (wanted.length === 0 && nothingKept) return 0;
    return this.store.unitOfWork.run(async (tx) => {
      if (counts !== undefined) {
        await this.store.occupancy.putDoors(tx, counts.doors);
        await this.store.occupancy.put(tx, this.target.id, counts.residences);
      }
      if (wanted.length === 0) return 0;
      const fresh = await newToInbox(tx, `fanout.${this.target.id}`, wanted.map((w) => w.messageId));
      const added = wanted.filter((w) => fresh.has(w.messageId)).map((w) => w.delivery);
      await this.store.deliveries.add(tx, added);
      return added.filter((d) => d.due).length;
    });
  }

  /**
   * What a bulk load brought goes out only through the first connection. A target that is not live yet, or not approved,
   * answers workers' entries alone: everything else is found as a difference when it is connected. What only a scope may see
   * to have changed is nothing to a target outside it.
   */
  private async concerned(messages: readonly ChangeMessage[]): Promise<ChangeMessage[]> {
    const { target } = this;
    const streaming = messages.filter(({ data }) => !data.initial && (data.scopes ?? []).every((s) => target.scopes.includes(s))
      && (this.answersFor(data.recordType) || (target.countsResidents && data.recordType === 'household')));
    if (streaming.length === 0 || (target.live && (await this.store.connections.approved(target.id)))) return streaming;
    return streaming.filter((m) => m.data.causes.some((cause) => entryIdOf(cause) !== undefined));
  }

  /** Whether a line may come of it: every target answers for persons. */
  private answersFor(recordType: RecordType): boolean {
    return recordType === 'person' || this.target.channels.has(recordType);
  }

  private async counts(messages: readonly ChangeMessage[]): Promise<OccupancyPlan | undefined> {
    if (this.occupancy === undefined) return undefined;
    const approved = this.target.live && (await this.store.connections.approved(this.target.id));
    return this.occupancy.plan(messages, waitingFor(this.target, approved));
  }

  private async wantedOf(concerned: readonly ChangeMessage[]): Promise<Wanted[]> {
    const { channels, ticketKinds } = this.target;
    const takes = ({ data }: ChangeMessage): boolean => this.answersFor(data.recordType)
      && (channels.has(data.recordType) || ticketKinds !== undefined || data.causes.some((c) => entryIdOf(c) !== undefined));
    const kept = await this.withContested(concerned.filter((m) => m.data.kind !== 'merged' && m.data.kind !== 'retired' && takes(m)));
    if (kept.length === 0) return [];
    const contexts = await readContexts(this.store, this.target, kept.map((m) => m.data.entityId));
    return kept.flatMap((m) => {
      const context = contexts.get(m.data.entityId);
      return context === undefined ? [] : this.wantedBy(m, context);
    });
  }

  /** Who takes tickets hears of a contested ID also for the person who had it first, though nothing of that person changed. */
  private async withContested(messages: readonly ChangeMessage[]): Promise<readonly ChangeMessage[]> {
    if (messages.length === 0 || this.target.ticketKinds?.includes('contestedId') !== true) return messages;
    const others = await this.store.entities.contestedWith(messages.map((m) => m.data.entityId));
    if (others.size === 0) return messages;
    return messages.flatMap((m) => [m, ...(others.get(m.data.entityId) ?? []).map((entityId) => ({ id: m.id, data: { ...m.data, entityId, changed: ['citizenId'] } }))]);
  }

  /**
   * A change may name causes that belong to others of the same batch: only this entity's own entries get a line here. What was parted
   * by a record that is now somebody else's has no cause of its own, and is told all the same.
   */
  private wantedBy(message: ChangeMessage, context: LineContext): Wanted[] {
    const { causes, changed, decisionId, entityId, version } = message.data;
    const own = new Map(context.members.records.map((r) => [keyOf(r), r]));
    const entries = causes.flatMap((key) => (entryIdOf(key) === undefined ? [] : own.get(key) ?? []));
    const wanted = (because: string, entry?: AnySourceRecord): Wanted[] => planLines(context, { changed, ...(entry !== undefined && { entry }) })
      .map((line) => ({ messageId: message.id, delivery: this.deliveryOf(line, message.data, because, context) }));
    if (entries.length > 0) return entries.flatMap((entry) => wanted(this.store.causeOf(keyOf(entry)), entry));
    const cause = causes.find((key) => own.has(key)) ?? causes[0];
    return wanted(decisionId ?? (cause === undefined ? `${entityId}@${version}` : this.store.causeOf(cause)));
  }

  private deliveryOf(line: PlannedLine, change: GoldenRecordChanged, cause: string, context: LineContext): NewDelivery {
    const { target } = this;
    return {
      target: target.id, recordType: context.members.recordType,
      targetRef: line.naturalKey === undefined
        ? this.store.ownRef(target.id, context.members.entityId)
        : this.store.refOf({ system: target.id, recordType: context.members.recordType, naturalKey: line.naturalKey }),
      entityId: context.members.entityId, entityVersion: change.version, cause,
      action: line.action, state: line.state, reasonCode: line.reasonCode, reason: line.reason,
      due: line.state === 'waiting' && line.reasonCode === undefined,
      ...(line.tickets !== undefined && { payload: { tickets: line.tickets } }),
    };
  }
}

/** Changes of one transaction, unless a single batch brings more. */
const MOST_CHANGES = 500;

function firstOf(waiting: readonly (readonly ChangeMessage[])[]): readonly (readonly ChangeMessage[])[] {
  let changes = 0;
  const end = waiting.findIndex((messages, i) => (changes += messages.length) > MOST_CHANGES && i > 0);
  return end === -1 ? waiting : waiting.slice(0, end);
}
