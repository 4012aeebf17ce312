import type { AnySourceRecord } from '#libs/model/source-record';
import { echoedFields } from '#libs/survivorship/echoed-fields';
import type { FanoutStore } from './fanout-store.js';

/** Reads in the records that targets send what became of our writes: a field that comes back confirms its delivery. */
export class EchoConfirmer {
  constructor(private readonly store: FanoutStore, private readonly targets: ReadonlySet<string>) {}

  /** Harmless to repeat. Returns how many deliveries are confirmed now. */
  async confirm(records: readonly AnySourceRecord[]): Promise<number> {
    const bySystem = new Map<string, AnySourceRecord[]>();
    for (const record of records) {
      if (!this.targets.has(record.system)) continue;
      bySystem.set(record.system, [...(bySystem.get(record.system) ?? []), record]);
    }
    let confirmed = 0;
    for (const [system, own] of bySystem) confirmed += await this.confirmAt(system, own);
    return confirmed;
  }

  private async confirmAt(system: string, records: readonly AnySourceRecord[]): Promise<number> {
    const refs = records.map((r) => this.store.refOf(r));
    const known = await this.store.projections.load(system, refs);
    if (known.size === 0) return 0;
    const echoed = new Set<string>();
    records.forEach((record, i) => {
      const projection = known.get(refs[i]!.toString('hex'));
      if (projection !== undefined) for (const path of echoedFields(record, projection)) echoed.add(`${refs[i]!.toString('hex')} ${path}`);
    });
    if (echoed.size === 0) return 0;
    return this.store.unitOfWork.run(async (tx) => {
      let confirmed = 0;
      for (const ref of refs) {
        const hex = ref.toString('hex');
        const open = await this.store.deliveries.unconfirmed(tx, system, [ref]);
        const done = open.filter((d) => d.payload?.paths !== undefined && d.payload.paths.every((path) => echoed.has(`${hex} ${path}`)));
        await this.store.deliveries.settle(tx, done.map((d) => ({ id: d.id, state: 'confirmed' as const, attempted: false })));
        confirmed += done.length;
      }
      return confirmed;
    });
  }
}
