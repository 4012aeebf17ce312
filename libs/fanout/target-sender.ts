import type { ItemAnswer, TargetChannel } from '#libs/connector-sdk/target-channel';
import { YiciError } from '#libs/kernel/errors';
import type { DeadLetterRaised, TargetKeyMinted } from '#libs/model/events';
import type { AnySourceRecord } from '#libs/model/source-record';
import type { Logger } from '#libs/platform/logger';
import { Circuit } from './circuit.js';
import type { Delivery } from './delivery.js';
import { dueDeliveries } from './due-deliveries.js';
import { DeliveryLedger, type Settled } from './delivery-ledger.js';
import type { FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import { oneARecord } from './one-a-record.js';
import { planAttempt, type Attempt, type ReadBack } from './plan-attempt.js';
import { mintedRecord, settle, settleLater, settleUnanswered, withdrawnRecord, type Settlement } from './settle-attempt.js';
import { Suspects } from './suspects.js';
import type { Target } from './target.js';

/** What fan-out tells the rest of the hub. Resolves when it is durable. */
export interface FanoutNews {
  minted(events: readonly TargetKeyMinted[]): Promise<void>;
  /** A target's record was read back in a conflict, or is there no more: it goes the way of every accepted record. */
  readBack(records: readonly AnySourceRecord[]): Promise<void>;
  /** Deliveries that ended as dead letters. */
  deadLetters(raised: readonly DeadLetterRaised[]): Promise<void>;
}

/** Writes asked about at once. */
const MOST_ASKED = 500;

/** Writes what is due to one target, in order per target record. One pass of work; {@link SenderLoop} repeats it. */
export class TargetSender {
  private readonly circuit: Circuit;
  private readonly ledger: DeliveryLedger;
  private readonly suspects = new Suspects();
  /** Where the next question about acknowledgements begins. */
  private askedUpTo = '';
  /** Of deliveries that met a conflict, until they are settled otherwise. */
  private readonly readBacks = new Map<string, ReadBack>();

  constructor(
    readonly target: Target,
    private readonly channel: TargetChannel,
    private readonly store: FanoutStore,
    private readonly news: FanoutNews,
    private readonly logger: Logger,
    private readonly random: () => number = Math.random,
  ) {
    this.circuit = new Circuit(store.clock);
    this.ledger = new DeliveryLedger(store, target.id);
  }

  /** Milliseconds until the target may be asked again. */
  pauseMs(): number {
    return this.circuit.waitMs();
  }

  /** Attempts what is due; returns how many deliveries it touched, 0 when nothing was due. */
  async sendDue(signal: AbortSignal): Promise<number> {
    if (this.circuit.waitMs() > 0) return 0;
    const due = await this.due();
    if (due.length === 0) return 0;
    const contexts = await readContexts(this.store, this.target, due.map((d) => d.entityId));
    const planned: Attempt[] = [];
    const settlements: Settlement[] = [];
    for (const delivery of due) {
      const attempt = planAttempt(this.store, delivery, contexts.get(delivery.entityId), this.readBacks.get(delivery.id));
      if ('item' in attempt) planned.push(attempt);
      else settlements.push(attempt);
    }
    const created = planned.filter((a) => a.item.naturalKey === undefined).map((a) => a.entityId);
    const first = created.length === 0 ? new Map<string, never>() : await this.store.deliveries.firstCreates(this.target.id, created);
    const { go: attempts, wait } = oneARecord(planned, first, this.store.clock.now());
    settlements.push(...wait);
    if (attempts.length === 0) {
      await this.commit({ settlements });
      return due.length;
    }
    const answers = await this.write(attempts, signal);
    await this.finish(attempts, answers, settlements, signal);
    return due.length;
  }

  private async due(): Promise<readonly Delivery[]> {
    const { deliveries } = this.store;
    const limit = Math.min(this.suspects.limit, this.channel.maxItems);
    const passedOver = this.suspects.passedOver();
    const others = await deliveries.due(this.target.id, limit, passedOver);
    return this.suspects.together(others.length > 0 || passedOver.length === 0 ? others : await deliveries.due(this.target.id, limit));
  }

  /** Asks what became of writes that the target acknowledges later; returns how many of them are settled now. */
  async lookForAcknowledged(signal: AbortSignal): Promise<number> {
    if (this.channel.acknowledged === undefined) return 0;
    const open = await this.store.deliveries.unacknowledged(this.target.id, this.askedUpTo, MOST_ASKED);
    // What nobody takes for long must not keep what lies behind it from being asked about.
    this.askedUpTo = open.length < MOST_ASKED ? '' : open.at(-1)!.id;
    const tokens = [...new Set(open.flatMap((d) => d.payload?.token ?? []))];
    if (tokens.length === 0) return 0;
    const answers = await this.channel.acknowledged(tokens, signal);
    const settled = open.flatMap((delivery): Settlement[] => {
      const answer = answers.get(delivery.payload?.token ?? '');
      return answer === undefined ? [] : [settleLater(delivery, answer)];
    });
    if (settled.length > 0) await this.commit({ settlements: settled, acknowledged: open });
    return settled.length;
  }

  private async write(attempts: readonly Attempt[], signal: AbortSignal): Promise<ItemAnswer[] | undefined> {
    await this.ledger.intend(attempts);
    try {
      const answers = await this.channel.write(attempts.map((a) => a.item), signal, (intended) => this.ledger.note(attempts, intended));
      this.circuit.succeeded();
      this.suspects.succeeded(attempts.map((a) => a.delivery));
      return answers;
    } catch (error) {
      this.circuit.failed();
      const fields = { target: this.target.id, waiting: attempts.length, pauseMs: this.circuit.waitMs() };
      // A target that said it is gone for good needs a person; one that is away comes back by itself.
      if (error instanceof YiciError && !error.retriable) this.logger.error('fanout.targetDisabled', fields, error);
      else this.logger.warn('fanout.targetUnreachable', fields, error);
      return undefined;
    }
  }

  private async finish(attempts: readonly Attempt[], answers: readonly ItemAnswer[] | undefined, settlements: Settlement[], signal: AbortSignal): Promise<void> {
    const now = this.store.clock.now();
    if (answers === undefined) return this.commit({ settlements: [...settlements, ...this.unanswered(attempts, now)], attempts });
    const accepted: { attempt: Attempt; naturalKey: string }[] = [];
    const minted: TargetKeyMinted[] = [];
    const replaced: AnySourceRecord[] = [];
    for (const [i, attempt] of attempts.entries()) {
      const answer: ItemAnswer = answers[i] ?? { outcome: 'failed', detail: 'no answer for this item' };
      settlements.push(settle(attempt, answer, now, this.random()));
      if (answer.outcome !== 'accepted') continue;
      const naturalKey = attempt.item.naturalKey ?? answer.naturalKey;
      if (naturalKey === undefined) continue;
      accepted.push({ attempt, naturalKey });
      if (attempt.item.naturalKey === undefined) minted.push(mintedRecord(attempt, naturalKey, now));
      if (attempt.replaces !== undefined && attempt.replaces.naturalKey !== naturalKey) replaced.push(withdrawnRecord(attempt.replaces, attempt.delivery.id, now));
    }
    for (const [i, attempt] of attempts.entries()) if (answers[i]?.outcome !== 'conflict') this.readBacks.delete(attempt.delivery.id);
    await this.readConflicts(attempts, answers, signal);
    // Told before the commit: after a crash in between, the repeated create gives the same key, and it is told again.
    if (minted.length > 0) await this.news.minted(minted);
    if (replaced.length > 0) await this.news.readBack(replaced);
    await this.commit({ settlements, accepted, attempts });
    await this.planAgain(accepted.map(({ attempt }) => attempt));
  }

  /**
   * A change that came while a write was under way was planned against what was there before it, and may have found nothing to do
   * that is to be done now.
   */
  private async planAgain(written: readonly Attempt[]): Promise<void> {
    const { store, target } = this;
    const versions = await store.entities.versions(written.map((a) => a.entityId));
    const changed = written.filter((a) => versions.get(a.entityId) !== a.version).map((a) => a.entityId);
    if (changed.length === 0) return;
    const due = [...(await readContexts(store, target, changed)).values()].flatMap((context) => dueDeliveries(store, context, `${context.members.entityId}@${context.members.version}`));
    if (due.length === 0) return;
    const waiting = await store.deliveries.dueFor(target.id, due.map((d) => d.delivery.targetRef));
    await store.unitOfWork.run((tx) => store.deliveries.add(tx, due.map((d) => d.delivery).filter((d) => !waiting.has(d.targetRef.toString('hex')))));
  }

  /** The target is away, which says little about any one delivery, unless it answered others meanwhile. */
  private unanswered(attempts: readonly Attempt[], now: number): Settlement[] {
    const own = this.suspects.failed(attempts.map((a) => a.delivery));
    return attempts.map((attempt) => settleUnanswered(attempt, own, attempts.length === 1, this.circuit.waitMs(), now, this.random()));
  }

  private async readConflicts(attempts: readonly Attempt[], answers: readonly ItemAnswer[], signal: AbortSignal): Promise<void> {
    if (this.channel.readBack === undefined) return;
    const records: AnySourceRecord[] = [];
    for (const [i, attempt] of attempts.entries()) {
      if (answers[i]?.outcome !== 'conflict' || attempt.item.naturalKey === undefined) continue;
      try {
        const record = await this.channel.readBack(attempt.item.naturalKey, signal);
        if (record === undefined) continue;
        records.push(record);
        this.readBacks.set(attempt.delivery.id, { order: record.order, ...(record.sourceTime !== undefined && { sourceTime: record.sourceTime }) });
      } catch (error) {
        this.logger.warn('fanout.readBackFailed', { target: this.target.id, delivery: attempt.delivery.id }, error);
      }
    }
    if (records.length > 0) await this.news.readBack(records);
  }

  /** The letters stand in the store; whoever watches the topic hears of them sooner. */
  private async commit(settled: Settled): Promise<void> {
    const raised = await this.ledger.commit(settled);
    this.suspects.ended(settled.settlements.filter((s) => s.state !== 'waiting').map((s) => s.id));
    for (const { id, code } of raised) this.logger.warn('fanout.deadLetter', { target: this.target.id, letter: id, code });
    if (raised.length > 0) await this.news.deadLetters(raised).catch((error: unknown) => this.logger.warn('fanout.deadLettersNotTold', { letters: raised.length }, error));
  }
}
