import type { Intended } from '#libs/connector-sdk/target-channel';
import type { RecordType } from '#libs/kernel/record-key';
import type { DeadLetterRaised } from '#libs/model/events';
import type { NewDeadLetter } from '#libs/store/dead-letter-store';
import type { Delivery } from './delivery.js';
import type { FanoutStore } from './fanout-store.js';
import type { Attempt } from './plan-attempt.js';
import type { ProjectionWrite } from './projection-store.js';
import type { Settlement } from './settle-attempt.js';

/** What one pass of a sender came to. */
export interface Settled {
  settlements: readonly Settlement[];
  /** Writes that the target accepted, with the key of the record there. */
  accepted?: readonly { attempt: Attempt; naturalKey: string }[];
  attempts?: readonly Attempt[];
  /** Deliveries whose late acknowledgement the settlements are: while the target was asked, its export may have confirmed one of them. */
  acknowledged?: readonly Delivery[];
}

/** Keeps what was written to one target: deliveries, projections, minted keys and dead letters, in one transaction. */
export class DeliveryLedger {
  constructor(private readonly store: FanoutStore, private readonly target: string) {}

  /** Before a write: its echo may be back before its answer. Records to be created have no key yet to know an echo by. */
  async intend(attempts: readonly Attempt[]): Promise<void> {
    const known = attempts.filter((a) => a.item.naturalKey !== undefined && a.item.rows === undefined);
    if (known.length === 0) return;
    await this.store.projections.intend(this.target, known.map((attempt) => {
      const { fields } = attempt.projection;
      const pending = Object.fromEntries(Object.keys(attempt.fields).flatMap((path) => (fields[path] === undefined ? [] : [[path, fields[path]]])));
      return this.write(attempt, attempt.item.naturalKey!, { fields: attempt.before.fields, pending });
    }));
  }

  /** Before a channel makes writes final that it could not know again after a kill. */
  async note(attempts: readonly Attempt[], intended: ReadonlyMap<string, Intended>): Promise<void> {
    const noted = attempts.flatMap(({ delivery, item }) => {
      const now = intended.get(item.ref);
      if (now === undefined) return [];
      delivery.payload = { ...delivery.payload, intended: now };
      return [{ id: delivery.id, payload: delivery.payload }];
    });
    await this.store.unitOfWork.run((tx) => this.store.deliveries.keep(tx, noted));
  }

  /** Returns the dead letters that are new, to be told. */
  async commit({ settlements: all, accepted = [], attempts = [], acknowledged = [] }: Settled): Promise<DeadLetterRaised[]> {
    const { store, target } = this;
    const byId = new Map(attempts.map((a) => [a.delivery.id, a]));
    const later = new Map(acknowledged.map((d) => [d.id, d]));
    return store.unitOfWork.run(async (tx) => {
      const waits = later.size === 0 ? undefined : await store.deliveries.still(tx, 'written', all.map((s) => s.id));
      const settlements = waits === undefined ? all : all.filter((s) => waits.has(s.id));
      const dead = settlements.filter((s) => s.dead !== undefined);
      await store.deliveries.settle(tx, settlements);
      for (const { attempt } of accepted) if (attempt.replaces !== undefined) await store.projections.drop(tx, target, attempt.delivery.targetRef);
      await store.projections.save(tx, target, accepted.map(({ attempt, naturalKey }) => this.write(attempt, naturalKey, attempt.projection)));
      for (const { attempt, naturalKey } of accepted) {
        if (attempt.item.naturalKey === undefined) {
          await store.projections.saveMinted(tx, target, attempt.item.ref, { entityId: attempt.entityId, naturalKey, targetRef: this.ref(attempt.item.recordType, naturalKey) });
        }
      }
      // What was refused is not there: a replay must find it lacking, and the target's own later word is no echo of it.
      await store.projections.forget(tx, target, [
        ...dead.flatMap((s) => byId.get(s.id) ?? []).map((a) => ({ targetRef: a.delivery.targetRef, paths: [] })),
        ...dead.flatMap((s) => later.get(s.id) ?? []).map((d) => ({ targetRef: d.payload?.key === undefined ? d.targetRef : this.ref(d.recordType, d.payload.key), paths: d.payload?.paths ?? [] })),
      ]);
      const letters = dead.map((s) => this.letterOf(s, byId.get(s.id), later.get(s.id)));
      const added = await store.deadLetters.add(tx, letters);
      return letters.flatMap(({ system, recordType, code, stage }, i) => (added[i] === undefined ? [] : [{ id: added[i], system, recordType, code, stage }]));
    });
  }

  private letterOf(s: Settlement, attempt: Attempt | undefined, delivery: Delivery | undefined): NewDeadLetter {
    const naturalKey = attempt?.item.naturalKey ?? delivery?.payload?.key;
    return {
      system: this.target, recordType: attempt?.item.recordType ?? delivery?.recordType ?? 'person', ...(naturalKey !== undefined && { naturalKey }),
      code: s.dead!.code, stage: 'sending', reason: s.dead!.reason,
      origin: { source: `delivery:${s.id}`, position: s.dead!.attempt }, bytes: Buffer.from(JSON.stringify(attempt?.item.rows ?? s.payload?.columns ?? {})),
    };
  }

  private write(attempt: Attempt, naturalKey: string, projection: ProjectionWrite['projection']): ProjectionWrite {
    const { recordType } = attempt.item;
    return { targetRef: this.ref(recordType, naturalKey), recordType, entityId: attempt.entityId, naturalKey, projection, deliveryId: attempt.delivery.id };
  }

  private ref(recordType: RecordType, naturalKey: string): Buffer {
    return this.store.refOf({ system: this.target, recordType, naturalKey });
  }
}
