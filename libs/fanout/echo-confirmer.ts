import type { AnySourceRecord } from '#libs/model/source-record';
import type { Transaction } from '#libs/store/unit-of-work';
import { echoes } from '#libs/survivorship/echoed-fields';
import type { Delivery } from './delivery.js';
import type { FanoutStore } from './fanout-store.js';
import { ANSWER } from './plan-write.js';

/** An echo may overtake the answer to its own write: such records are looked at again, so many milliseconds later. */
const LOOK_AGAIN_MS = [1000, 5000];
/** At most so many wait for it; beyond that the next export confirms. */
const MOST_EARLY = 10_000;

/** Reads in the records that targets send what became of our writes: a field that comes back confirms its delivery. */
export class EchoConfirmer {
  private readonly timers = new Set<NodeJS.Timeout>();
  private early = 0;

  constructor(private readonly store: FanoutStore, private readonly targets: ReadonlySet<string>) {}

  /** Harmless to repeat. Returns how many deliveries are confirmed now. */
  confirm(records: readonly AnySourceRecord[]): Promise<number> {
    return this.look(records, 0);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private async look(records: readonly AnySourceRecord[], looks: number): Promise<number> {
    const bySystem = new Map<string, AnySourceRecord[]>();
    for (const record of records) {
      if (!this.targets.has(record.system)) continue;
      bySystem.set(record.system, [...(bySystem.get(record.system) ?? []), record]);
    }
    let confirmed = 0;
    const early: AnySourceRecord[] = [];
    for (const [system, own] of bySystem) confirmed += await this.confirmAt(system, own, early);
    this.lookAgain(early, looks);
    return confirmed;
  }

  private async confirmAt(system: string, records: readonly AnySourceRecord[], early: AnySourceRecord[]): Promise<number> {
    const refs = records.map((r) => this.store.refOf(r));
    const known = await this.store.projections.load(system, refs);
    if (known.size === 0) return 0;
    // By record, whether each path came back whole or cut.
    const echoed = new Map<string, Map<string, 'same' | 'cut'>>();
    records.forEach((record, i) => {
      const hex = refs[i]!.toString('hex');
      const projection = known.get(hex);
      if (projection === undefined) return;
      const found = echoes(record, { fields: projection.fields });
      if (found.size > 0) echoed.set(hex, new Map([...(echoed.get(hex) ?? []), ...found]));
      if (projection.pending !== undefined && echoes(record, { fields: projection.pending }).size > 0) early.push(record);
    });
    if (echoed.size === 0) return 0;
    // Most of what is read again repeats what is confirmed already.
    const seen = [...echoed.keys()].map((hex) => Buffer.from(hex, 'hex'));
    if (!(await this.store.deliveries.anyUnconfirmed(system, seen))) return 0;
    return this.store.unitOfWork.run(async (tx) => {
      const open = await this.openOf(tx, system, seen);
      const done = open.flatMap(({ hex, delivery: { id, payload, reasonCode } }) => {
        const paths = echoed.get(hex);
        if (paths === undefined || payload?.paths === undefined || !repeated(payload.paths, paths)) return [];
        return [{ id, state: 'confirmed' as const, attempted: false, reasonCode: payload.paths.some((path) => paths.get(path) === 'cut') ? 'cutThere' : byAnother(reasonCode) }];
      });
      await this.store.deliveries.settle(tx, done);
      return done.length;
    });
  }

  /** Deliveries not yet confirmed, each with the ref (hex) of the target's record that it wrote. */
  private async openOf(tx: Transaction, system: string, refs: readonly Buffer[]): Promise<{ hex: string; delivery: Delivery }[]> {
    const { deliveries } = this.store;
    const known = new Set(refs.map((ref) => ref.toString('hex')));
    const all = await deliveries.unconfirmed(tx, system, refs);
    const open = all.map((delivery) => ({ hex: delivery.targetRef.toString('hex'), delivery })).filter(({ hex }) => known.has(hex));
    if (open.length === all.length) return open;
    // A create is known by our own ref: of these few, each is asked for what made it.
    const direct = new Set(open.map(({ delivery }) => delivery.id));
    for (const hex of await deliveries.created(tx, system, refs)) {
      for (const delivery of await deliveries.unconfirmed(tx, system, [Buffer.from(hex, 'hex')])) if (!direct.has(delivery.id)) open.push({ hex, delivery });
    }
    return open;
  }

  private lookAgain(records: readonly AnySourceRecord[], looks: number): void {
    const wait = LOOK_AGAIN_MS[looks];
    if (records.length === 0 || wait === undefined || this.early + records.length > MOST_EARLY) return;
    this.early += records.length;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.early -= records.length;
      // What cannot be confirmed now is by the next record that the target sends.
      void this.look(records, looks + 1).catch(() => undefined);
    }, wait);
    timer.unref();
    this.timers.add(timer);
  }
}

/** An answer shows in no record, so what was written beside it speaks for both. */
function repeated(written: readonly string[], echoed: ReadonlyMap<string, unknown>): boolean {
  const shown = written.filter((path) => !path.startsWith(ANSWER));
  return shown.length > 0 && shown.every((path) => echoed.has(path));
}

/** What another delivery had written goes on saying so. */
function byAnother(reasonCode: string | undefined): string | undefined {
  return reasonCode === 'alreadyThere' || reasonCode === 'createdOnce' ? reasonCode : undefined;
}
